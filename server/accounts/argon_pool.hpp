// Where Argon2id is reckoned: a few threads and a bounded queue, so that sign-ins never hold up a network thread and
// never take more than passwords.threads times passwords.memory.
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

namespace relay::server::accounts {

class ArgonPool final {
public:
    /// `max_queued_per_thread`: jobs that wait; at 30 ms each, 64 are two seconds.
    explicit ArgonPool(int threads, std::size_t max_queued_per_thread = 64);
    /// As stop().
    ~ArgonPool();
    ArgonPool(const ArgonPool&) = delete;
    ArgonPool& operator=(const ArgonPool&) = delete;

    /// Runs `job`, which owns all its data and does not throw, on a thread of the pool; completes on the caller's
    /// executor. Error: unavailable (queue full, or stopping).
    template <class T>
    [[nodiscard]] Awaitable<protocol::Result<T>> submit(std::function<T()> job) {
        return storage::await_completion<T>([this, kept = std::move(job)](auto completion) mutable {
            // Tasks are copyable functions, completions are not.
            const std::shared_ptr<storage::Completion<T>> shared = std::move(completion);
            const bool taken = queue_.push([shared, job_of_task = std::move(kept)](bool stopping) {
                shared->complete(stopping ? refuse<T>("the server is stopping") : protocol::Result<T>(job_of_task()));
            });
            if (!taken) {
                shared->complete(refuse<T>("too many passwords are waiting to be checked"));
            }
        });
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
    void work();

    storage::BoundedQueue<Task> queue_;
    std::vector<std::jthread> threads_;
};

} // namespace relay::server::accounts
