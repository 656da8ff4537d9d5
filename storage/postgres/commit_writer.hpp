// One thread that writes commit groups over a connection of its own: whatever queued while the last commit ran goes
// into the next one. All items of a bundle go to the same writer of a process.
#pragma once

#include "storage/postgres/commit_item.hpp"
#include "storage/postgres/db_executor.hpp"
#include "storage/postgres/pg_options.hpp"
#include "storage/postgres/pipeline_connection.hpp"
#include "storage/postgres/recent_refusal.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace relay::storage::postgres {

class CommitWriter final {
public:
    struct Limits {
        std::size_t queued_items = 4096;
        std::size_t queued_bytes = 64U << 20U;
        std::size_t group_items = 256;
        std::size_t group_bytes = 16U << 20U;
        std::size_t mixed_items = 8;                     ///< fewer than that share a commit, whatever they are
        std::chrono::milliseconds item_deadline{10'000}; ///< no new attempt begins later
        std::chrono::milliseconds answer_limit{12'000};  ///< then a group is cancelled
    };

    /// `url` as complete_url makes it. Connects on first use. `observer` is told of every group as "commit_group".
    CommitWriter(std::string url, const PgOptions& options, const Limits& limits, JobObserver observer);
    /// As stop().
    ~CommitWriter();
    CommitWriter(const CommitWriter&) = delete;
    CommitWriter& operator=(const CommitWriter&) = delete;

    /// Any thread. Full or stopped: completes at once as `unavailable`.
    void submit(std::unique_ptr<CommitItem> item);
    [[nodiscard]] std::size_t queued() const;
    /// Ends the thread after the group it is at; what is still queued completes as unavailable.
    void stop();

private:
    using Clock = std::chrono::steady_clock;

    /// What has happened to a group so far.
    struct Attempts {
        bool doubtful = false;     ///< an earlier run of it may have been committed
        Clock::time_point give_up; ///< no attempt begins later
        int conflicts = 0, losses = 0;
        bool alone = false; ///< one of its items breaks the group: each must be tried on its own
    };

    void work();
    CommitItems take_group();
    void carry_out(CommitItems items, bool doubtful);
    bool attempt(CommitItems& items, Attempts& attempts);
    void note_loss(const PipelineRun& run, Attempts& attempts);
    void conclude_group(CommitItems& items, const PipelineRun& run);
    bool connect(const Attempts& attempts);
    void put_back(CommitItems items);
    bool pause(std::chrono::milliseconds duration);

    const std::string url_;
    const PgOptions options_;
    const Limits limits_;
    const JobObserver observer_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<CommitItem>> queue_;
    std::size_t queued_bytes_ = 0;
    bool stopped_ = false;

    // The thread's own:
    std::unique_ptr<PipelineConnection> connection_;
    std::optional<std::int64_t> predecessor_; ///< key of a connection that may still be committing
    RecentRefusal refusal_;
    std::string cause_; ///< why there is no connection
    std::jthread thread_;
};

} // namespace relay::storage::postgres
