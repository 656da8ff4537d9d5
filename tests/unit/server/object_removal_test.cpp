#include "server/mailbox/object_removal.hpp"

#include "server/mailbox/janitor.hpp"
#include "tests/support/run_coro.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace relay;
using namespace relay::server::mailbox;
using protocol::Result;
using test::run_coro;

namespace {

/// Answers every delete after a moment: some with an error of the object, some with none of the store's.
class SlowStore final : public storage::PayloadStore {
public:
    Awaitable<Result<void>> remove(std::string key) override {
        tried.insert(key);
        most_at_once = std::max(most_at_once, ++at_once);
        boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, std::chrono::milliseconds(20));
        co_await pause.async_wait(use_relay_awaitable);
        --at_once;
        if (key == "bad") {
            co_return protocol::errors::internal("a key that is not of its form");
        }
        if (silent) {
            co_return protocol::errors::unavailable("no answer");
        }
        co_return Result<void>();
    }
    Awaitable<Result<std::unique_ptr<storage::ObjectWriter>>> create(std::string, std::int64_t, std::string) override {
        co_return protocol::errors::internal("not asked for");
    }
    std::unique_ptr<storage::ObjectReader> open(std::string, std::int64_t, std::int64_t) override { return nullptr; }
    Awaitable<Result<bool>> exists(std::string) override { co_return true; }
    Awaitable<Result<storage::ObjectPage>> list(std::string, int) override { co_return storage::ObjectPage(); }
    Awaitable<Result<void>> ping() override { co_return Result<void>(); }
    void stop() noexcept override {}

    bool silent = false;
    int at_once = 0;
    int most_at_once = 0;
    std::set<std::string> tried;
};

std::vector<std::string> many_keys(int count) {
    std::vector<std::string> keys;
    for (int i = 0; i < count; ++i) {
        keys.push_back(std::to_string(i));
    }
    return keys;
}

} // namespace

TEST_CASE("Objects are deleted a few at a time, and one that cannot be holds up no other", "[server]") {
    SlowStore store;
    auto keys = many_keys(40);
    keys.insert(keys.begin(), "bad");
    const auto removal = run_coro(remove_together(store, keys, 4));
    CHECK(removal.gone.size() == 40);
    CHECK(removal.failed == 1);
    CHECK(removal.failure->code == protocol::ErrorCode::internal);
    CHECK(store.most_at_once == 4);
}

TEST_CASE("A store that does not answer is asked for a few objects, not for all of them", "[server]") {
    SlowStore store;
    store.silent = true;
    const auto removal = run_coro(remove_together(store, many_keys(200), 8));
    CHECK(removal.gone.empty());
    CHECK(store.tried.size() == 8);
    CHECK(removal.failed == 8);
    CHECK(run_coro(remove_together(store, {}, 8)).failed == 0);
}

TEST_CASE("Steps that fail become smaller, down to a single bundle, and grow again with success", "[server]") {
    SettleStep step;
    CHECK(step.size() == SettleStep::most);
    step.failed();
    CHECK(step.size() == SettleStep::most / 2);
    for (int i = 0; i < 20; ++i) {
        step.failed();
    }
    CHECK(step.size() == 1);
    step.succeeded();
    CHECK(step.size() == 2);
    for (int i = 0; i < 20; ++i) {
        step.succeeded();
    }
    CHECK(step.size() == SettleStep::most);
}
