// Receiving (protocol.md §6, §7): the claim, the chunks read under it, and the receipt that ends it.
#pragma once

#include "protocol/cms/verifier.hpp"
#include "protocol/error.hpp"
#include "server/mailbox/chunk_download.hpp"
#include "server/mailbox/coverage.hpp"
#include "server/mailbox/directory.hpp"
#include "server/mailbox/party.hpp"
#include "storage/bundle_store.hpp"
#include "storage/payload_store.hpp"

#include <memory>
#include <optional>

namespace relay::server::mailbox {

struct ReceivingSettings {
    std::int64_t inline_payload = 262144;
    protocol::Duration partial_lapse = std::chrono::minutes(15);
    protocol::Duration sent_lapse = std::chrono::hours(24);
};

struct Claimed {
    protocol::ClaimId claim_id;
    protocol::Time expires_at;
    storage::BundleRecord bundle; ///< with signed_manifest
    std::optional<protocol::Bytes> payload;
};

/// Thread-safe, like Sending.
class Receiving {
public:
    struct Parts {
        storage::BundleStore& bundles;
        storage::PayloadStore& payloads;
        Directory& directory;
        Coverage& coverage;
        protocol::cms::Verifier& verifier;
        Clock clock;
        PayloadFaults on_fault;
    };
    Receiving(Parts parts, ReceivingSettings settings);

    /// Errors: those of protocol::judge_claim, unavailable, internal.
    [[nodiscard]] Awaitable<protocol::Result<Claimed>>
    claim(Party party, protocol::BundleId bundle_id, protocol::ClaimId claim_id, bool with_payload);
    /// The whole inline payload of a claim was written to its connection.
    void payload_sent(const Party& party, const storage::BundleRecord& bundle, protocol::ClaimId claim_id);
    /// A call under the claim has begun, or still lasts; cheap, to be told now and then. A claim that ended meanwhile
    /// is no error. Errors: unavailable, internal.
    [[nodiscard]] Awaitable<protocol::Result<void>>
    keep_alive(Party party, protocol::BundleId bundle_id, protocol::ClaimId claim_id);
    /// Errors: not_found, not_claimed, unavailable.
    [[nodiscard]] Awaitable<protocol::Result<std::unique_ptr<ChunkDownload>>>
    open_chunk(Party party, protocol::BundleId bundle_id, int n, protocol::ClaimId claim_id);
    /// Signature, form, then protocol::judge_receipt. Waits up to 2 s for what other connections have just sent.
    [[nodiscard]] Awaitable<protocol::Result<storage::BundleRecord>>
    receive_receipt(Party party, protocol::BundleId bundle_id, protocol::Bytes signed_receipt);

private:
    Parts parts_;
    ReceivingSettings settings_;
};

} // namespace relay::server::mailbox
