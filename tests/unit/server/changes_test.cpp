#include "server/mailbox/changes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <optional>

using namespace relay;
using namespace relay::server::mailbox;
using protocol::OfficeNumber;

namespace {

const auto ours = *OfficeNumber::parse("2670100011");
const auto theirs = *OfficeNumber::parse("2670100029");

Awaitable<void>
park_once(Changes& hub, OfficeNumber office, std::chrono::milliseconds wait, std::optional<Wake>& woken) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    auto waiter = hub.wait_for(office, executor);
    woken = co_await waiter.park(std::chrono::steady_clock::now() + wait);
}

struct Fixture {
    boost::asio::io_context context{1};
    Changes hub{{&context}};
    std::optional<Wake> woken;

    void park(const OfficeNumber& office, std::chrono::milliseconds wait) {
        boost::asio::co_spawn(context, park_once(hub, office, wait, woken), [](const std::exception_ptr& error) {
            if (error) {
                std::rethrow_exception(error);
            }
        });
    }
};

} // namespace

TEST_CASE("a parked poll wakes when its own inbox changes", "[mailbox]") {
    Fixture f;
    f.park(ours, std::chrono::seconds(30));
    boost::asio::post(f.context, [&] { f.hub.notify({theirs, ours}); });
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::changed);
    CHECK(f.hub.parked() == 0);
}

TEST_CASE("a parked poll sleeps on when only other inboxes change", "[mailbox]") {
    Fixture f;
    f.park(ours, std::chrono::milliseconds(50));
    boost::asio::post(f.context, [&] { f.hub.notify({theirs}); });
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::deadline);
}

TEST_CASE("a change between registration and parking is not missed", "[mailbox]") {
    Fixture f;
    const auto late = [&]() -> Awaitable<void> {
        const Executor executor = co_await boost::asio::this_coro::executor;
        auto waiter = f.hub.wait_for(ours, executor);
        f.hub.notify({ours});
        boost::asio::steady_timer turn(executor, std::chrono::milliseconds(1));
        co_await turn.async_wait(use_relay_awaitable);
        f.woken = co_await waiter.park(std::chrono::steady_clock::now() + std::chrono::seconds(30));
    };
    boost::asio::co_spawn(f.context, late(), [](const std::exception_ptr&) {});
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::changed);
}

TEST_CASE("draining ends every wait, and every later one at once", "[mailbox]") {
    Fixture f;
    f.park(ours, std::chrono::seconds(30));
    boost::asio::post(f.context, [&] { f.hub.drain(); });
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken == Wake::drain);
    f.woken.reset();
    f.context.restart();
    f.park(theirs, std::chrono::seconds(30));
    f.context.run_for(std::chrono::seconds(5));
    CHECK(f.woken == Wake::drain);
}

TEST_CASE("after lost notifications everybody is woken", "[mailbox]") {
    Fixture f;
    f.park(ours, std::chrono::seconds(30));
    boost::asio::post(f.context, [&] { f.hub.notify_all(std::chrono::milliseconds(20)); });
    f.context.run_for(std::chrono::seconds(5));
    CHECK(f.woken == Wake::changed);
}
