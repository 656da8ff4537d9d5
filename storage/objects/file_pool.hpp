// Where files are written, read and fsynced: a few threads behind a bounded queue. Used by file_objects alone.
#pragma once

#include "protocol/error.hpp"
#include "storage/bounded_queue.hpp"
#include "storage/completion.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace relay::storage::objects {

class FilePool final {
public:
    FilePool(int threads, std::size_t max_queued);
    /// Carries out what is queued, then joins.
    ~FilePool();
    FilePool(const FilePool&) = delete;
    FilePool& operator=(const FilePool&) = delete;

    /// Runs `job` on a thread of the pool; completes on the caller's executor. Error: unavailable (queue full), or the
    /// job's own. The job does not throw.
    template <class T, class Job>
    [[nodiscard]] Awaitable<protocol::Result<T>> submit(Job job) {
        return await_completion<T>([this, kept = std::move(job)](auto completion) mutable {
            std::unique_ptr<Task> task = std::make_unique<TaskOf<T, Job>>(std::move(kept), std::move(completion));
            if (!queue_.push(std::move(task))) {
                task->refuse();
            }
        });
    }
    /// Clean-up that nobody waits for; never refused.
    void submit_cleanup(std::function<void()> job);
    [[nodiscard]] std::size_t queued() const;

private:
    class Task {
    public:
        Task() = default;
        virtual ~Task() = default;
        Task(const Task&) = delete;
        Task& operator=(const Task&) = delete;
        virtual void run() = 0;
        /// In place of run().
        virtual void refuse() = 0;
    };

    template <class T, class Job>
    class TaskOf final : public Task {
    public:
        TaskOf(Job job, std::unique_ptr<Completion<T>> completion)
            : job_(std::move(job)),
              completion_(std::move(completion)) {}
        void run() override { completion_->complete(job_()); }
        void refuse() override {
            completion_->complete(protocol::errors::unavailable("too many file operations are waiting"));
        }

    private:
        Job job_;
        std::unique_ptr<Completion<T>> completion_;
    };
    class Cleanup;

    void work();

    BoundedQueue<std::unique_ptr<Task>> queue_;
    std::vector<std::jthread> threads_;
};

} // namespace relay::storage::objects
