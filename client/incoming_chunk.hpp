// One chunk on its way to the disk: hashed as it comes, and gone on with where a broken line left it (RFC 9110 §14.2).
#pragma once

#include "client/failure.hpp"
#include "client/files.hpp"
#include "client/http_client.hpp"
#include "client/progress.hpp"
#include "protocol/digest.hpp"

#include <functional>
#include <optional>
#include <string>

namespace relay::client {

struct ChunkPlace {
    std::uint64_t offset = 0; ///< in the payload's file
    std::uint64_t size = 0;
    protocol::Digest sha256;
};

class IncomingChunk {
public:
    using Send = std::function<Outcome<Response>(Request)>;

    /// `file`: nothing when the bytes are only to be read.
    IncomingChunk(const ChunkPlace& place, File* file, Progress& progress)
        : place_(place),
          file_(file),
          progress_(progress) {}

    /// Asks until every byte is there and the digest is right. content_failure when it is wrong again and again.
    [[nodiscard]] Outcome<void> fetch(const Send& send, const Request& request);

private:
    [[nodiscard]] Outcome<void> fetch_rest(const Send& send, Request request);
    [[nodiscard]] bool take(const Response& response, protocol::BytesView bytes);
    void begin_anew();

    ChunkPlace place_;
    File* file_;
    Progress& progress_;
    protocol::Sha256 sha256_;
    std::uint64_t have_ = 0;
    bool first_piece_ = true; ///< of this answer
    std::string etag_;
    std::optional<Failure> local_; ///< the disk's
};

} // namespace relay::client
