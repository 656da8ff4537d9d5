// Runs a coroutine of ours to its end on an io_context of its own, in tests.
#pragma once

#include "storage/awaitable.hpp"

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace relay::test {

/// The coroutine's result; throws when it has not ended within `guard`.
template <class T>
T run_coro(Awaitable<T> coroutine, std::chrono::seconds guard = std::chrono::seconds(20)) {
    boost::asio::io_context context;
    std::optional<T> result;
    std::exception_ptr failure;
    boost::asio::co_spawn(context.get_executor(), std::move(coroutine), [&](std::exception_ptr error, T value) {
        failure = error;
        result.emplace(std::move(value));
    });
    context.run_for(guard);
    if (failure) {
        std::rethrow_exception(failure);
    }
    if (!result) {
        throw std::runtime_error("the coroutine did not end in time");
    }
    return std::move(*result);
}

} // namespace relay::test
