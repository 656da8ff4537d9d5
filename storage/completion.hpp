// The way back of a result from a thread of the storage to the coroutine that waits for it.
#pragma once

#include "protocol/error.hpp"
#include "storage/awaitable.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace relay::storage {

/// Takes a result, once, from any thread, to the caller that waits for it.
template <class T>
class Completion {
public:
    virtual ~Completion() = default;
    Completion() = default;
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;
    virtual void complete(protocol::Result<T> result) = 0;
};

/// Posts to the handler's executor, which the work guard keeps running.
template <class T, class Handler>
class PostedCompletion final : public Completion<T> {
public:
    explicit PostedCompletion(Handler handler)
        : handler_(std::move(handler)),
          guard_(boost::asio::make_work_guard(boost::asio::get_associated_executor(handler_))) {}

    void complete(protocol::Result<T> result) override {
        const auto executor = guard_.get_executor();
        boost::asio::post(executor, [handler = std::move(handler_), kept = std::move(result)]() mutable {
            handler(std::move(kept));
        });
        guard_.reset();
    }

private:
    Handler handler_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> guard_;
};

/// Awaits the result for which `begin` is given a std::unique_ptr<Completion<T>>.
template <class T, class Begin>
[[nodiscard]] Awaitable<protocol::Result<T>> await_completion(Begin begin) {
    auto initiate = [begin = std::move(begin)](auto handler) mutable {
        using Posted = PostedCompletion<T, std::decay_t<decltype(handler)>>;
        begin(std::unique_ptr<Completion<T>>(std::make_unique<Posted>(std::move(handler))));
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>, void(protocol::Result<T>)>(
        std::move(initiate), use_relay_awaitable
    );
}

} // namespace relay::storage
