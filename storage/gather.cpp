#include "storage/gather.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>

namespace relay {
namespace {

/// `executor_of(i)`: where entry i runs.
template <class ExecutorOf>
Awaitable<void>
run_all(std::size_t count, const std::function<Awaitable<void>(std::size_t)>& task, ExecutorOf executor_of) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer all_done(executor);
    all_done.expires_at(boost::asio::steady_timer::time_point::max());
    std::size_t left = count;
    std::exception_ptr thrown;
    const auto ended = [&](const std::exception_ptr& error) {
        if (error) {
            thrown = error;
        }
        if (--left == 0) {
            all_done.cancel();
        }
    };
    for (std::size_t i = 0; i < count; ++i) {
        const Executor where = executor_of(i, executor);
        boost::asio::co_spawn(where, task(i), boost::asio::bind_executor(executor, ended));
    }
    while (left > 0) {
        boost::system::error_code cancelled;
        co_await all_done.async_wait(boost::asio::redirect_error(use_relay_awaitable, cancelled));
    }
    if (thrown) {
        std::rethrow_exception(thrown);
    }
}

} // namespace

Awaitable<void> gather(std::size_t count, const std::function<Awaitable<void>(std::size_t)>& task) {
    const auto here = [](std::size_t, const Executor& own) { return own; };
    co_await run_all(count, task, here);
}

Awaitable<void>
gather_on(const Workers& workers, std::size_t count, const std::function<Awaitable<void>(std::size_t)>& task) {
    const auto in_turn = [&](std::size_t i, const Executor&) { return workers[i % workers.size()]->get_executor(); };
    co_await run_all(count, task, in_turn);
}

} // namespace relay
