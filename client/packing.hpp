// From files on disk to a bundle that can be sent: archive, encryption, chunk digests, signed manifest.
#pragma once

#include "client/crypto/certificates.hpp"
#include "client/directory.hpp"
#include "client/failure.hpp"
#include "client/files.hpp"
#include "client/session.hpp"
#include "protocol/manifest.hpp"

#include <string>
#include <vector>

namespace relay::client {

struct PackedBundle {
    protocol::Manifest manifest;
    protocol::Bytes signed_manifest;
    fs::path payload;
};

/// Makes the bundle; the payload stands in `folder` under the bundle's ID. `message`: the cover letter, may be empty.
[[nodiscard]] Outcome<PackedBundle> pack(
    const std::vector<fs::path>& files,
    const std::string& message,
    const protocol::OfficeNumber& sender,
    const Recipient& recipient,
    const Identity& identity,
    const Limits& limits,
    const fs::path& folder
);

/// The chunk size for a payload of that size: one chunk where it may be one, never more than 900.
[[nodiscard]] std::int64_t choose_chunk_size(std::int64_t payload_size, std::int64_t most);

} // namespace relay::client
