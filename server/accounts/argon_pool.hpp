// Where Argon2id is reckoned: a few threads and a bounded queue, so that sign-ins never hold up a network thread and
// never take more than passwords.threads times passwords.memory.
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

namespace relay::server::accounts {

class ArgonPool final {
public:
    /// `max_queued`: jobs that wait; at 30 ms each, 64 a thread are two seconds.
    explicit ArgonPool(int threads, std::size_t max_queued_per_thread = 64);
    /// As stop().
    ~ArgonPool();
    ArgonPool(const ArgonPool&) = delete;
    ArgonPool& operator=(const ArgonPool&) = delete;

    /// Runs `job`, which owns all its data and does not throw, on a thread of the pool; completes on the caller's
    /// executor. Error: unavailable (queue full, or stopping).
    template <class T>
    [[nodiscard]] Awaitable<protocol::Result<T>> submit(std::function<T()> job) {
        auto begin = [this, kept = std::move(job)](auto handler) mutable {
            auto work = boost::asio::make_work_guard(boost::asio::get_associated_executor(handler));
            // Tasks are copyable functions, completion handlers are not.
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            const auto deliver = [shared, work](protocol::Result<T> result) {
                boost::asio::post(work.get_executor(), [shared, result = std::move(result)]() mutable {
                    (*shared)(std::move(result));
                });
            };
            const bool taken = push([deliver, job_of_task = std::move(kept)](bool stopping) {
                deliver(stopping ? refuse<T>("the server is stopping") : protocol::Result<T>(job_of_task()));
            });
            if (!taken) {
                deliver(refuse<T>("too many passwords are waiting to be checked"));
            }
        };
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>&, void(protocol::Result<T>)>(
            std::move(begin), use_relay_awaitable
        );
    }

    /// Ends the threads after the jobs they are at; jobs still queued, and later ones, end as unavailable.
    void stop();
    [[nodiscard]] std::size_t queued() const;

private:
    using Task = std::function<void(bool stopping)>;

    template <class T>
    static protocol::Result<T> refuse(const char* cause) {
        return protocol::errors::unavailable(cause);
    }
    bool push(Task task);
    void work();

    std::size_t max_queued_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> tasks_;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;
};

} // namespace relay::server::accounts
