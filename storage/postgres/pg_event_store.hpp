// EventStore on PostgreSQL. Thread-safe; the executor must outlive it.
#pragma once

#include "storage/event_store.hpp"
#include "storage/postgres/db_executor.hpp"

#include <chrono>
#include <cstdint>

namespace relay::storage::postgres {

class PgEventStore final : public EventStore {
public:
    /// How much of the log one page may look through.
    struct Limits {
        std::int64_t window = 100'000;             ///< indexes, in one statement
        std::chrono::milliseconds page_time{2000}; ///< no further statement begins after it
    };
    explicit PgEventStore(DbExecutor& db) : PgEventStore(db, Limits()) {}
    PgEventStore(DbExecutor& db, Limits limits);

    /// `at` and a zero event_id are given by the database's clock.
    Awaitable<Result<void>> record_refusal(protocol::DeliveryEvent event) override;
    Awaitable<Result<EventPage>> list_events(EventQuery query) override;
    Awaitable<Result<std::optional<AuditBundle>>> find_audit_bundle(BundleId bundle_id) override;

private:
    DbExecutor& db_;
    Limits limits_;
};

} // namespace relay::storage::postgres
