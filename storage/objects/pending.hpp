// A result that a thread of the store brings and one coroutine waits for, now or later. Used by s3_objects.
#pragma once

#include "protocol/error.hpp"
#include "storage/awaitable.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace relay::storage::objects {

/// Somebody who waits. Called once, on any thread; goes on at its own executor.
template <class T>
class Waiter {
public:
    Waiter() = default;
    virtual ~Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual void deliver(protocol::Result<T> result) = 0;
};

namespace detail {

template <class T, class Handler>
class WaiterOf final : public Waiter<T> {
public:
    explicit WaiterOf(Handler handler)
        : handler_(std::move(handler)),
          guard_(boost::asio::make_work_guard(boost::asio::get_associated_executor(handler_))) {}
    void deliver(protocol::Result<T> result) override {
        const auto executor = guard_.get_executor();
        boost::asio::post(executor, [handler = std::move(handler_), result = std::move(result)]() mutable {
            handler(std::move(result));
        });
        guard_.reset();
    }

private:
    Handler handler_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> guard_;
};

} // namespace detail

/// Suspends the caller; `begin` gets its Waiter.
template <class T, class Begin>
[[nodiscard]] Awaitable<protocol::Result<T>> suspend(Begin begin) {
    auto initiate = [begin = std::move(begin)](auto handler) mutable {
        using Handler = std::decay_t<decltype(handler)>;
        begin(std::unique_ptr<Waiter<T>>(std::make_unique<detail::WaiterOf<T, Handler>>(std::move(handler))));
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void(protocol::Result<T>)>(
        std::move(initiate), use_relay_awaitable
    );
}

/// Thread-safe. Set once, taken once.
template <class T>
class Pending final {
public:
    void set(protocol::Result<T> result) {
        std::unique_ptr<Waiter<T>> waiter;
        {
            const std::lock_guard lock(mutex_);
            if (!waiter_) {
                result_.emplace(std::move(result));
                return;
            }
            waiter = std::move(waiter_);
        }
        waiter->deliver(std::move(result));
    }

    [[nodiscard]] Awaitable<protocol::Result<T>> take() {
        return suspend<T>([this](std::unique_ptr<Waiter<T>> waiter) {
            std::unique_lock lock(mutex_);
            if (!result_) {
                waiter_ = std::move(waiter);
                return;
            }
            auto result = std::move(*result_);
            lock.unlock();
            waiter->deliver(std::move(result));
        });
    }

private:
    std::mutex mutex_;
    std::optional<protocol::Result<T>> result_;
    std::unique_ptr<Waiter<T>> waiter_;
};

} // namespace relay::storage::objects
