// Reads and rare writes: a fixed number of threads, each owning one libpqxx connection, behind a bounded queue; one
// more of each for auditors, and for the registry's own reads. Used by the stores of storage/postgres alone. Jobs do
// SQL only: no I/O, no sleeping, no callbacks.
#pragma once

#include "protocol/error.hpp"
#include "protocol/time.hpp"
#include "storage/awaitable.hpp"
#include "storage/bounded_queue.hpp"
#include "storage/completion.hpp"
#include "storage/postgres/pg_options.hpp"
#include "storage/postgres/query.hpp"
#include "storage/postgres/recent_refusal.hpp"

#include <pqxx/pqxx>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace relay::storage::postgres {

/// What may be done when a connection breaks. Nothing that might have been committed is ever repeated blindly.
enum class Access : std::uint8_t {
    read,             ///< repeated once
    write,            ///< repeated once when COMMIT had not begun; else `internal`
    idempotent_write, ///< repeated once, even when the commit's outcome is unknown; `internal` when that fails
};

/// SQL of one transaction: opened, committed and, where needed, repeated by the executor. An Error rolls back.
/// Owns all its data; results of libpqxx are copied to values before it returns.
template <class T>
using Job = std::function<protocol::Result<T>(pqxx::work&)>;
/// One statement that only reads: no transaction is opened for it, so that it takes one round trip instead of three.
template <class T>
using Look = std::function<protocol::Result<T>(pqxx::transaction_base&)>;

/// Told after every job, on a worker's thread: the query's name, the time in the queue and the time at work.
using JobTime = std::chrono::microseconds;
using JobObserver = std::function<void(const char* name, JobTime waited, JobTime worked, bool ok)>;

/// What observers are told of a time at work.
[[nodiscard]] inline JobTime
between(std::chrono::steady_clock::time_point begin, std::chrono::steady_clock::time_point end) {
    return std::chrono::duration_cast<JobTime>(end - begin);
}

class DbExecutor final {
public:
    struct Limits {
        std::size_t queue = 2048; ///< jobs waiting, for each of the queues
    };

    /// Starts `options.connections` workers, one for auditors and one for the registry. Connects on first use: the
    /// database may be down. Error: malformed_request for a connection string that libpq cannot read.
    [[nodiscard]] static protocol::Result<std::unique_ptr<DbExecutor>>
    start(const PgOptions& options, Limits limits, JobObserver observer);
    [[nodiscard]] static protocol::Result<std::unique_ptr<DbExecutor>> start(const PgOptions& options) {
        return start(options, Limits{}, nullptr);
    }
    /// As stop().
    ~DbExecutor();
    DbExecutor(const DbExecutor&) = delete;
    DbExecutor& operator=(const DbExecutor&) = delete;

    /// Makes statements known under their names, for `exec_prepared`. Call it before jobs that use them; any thread.
    void add_queries(std::span<const Query> queries);

    /// Runs `job` on a worker; completes on the caller's executor. `name` is a literal, for metrics and causes.
    /// Errors: the job's own; unavailable (queue full, no database, nothing kept); internal (also: outcome unknown).
    template <class T>
    [[nodiscard]] Awaitable<protocol::Result<T>> submit(const char* name, Access access, Job<T> job) {
        return submit_to<T, pqxx::work>(calls_, name, access, std::move(job));
    }
    /// As `submit` with Access::read, for a single statement.
    template <class T>
    [[nodiscard]] Awaitable<protocol::Result<T>> submit_look(const char* name, Look<T> look) {
        return submit_to<T, pqxx::nontransaction>(calls_, name, Access::read, std::move(look));
    }
    /// As `submit` with Access::read, on the auditors' connection.
    template <class T>
    [[nodiscard]] Awaitable<protocol::Result<T>> submit_audit(const char* name, Job<T> job) {
        return submit_to<T, pqxx::work>(audits_, name, Access::read, std::move(job));
    }

    /// As `submit` with Access::read, on a connection of its own: for what every call depends on, so that it never
    /// waits behind them.
    template <class T>
    [[nodiscard]] Awaitable<protocol::Result<T>> submit_registry(const char* name, Job<T> job) {
        return submit_to<T, pqxx::work>(registry_, name, Access::read, std::move(job));
    }

    [[nodiscard]] std::size_t queued() const;
    /// Ends the workers after the jobs they are at; jobs still queued complete as unavailable. Any later ones too.
    void stop();

private:
    class Task {
    public:
        Task(const char* name, Access access) : name_(name), access_(access) {}
        virtual ~Task() = default;
        Task(const Task&) = delete;
        Task& operator=(const Task&) = delete;
        /// One attempt; throws what libpqxx throws. True: the transaction committed.
        virtual bool attempt(pqxx::connection& connection) = 0;
        virtual void set_error(protocol::Error error) = 0;
        /// Hands the result to the caller's executor. Once, last.
        virtual void deliver() = 0;

        const char* name_;
        Access access_;
        std::chrono::steady_clock::time_point queued_at_ = std::chrono::steady_clock::now();
    };

    template <class T, class Transaction, class Work>
    class TaskOf final : public Task {
    public:
        TaskOf(const char* name, Access access, Work job, std::unique_ptr<Completion<T>> completion)
            : Task(name, access),
              job_(std::move(job)),
              completion_(std::move(completion)) {}

        bool attempt(pqxx::connection& connection) override {
            Transaction transaction(connection, name_);
            result_.emplace(job_(transaction));
            if (result_->has_error()) {
                transaction.abort();
                return false;
            }
            transaction.commit();
            return true;
        }
        void set_error(protocol::Error error) override { result_.emplace(std::move(error)); }
        void deliver() override { completion_->complete(std::move(*result_)); }

    private:
        Work job_;
        std::unique_ptr<Completion<T>> completion_;
        std::optional<protocol::Result<T>> result_;
    };

    using Queue = BoundedQueue<std::unique_ptr<Task>>;
    struct Worker;

    DbExecutor(std::string url, std::string audit_url, Limits limits, JobObserver observer);
    void push(Queue& queue, std::unique_ptr<Task> task);
    void work(Queue& queue, const std::string& url);
    void perform(Worker& worker, Task& task);
    bool connect(Worker& worker, Task& task);
    void prepare_new(Worker& worker);

    template <class T, class Transaction, class Work>
    Awaitable<protocol::Result<T>> submit_to(Queue& queue, const char* name, Access access, Work job) {
        return await_completion<T>([this, &queue, name, access, kept = std::move(job)](auto completion) mutable {
            push(
                queue,
                std::make_unique<TaskOf<T, Transaction, Work>>(name, access, std::move(kept), std::move(completion))
            );
        });
    }

    std::string url_, audit_url_;
    JobObserver observer_;
    std::mutex queries_mutex_;
    std::vector<Query> queries_;
    std::atomic<std::size_t> query_count_ = 0;
    RecentRefusal refusal_; ///< of any worker
    Queue calls_, audits_, registry_;
    std::vector<std::jthread> workers_;
};

} // namespace relay::storage::postgres
