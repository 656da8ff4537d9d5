// Where files are written, read and fsynced: a few threads behind a bounded queue. A file system that hangs (NFS whose
// server is gone) keeps its threads, and never those who wait for it. Used by file_objects alone.
#pragma once

#include "protocol/error.hpp"
#include "protocol/time.hpp"
#include "storage/bounded_queue.hpp"
#include "storage/completion.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace relay::storage::objects {

struct FilePoolLimits {
    int threads = 4;
    std::size_t queue = 1024;                              ///< operations waiting
    protocol::Duration timeout = std::chrono::seconds(20); ///< of an operation, its time in the queue included
};

class FilePool final {
public:
    explicit FilePool(const FilePoolLimits& limits);
    /// Carries out what is queued. A thread that hangs in its operation is left behind after a while.
    ~FilePool();
    FilePool(const FilePool&) = delete;
    FilePool& operator=(const FilePool&) = delete;

    /// Runs `job` on a thread of the pool; completes on the caller's executor. Error: unavailable (queue full, or not
    /// done in time), or the job's own. The job does not throw. One that is out of time may still run, or begin to: it
    /// owns all it touches, and nobody else touches that any more.
    template <class T, class Job>
    [[nodiscard]] Awaitable<protocol::Result<T>> submit(Job job) {
        return await_completion<T>([this, kept = std::move(job)](auto completion) mutable {
            push(std::make_shared<TaskOf<T, Job>>(std::move(kept), std::move(completion)));
        });
    }
    /// Clean-up that nobody waits for; never refused.
    void submit_cleanup(std::function<void()> job);
    /// Whoever waits gets unavailable, and so does who comes; clean-ups are still carried out. Thread-safe.
    void stop() noexcept;
    [[nodiscard]] std::size_t queued() const;

private:
    class Task {
    public:
        Task() = default;
        virtual ~Task() = default;
        Task(const Task&) = delete;
        Task& operator=(const Task&) = delete;
        virtual void run() = 0;
        /// In place of run(), or while it is at it.
        virtual void give_up(const char* why) = 0;
    };

    template <class T, class Job>
    class TaskOf final : public Task {
    public:
        TaskOf(Job job, std::unique_ptr<Completion<T>> completion)
            : job_(std::move(job)),
              completion_(std::move(completion)) {}
        void run() override {
            if (!answered_.load()) {
                answer(job_());
            }
        }
        void give_up(const char* why) override { answer(protocol::errors::unavailable(why)); }

    private:
        void answer(protocol::Result<T> result) {
            if (!answered_.exchange(true)) {
                completion_->complete(std::move(result));
            }
        }

        Job job_;
        std::unique_ptr<Completion<T>> completion_;
        std::atomic<bool> answered_{false};
    };
    class Cleanup;
    struct Shared;

    void push(std::shared_ptr<Task> task);

    std::shared_ptr<Shared> shared_; ///< with the threads, one of which may outlive the pool
    std::vector<std::thread> threads_;
    std::thread watch_;
};

} // namespace relay::storage::objects
