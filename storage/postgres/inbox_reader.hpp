// Looks into inboxes for what waits there, many at once: whatever queued while the last look ran shares the next
// statement, since starting one costs more than what it reads. Used by PgBundleStore alone.
#pragma once

#include "storage/bounded_queue.hpp"
#include "storage/bundle_store.hpp"
#include "storage/completion.hpp"
#include "storage/postgres/db_executor.hpp"
#include "storage/postgres/pipeline_connection.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace relay::storage::postgres {

/// `query.state` is `waiting`.
struct InboxLook {
    InboxQuery query;
    std::unique_ptr<Completion<ListPage>> completion;
    std::chrono::steady_clock::time_point submitted_at = std::chrono::steady_clock::now();
};

class InboxReader final {
public:
    struct Limits {
        std::size_t readers = 2; ///< threads, each with a connection: a long page must not hold up everybody
        std::size_t queued = 8192;
        std::size_t group_looks = 64;
        std::size_t group_rows = 1024;                   ///< asked for by one statement; a look alone always goes
        std::chrono::microseconds apart{1'000};          ///< statements: a commit wakes many, and they ask together
        std::chrono::milliseconds look_deadline{10'000}; ///< no attempt begins later
        std::chrono::milliseconds answer_limit{12'000};  ///< then a statement is cancelled
    };

    /// `url` as complete_url makes it. Connects on first use. `observer` is told of every statement as "list_waiting".
    InboxReader(std::string url, const Limits& limits, JobObserver observer);
    /// As stop().
    ~InboxReader();
    InboxReader(const InboxReader&) = delete;
    InboxReader& operator=(const InboxReader&) = delete;

    /// Any thread. Full or stopped: completes at once as `unavailable`.
    void submit(std::unique_ptr<InboxLook> look);
    [[nodiscard]] std::size_t queued() const;
    /// Ends the threads after the statements they are at; what is still queued completes as unavailable.
    void stop();

private:
    using Clock = std::chrono::steady_clock;
    using Looks = std::vector<std::unique_ptr<InboxLook>>;
    struct Line;

    void work();
    Looks take_group();
    void carry_out(Line& line, Looks looks);
    PipelineRun read(Line& line, const Looks& looks);
    bool connect(Line& line) const;

    const std::string url_;
    const Limits limits_;
    const JobObserver observer_;

    BoundedQueue<std::unique_ptr<InboxLook>> queue_;
    std::vector<std::jthread> threads_;
};

} // namespace relay::storage::postgres
