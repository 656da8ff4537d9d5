#include "server/mailbox/object_removal.hpp"

#include "storage/completion.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace relay::server::mailbox {

namespace {

/// What the deletes of one call share; all of them run on the caller's thread.
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
    std::size_t running = 0;
    Removal outcome;
    std::unique_ptr<storage::Completion<void>> done;
};

Awaitable<void> remove_in_turn(std::shared_ptr<Shared> shared) {
    while (shared->next < shared->keys.size() && !shared->silent) {
        const std::string key = shared->keys[shared->next++];
        const auto removed = co_await shared->payloads.remove(key);
        shared->note(key, removed);
    }
}

} // namespace

Awaitable<Removal> remove_together(storage::PayloadStore& payloads, std::vector<std::string> keys, int at_once) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto shared = std::make_shared<Shared>(payloads, std::move(keys));
    if (shared->keys.empty()) {
        co_return Removal();
    }
    auto begin = [&shared, &executor, at_once](std::unique_ptr<storage::Completion<void>> done) {
        const auto count = std::min(shared->keys.size(), static_cast<std::size_t>(std::max(at_once, 1)));
        shared->done = std::move(done);
        shared->running = count;
        for (std::size_t i = 0; i < count; ++i) {
            boost::asio::co_spawn(executor, remove_in_turn(shared), [shared](const std::exception_ptr& thrown) {
                if (thrown) {
                    shared->note({}, protocol::errors::internal("a delete threw"));
                }
                if (--shared->running == 0) {
                    shared->done->complete(protocol::Result<void>());
                }
            });
        }
    };
    const auto all = co_await storage::await_completion<void>(std::move(begin));
    static_cast<void>(all);
    co_return std::move(shared->outcome);
}

} // namespace relay::server::mailbox
