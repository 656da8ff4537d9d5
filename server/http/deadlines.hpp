// How long a peer may take (protocol.md §2 "Deadlines"). Tests shorten them.
#pragma once

#include "protocol/time.hpp"

#include <chrono>
#include <cstdint>

namespace relay::server::http {

struct Deadlines {
    using Duration = protocol::Duration;
    Duration handshake = std::chrono::seconds(10);
    Duration header = std::chrono::seconds(15);     ///< from its first byte, or from the end of the handshake
    Duration body_piece = std::chrono::seconds(30); ///< between two pieces
    Duration body_begin = std::chrono::seconds(60); ///< a whole body: this long, and its size at…
    std::int64_t body_bytes_per_second = 4096;      ///< …this pace
    Duration idle = std::chrono::seconds(75);       ///< between requests
    Duration write = std::chrono::seconds(30);      ///< without any progress
    Duration linger = std::chrono::seconds(2);      ///< reading and discarding before the end (RFC 9112 §9.6)
};

} // namespace relay::server::http
