// A result that a thread of the store brings and one coroutine waits for, now or later. Used by s3_objects.
#pragma once

#include "storage/completion.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace relay::storage::objects {

/// Thread-safe. Set once, taken once.
template <class T>
class Pending final {
public:
    void set(protocol::Result<T> result) {
        std::unique_ptr<Completion<T>> waiter;
        {
            const std::lock_guard lock(mutex_);
            if (!waiter_) {
                result_.emplace(std::move(result));
                return;
            }
            waiter = std::move(waiter_);
        }
        waiter->complete(std::move(result));
    }

    [[nodiscard]] Awaitable<protocol::Result<T>> take() {
        return await_completion<T>([this](std::unique_ptr<Completion<T>> waiter) {
            std::unique_lock lock(mutex_);
            if (!result_) {
                waiter_ = std::move(waiter);
                return;
            }
            auto result = std::move(*result_);
            lock.unlock();
            waiter->complete(std::move(result));
        });
    }

private:
    std::mutex mutex_;
    std::optional<protocol::Result<T>> result_;
    std::unique_ptr<Completion<T>> waiter_;
};

} // namespace relay::storage::objects
