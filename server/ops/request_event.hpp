// The one access line of each request. Facts only: no path, no certificate, no body.
#pragma once

#include "protocol/error.hpp"
#include "protocol/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relay::server::ops {

struct RequestEvent {
    protocol::RequestId id;
    std::chrono::steady_clock::time_point began;
    std::string_view method; ///< as received, a token
    std::string_view route;  ///< the pattern, never the path; empty: none matched
    int status = 0;          ///< 0: the connection broke before an answer
    std::int64_t bytes_in = 0;
    std::int64_t bytes_out = 0;
    std::optional<protocol::ErrorCode> error_code;
    std::string cause;
    std::string_view user_id; ///< empty before sign-in
    bool whole = true;        ///< the whole answer was written
};

/// Level error for `internal`, else info.
void log_request(const RequestEvent& event, std::chrono::steady_clock::time_point now);

} // namespace relay::server::ops
