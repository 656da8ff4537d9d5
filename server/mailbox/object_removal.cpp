#include "server/mailbox/object_removal.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace relay::server::mailbox {

namespace {

/// What the deletes of one call share; all of them run on the caller's thread, and end before the call.
struct Shared {
    Shared(storage::PayloadStore& store, std::vector<std::string> all) : payloads(store), keys(std::move(all)) {}

    void note(const std::string& key, const protocol::Result<void>& removed) {
        if (removed) {
            outcome.gone.push_back(key);
            return;
        }
        ++outcome.failed;
        outcome.failure = removed.error();
        silent = silent || removed.error().code == protocol::ErrorCode::unavailable;
    }

    storage::PayloadStore& payloads;
    std::vector<std::string> keys;
    std::size_t next = 0;
    bool silent = false;
    Removal outcome;
};

Awaitable<void> remove_in_turn(Shared& shared) {
    while (shared.next < shared.keys.size() && !shared.silent) {
        const std::string key = shared.keys[shared.next++];
        const auto removed = co_await shared.payloads.remove(key);
        shared.note(key, removed);
    }
}

} // namespace

Awaitable<Removal> remove_together(storage::PayloadStore& payloads, std::vector<std::string> keys, int at_once) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer all_done(executor);
    all_done.expires_at(boost::asio::steady_timer::time_point::max());
    Shared shared(payloads, std::move(keys));
    std::size_t left = std::min(shared.keys.size(), static_cast<std::size_t>(std::max(at_once, 1)));
    const auto ended = [&](const std::exception_ptr& thrown) {
        if (thrown) {
            shared.note({}, protocol::errors::internal("a delete threw"));
        }
        if (--left == 0) {
            all_done.cancel();
        }
    };
    const std::size_t count = left;
    for (std::size_t i = 0; i < count; ++i) {
        boost::asio::co_spawn(executor, remove_in_turn(shared), ended);
    }
    while (left > 0) {
        boost::system::error_code cancelled;
        co_await all_done.async_wait(boost::asio::redirect_error(use_relay_awaitable, cancelled));
    }
    co_return std::move(shared.outcome);
}

} // namespace relay::server::mailbox
