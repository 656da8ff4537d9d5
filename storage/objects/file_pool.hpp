// Where files are written, read and fsynced: a few threads behind a bounded queue. Used by file_objects alone.
#pragma once

#include "protocol/error.hpp"
#include "storage/awaitable.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
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
        auto begin = [this, kept = std::move(job)](auto handler) mutable {
            using Handler = std::decay_t<decltype(handler)>;
            auto task = std::make_unique<TaskOf<T, Job, Handler>>(std::move(kept), std::move(handler));
            if (!push(task)) {
                task->refuse();
            }
        };
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void(protocol::Result<T>)>(
            std::move(begin), use_relay_awaitable
        );
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
    };

    template <class T, class Job, class Handler>
    class TaskOf final : public Task {
    public:
        TaskOf(Job job, Handler handler)
            : job_(std::move(job)),
              handler_(std::move(handler)),
              guard_(boost::asio::make_work_guard(boost::asio::get_associated_executor(handler_))) {}
        void run() override { deliver(job_()); }
        void refuse() { deliver(protocol::errors::unavailable("too many file operations are waiting")); }

    private:
        void deliver(protocol::Result<T> result) {
            const auto executor = guard_.get_executor();
            boost::asio::post(executor, [handler = std::move(handler_), result = std::move(result)]() mutable {
                handler(std::move(result));
            });
            guard_.reset();
        }

        Job job_;
        Handler handler_;
        boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> guard_;
    };
    class Cleanup;

    template <class T, class Job, class Handler>
    bool push(std::unique_ptr<TaskOf<T, Job, Handler>>& task) {
        const std::lock_guard lock(mutex_);
        if (tasks_.size() >= max_queued_) {
            return false;
        }
        tasks_.push_back(std::move(task));
        wake_.notify_one();
        return true;
    }
    void work();

    std::size_t max_queued_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<Task>> tasks_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

} // namespace relay::storage::objects
