#include "server/accounts/argon_pool.hpp"

#include <algorithm>

namespace relay::server::accounts {

ArgonPool::ArgonPool(int threads, std::size_t max_queued_per_thread)
    : queue_(max_queued_per_thread * static_cast<std::size_t>(std::max(threads, 1))) {
    for (int n = 0; n < std::max(threads, 1); ++n) {
        threads_.emplace_back([this] { work(); });
    }
}

ArgonPool::~ArgonPool() {
    stop();
}

void ArgonPool::stop() {
    for (const auto& task : queue_.close_and_empty()) {
        task(true);
    }
    threads_.clear();
}

std::size_t ArgonPool::queued() const {
    return queue_.size();
}

void ArgonPool::work() {
    while (const auto task = queue_.take()) {
        (*task)(false);
    }
}

} // namespace relay::server::accounts
