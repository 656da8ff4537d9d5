// Gives every committed event its place in the log. One over all processes (whoever holds the advisory lock); the
// others stand by. Uploads never wait for it.
#pragma once

#include "protocol/error.hpp"
#include "storage/postgres/plan_age.hpp"

#include <pqxx/pqxx>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace relay::storage::postgres {

struct SequencerStatus {
    bool leads = false;        ///< this process gives the indexes
    std::int64_t log_size = 0; ///< events that have an index, as last seen while leading
    std::int64_t appended = 0; ///< by this process
    std::int64_t failures = 0; ///< connections lost and statements failed
    std::string last_failure;  ///< cause of the latest, for the log
    std::optional<std::chrono::steady_clock::time_point> last_run; ///< end of the last complete look for new events
};

class Sequencer final {
public:
    using OnGrowth = std::function<void(std::int64_t log_size)>;

    /// Starts the thread, which connects by itself, again and again. `on_growth` is called on that thread after a
    /// commit and must not block for long; it may be empty. Error: malformed_request for the URL.
    [[nodiscard]] static protocol::Result<std::unique_ptr<Sequencer>> start(const std::string& url, OnGrowth on_growth);
    /// As stop().
    ~Sequencer();
    Sequencer(const Sequencer&) = delete;
    Sequencer& operator=(const Sequencer&) = delete;

    [[nodiscard]] SequencerStatus status() const;
    /// Ends the thread after the batch it is at; the lock is free then.
    void stop();

private:
    Sequencer(std::string url, OnGrowth on_growth);
    void work();
    void follow(pqxx::connection& connection);
    void lead(pqxx::connection& connection);
    /// Where the next look begins, or nothing: stopping.
    std::optional<std::int64_t>
    look(pqxx::connection& connection, PlanAge& plans, std::int64_t from_xid, std::int64_t position);
    /// False: stopping.
    bool pause(std::chrono::milliseconds duration);

    std::string url_;
    OnGrowth on_growth_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    SequencerStatus status_;
    std::thread thread_;
};

} // namespace relay::storage::postgres
