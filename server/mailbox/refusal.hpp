// bundle_refused: which refusals are events, and what they may tell (protocol.md §9).
#pragma once

#include "protocol/error.hpp"
#include "server/mailbox/party.hpp"
#include "storage/event_store.hpp"

#include <optional>

namespace relay::server::mailbox {

/// What of a refused upload may stand in its event.
struct RefusedFacts {
    std::optional<protocol::BundleId> bundle_id;
    std::optional<protocol::OfficeNumber> sender, recipient; ///< only where the signature was good
    std::optional<protocol::Digest> manifest_sha256;         ///< likewise
};

/// Stages 3 to 7 and a payload whose refusal drops the upload; not 400, 401, 413, and no fault of ours.
[[nodiscard]] bool is_refusal(const protocol::Error& error) noexcept;

/// The event of a refusal.
[[nodiscard]] protocol::DeliveryEvent
make_refusal(const Party& party, protocol::ErrorCode code, RefusedFacts facts, protocol::Time now);

/// Writes the event. A failure to write it is logged and does not change the answer: nothing was kept of the upload.
[[nodiscard]] Awaitable<void> record_refusal(
    storage::EventStore& events, Party party, protocol::ErrorCode code, RefusedFacts facts, protocol::Time now
);

} // namespace relay::server::mailbox
