// One chunk on its way in: hashed as it streams by, stored under a fresh key, published when it is the last.
#pragma once

#include "server/mailbox/sending.hpp"

#include <memory>

namespace relay::server::mailbox {

struct ChunkPlan {
    Party party;
    storage::BundleRecord bundle;
    int n = 0;
    std::int64_t size = 0;
    protocol::Digest sha256;
    bool in_database = false; ///< small payloads; else an object
};

[[nodiscard]] std::unique_ptr<ChunkUpload> chunk_already_there();
/// Announces the object before its first byte. Error: unavailable.
[[nodiscard]] Awaitable<Result<std::unique_ptr<ChunkUpload>>> open_chunk(const Sending::Parts& parts, ChunkPlan plan);

} // namespace relay::server::mailbox
