#include "server/accounts/argon_pool.hpp"

#include <algorithm>

namespace relay::server::accounts {

ArgonPool::ArgonPool(int threads, std::size_t max_queued_per_thread)
    : max_queued_(max_queued_per_thread * static_cast<std::size_t>(std::max(threads, 1))) {
    for (int n = 0; n < std::max(threads, 1); ++n) {
        threads_.emplace_back([this] { work(); });
    }
}

ArgonPool::~ArgonPool() {
    stop();
}

void ArgonPool::stop() {
    std::deque<Task> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(tasks_);
    }
    wake_.notify_all();
    for (const auto& task : left) {
        task(true);
    }
    threads_.clear();
}

std::size_t ArgonPool::queued() const {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
}

bool ArgonPool::push(Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || tasks_.size() >= max_queued_) {
            return false;
        }
        tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
    return true;
}

void ArgonPool::work() {
    for (;;) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
            if (tasks_.empty()) {
                return;
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task(false);
    }
}

} // namespace relay::server::accounts
