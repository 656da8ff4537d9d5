#include "server/api/gather.hpp"

namespace relay::server::api {

Awaitable<void> gather(std::size_t count, const std::function<Awaitable<void>(std::size_t)>& task) {
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
        boost::asio::co_spawn(executor, task(i), ended);
    }
    while (left > 0) {
        boost::system::error_code cancelled;
        co_await all_done.async_wait(boost::asio::redirect_error(use_relay_awaitable, cancelled));
    }
    if (thrown) {
        std::rethrow_exception(thrown);
    }
}

} // namespace relay::server::api
