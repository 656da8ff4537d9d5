// EventStore on PostgreSQL. Thread-safe; the executor must outlive it.
#pragma once

#include "storage/event_store.hpp"
#include "storage/postgres/db_executor.hpp"

namespace relay::storage::postgres {

class PgEventStore final : public EventStore {
public:
    explicit PgEventStore(DbExecutor& db);

    /// `at` and a zero event_id are given by the database's clock.
    Awaitable<Result<void>> record_refusal(protocol::DeliveryEvent event) override;
    Awaitable<Result<EventPage>> list_events(EventQuery query) override;
    Awaitable<Result<std::optional<AuditBundle>>> find_audit_bundle(BundleId bundle_id) override;

private:
    DbExecutor& db_;
};

} // namespace relay::storage::postgres
