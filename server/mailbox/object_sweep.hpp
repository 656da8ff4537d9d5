// Compares the payload store with the database, page by page: objects without a row, and rows without an object. Used
// by the janitor, which only tells, and by `relayctl objects sweep`.
#pragma once

#include "server/mailbox/party.hpp"
#include "storage/object_index.hpp"
#include "storage/payload_store.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace relay::server::mailbox {

struct SweepReport {
    static constexpr std::size_t most_listed = 1000;

    std::int64_t objects = 0;             ///< in the store
    std::int64_t rows = 0;                ///< chunks that the database says are there
    std::int64_t orphaned_objects = 0;    ///< no row of either kind, and old enough
    std::int64_t young_objects = 0;       ///< no row, but younger: left alone
    std::int64_t removed = 0;             ///< of orphaned_objects
    std::int64_t rows_without_object = 0; ///< payloads that are lost; never dropped
    std::vector<std::string> orphans;     ///< the first of them
    std::vector<storage::ObjectRow> lost; ///< the first of them
};

struct SweepWishes {
    bool remove = false;                                   ///< the orphaned objects
    protocol::Duration least_age = std::chrono::hours(48); ///< of an object that may be called an orphan
};

/// One pass. Safe beside running servers: what moves meanwhile is asked for again before it is judged.
class ObjectSweep final {
public:
    ObjectSweep(storage::PayloadStore& payloads, storage::ObjectIndex& index, Clock clock, SweepWishes wishes)
        : payloads_(payloads),
          index_(index),
          clock_(std::move(clock)),
          wishes_(wishes) {}

    /// Looks at one page of the store or of the rows. True when that was the last. Error: unavailable, internal; the
    /// same page may be tried again.
    [[nodiscard]] Awaitable<protocol::Result<bool>> step();
    [[nodiscard]] const SweepReport& report() const noexcept { return report_; }

private:
    [[nodiscard]] Awaitable<protocol::Result<void>> look_at_objects();
    [[nodiscard]] Awaitable<protocol::Result<void>> judge_unknown(std::vector<std::string> keys);
    [[nodiscard]] Awaitable<protocol::Result<bool>> look_at_rows();
    [[nodiscard]] Awaitable<protocol::Result<std::vector<std::string>>>
    keys_not_listed(const std::vector<storage::ObjectRow>& rows);
    [[nodiscard]] Awaitable<protocol::Result<void>> judge_missing(std::vector<std::string> keys);

    storage::PayloadStore& payloads_;
    storage::ObjectIndex& index_;
    Clock clock_;
    SweepWishes wishes_;
    SweepReport report_;
    bool objects_done_ = false;
    std::string after_; ///< the last key of the page before
};

} // namespace relay::server::mailbox
