// A CMS AuthEnvelopedData taken apart without reading its encrypted content into memory, which OpenSSL's own reader
// would do: a small structure without the content, and where the content's pieces stand in the file.
#pragma once

#include "client/failure.hpp"
#include "client/files.hpp"
#include "protocol/bytes.hpp"

#include <cstdint>
#include <vector>

namespace relay::client {

struct Segment {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

struct EnvelopeParts {
    protocol::Bytes structure;     ///< ContentInfo with the same members, the encrypted content left out
    std::vector<Segment> segments; ///< the encrypted content, in order
};

/// DER or BER (RFC 5083 §2.1). content_failure when the file is not that, or its head is larger than 64 KiB.
[[nodiscard]] Outcome<EnvelopeParts> read_envelope_parts(File& file);

} // namespace relay::client
