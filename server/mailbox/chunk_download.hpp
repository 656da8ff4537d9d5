// One chunk, or a part of it, on its way out: read piece by piece, and hashed whole, so that bytes that are no longer
// those of the manifest are never ended as if they were good (protocol.md §6).
#pragma once

#include "protocol/digest.hpp"
#include "server/mailbox/coverage.hpp"
#include "server/mailbox/party.hpp"
#include "storage/bundle_store.hpp"
#include "storage/payload_store.hpp"

#include <functional>
#include <memory>

namespace relay::server::mailbox {

/// Told when the store has lost or damaged what it once took: "missing" or "damaged".
using PayloadFaults = std::function<void(const char* kind)>;

/// Used on its connection's io_context only.
class ChunkDownload final {
public:
    struct Parts {
        storage::PayloadStore& payloads;
        Coverage& coverage;
        Clock clock;
        PayloadFaults on_fault;
    };
    ChunkDownload(
        Parts parts,
        Party party,
        protocol::BundleId bundle_id,
        int n,
        protocol::ClaimId claim_id,
        storage::ChunkSource source
    );

    [[nodiscard]] const storage::ChunkSource& source() const noexcept { return source_; }
    /// Bytes [first, last] are wanted. Reads up to the first of them, so that a missing object is known before the
    /// answer begins. Errors: internal (missing or damaged; logged and counted), unavailable.
    [[nodiscard]] Awaitable<protocol::Result<void>> begin(std::int64_t first, std::int64_t last);
    /// The next piece of the part, empty at its end; valid until the next call. The last one is given only when the
    /// whole chunk has the digest of its manifest. Errors: as begin().
    [[nodiscard]] Awaitable<protocol::Result<protocol::BytesView>> next();
    /// Bytes [from, to) of the chunk were written to the connection.
    void sent(std::int64_t from, std::int64_t to);

private:
    [[nodiscard]] Awaitable<protocol::Result<void>> pull();
    [[nodiscard]] Awaitable<protocol::Result<void>> verify_rest();
    [[nodiscard]] protocol::Error fault(const char* kind, const std::string& cause) const;

    Parts parts_;
    Party party_;
    protocol::BundleId bundle_id_;
    int n_;
    protocol::ClaimId claim_id_;
    storage::ChunkSource source_;

    std::unique_ptr<storage::ObjectReader> reader_; ///< nothing: the bytes are here
    protocol::Sha256 sha256_;
    std::int64_t first_ = 0;
    std::int64_t last_ = -1;
    std::int64_t pulled_ = 0;   ///< bytes of the chunk that were read and hashed
    protocol::BytesView piece_; ///< the last of them
    protocol::Bytes held_;      ///< the part's end, while what comes behind it is read
    bool given_ = true;         ///< piece_ needs no giving any more
};

} // namespace relay::server::mailbox
