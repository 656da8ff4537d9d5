// The delivery log as it is read and indexed: auditors' queries and refusal events.
#pragma once

#include "protocol/delivery_event.hpp"
#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"
#include "storage/awaitable.hpp"
#include "storage/bundle_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace relay::storage {

/// Where a page of the log ended. Events get their index while somebody reads on; one that was shown without it must
/// not be shown again with it, and one that was not yet committed must not be passed over.
struct EventPlace {
    std::int64_t index = -1; ///< the last one shown that had one
    /// Of those shown without: the position of the last one; by PostgreSQL's snapshot they were what was committed
    /// before transaction `seen_until`, but for the `running` ones. All zero until a page ends among them.
    std::int64_t position = 0, seen_until = 0;
    std::vector<std::int64_t> running;
    friend bool operator==(const EventPlace&, const EventPlace&) = default;
};

struct EventQuery {
    std::optional<OfficeNumber> office; ///< sender, recipient or subject
    std::optional<BundleId> bundle_id;
    std::optional<protocol::EventType> type;
    std::optional<std::string> user_id; ///< actor or subject
    std::optional<Time> from, to;       ///< of `at`, [from, to)
    EventPlace after;
    int limit = 100;
};

struct EventRow {
    std::optional<std::int64_t> index; ///< place in the log; absent while it has none
    std::int64_t position = 0;         ///< order of insertion
    std::string leaf;                  ///< canonical JSON
};

struct EventPage {
    /// At most the limit; fewer, or none, where much of the log holds nothing that is meant.
    std::vector<EventRow> events;
    std::optional<EventPlace> next; ///< nothing: this is the last page
};

/// What auditors see of a bundle: no names of files, no payload, no cover.
struct AuditFile {
    std::int64_t size = 0;
    Digest sha256; ///< of the plain file
};
struct AuditBundle {
    BundleId bundle_id;
    BundleState state = BundleState::waiting;
    OfficeNumber sender, recipient;
    Time created_at, accepted_at;
    Digest manifest_sha256;
    std::int64_t payload_size = 0, chunk_size = 0;
    std::vector<AuditFile> files;
    std::vector<Digest> chunk_digests;
};

class EventStore {
public:
    virtual ~EventStore() = default;

    /// A bundle_refused event, unless one with the same user, code and bundle_id is less than 60 s old.
    [[nodiscard]] virtual Awaitable<Result<void>> record_refusal(protocol::DeliveryEvent event) = 0;
    /// In the order of the index; events without one stand at the end. Through the auditors' database role.
    [[nodiscard]] virtual Awaitable<Result<EventPage>> list_events(EventQuery query) = 0;
    /// Nothing when it is unknown or was not accepted (yet). Through the auditors' database role.
    [[nodiscard]] virtual Awaitable<Result<std::optional<AuditBundle>>> find_audit_bundle(BundleId bundle_id) = 0;
};

} // namespace relay::storage
