#include "server/mailbox/changes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
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
park_once(Changes& hub, OfficeNumber office, Heed heed, std::chrono::milliseconds wait, std::optional<Wake>& woken) {
    const Executor executor = co_await boost::asio::this_coro::executor;
    auto waiter = hub.wait_for(office, heed, executor);
    woken = co_await waiter.park(std::chrono::steady_clock::now() + wait);
}

struct Fixture {
    boost::asio::io_context context{1};
    Changes hub{{&context}};
    std::optional<Wake> woken;

    void park(const OfficeNumber& office, std::chrono::milliseconds wait, Heed heed = Heed::every_change) {
        boost::asio::co_spawn(context, park_once(hub, office, heed, wait, woken), [](const std::exception_ptr& error) {
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
    boost::asio::post(f.context, [&] { f.hub.notify({{theirs}, {ours}}); });
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::changed);
    CHECK(f.hub.parked() == 0);
}

TEST_CASE("a parked poll sleeps on when only other inboxes change", "[mailbox]") {
    Fixture f;
    f.park(ours, std::chrono::milliseconds(50));
    boost::asio::post(f.context, [&] { f.hub.notify({{theirs}}); });
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::deadline);
}

TEST_CASE("a thread whose polls a change does not concern is not even woken", "[mailbox]") {
    Fixture f;
    f.park(ours, std::chrono::seconds(30), Heed::arrivals);
    f.context.poll();
    f.hub.notify({{theirs}});
    f.hub.notify({{ours, false}});
    CHECK(f.context.poll() == 0);
    f.hub.notify({{theirs}, {ours}});
    CHECK(f.context.poll() > 0);
    CHECK(f.woken == Wake::changed);
}

TEST_CASE("a change between registration and parking is not missed", "[mailbox]") {
    Fixture f;
    const auto late = [&]() -> Awaitable<void> {
        const Executor executor = co_await boost::asio::this_coro::executor;
        auto waiter = f.hub.wait_for(ours, Heed::every_change, executor);
        f.hub.notify({{ours}});
        boost::asio::steady_timer turn(executor, std::chrono::milliseconds(1));
        co_await turn.async_wait(use_relay_awaitable);
        f.woken = co_await waiter.park(std::chrono::steady_clock::now() + std::chrono::seconds(30));
    };
    boost::asio::co_spawn(f.context, late(), [](const std::exception_ptr&) {});
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::changed);
}

TEST_CASE("a poll that nobody needs any more ends, and stays ended", "[mailbox]") {
    Fixture f;
    const auto abandoned = [&]() -> Awaitable<void> {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        auto waiter = f.hub.wait_for(ours, Heed::every_change, f.context.get_executor());
        boost::asio::post(f.context, [&waiter] { waiter.abandon(); });
        const auto first = co_await waiter.park(deadline);
        CHECK(first == Wake::abandoned);
        f.woken = co_await waiter.park(deadline);
    };
    boost::asio::co_spawn(f.context, abandoned, boost::asio::detached);
    f.context.run_for(std::chrono::seconds(5));
    CHECK(f.woken == Wake::abandoned);
    CHECK(f.hub.parked() == 0);
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

TEST_CASE("who waits for an arrival sleeps on while bundles only leave", "[mailbox]") {
    Fixture f;
    f.park(ours, std::chrono::milliseconds(50), Heed::arrivals);
    boost::asio::post(f.context, [&] { f.hub.notify({{ours, false}}); });
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::deadline);

    f.woken.reset();
    f.context.restart();
    f.park(ours, std::chrono::seconds(30), Heed::arrivals);
    boost::asio::post(f.context, [&] { f.hub.notify({{ours, true}}); });
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::changed);
}

TEST_CASE("who knows another page is woken when a bundle leaves", "[mailbox]") {
    Fixture f;
    f.park(ours, std::chrono::seconds(30));
    boost::asio::post(f.context, [&] { f.hub.notify({{ours, false}}); });
    f.context.run_for(std::chrono::seconds(5));
    REQUIRE(f.woken.has_value());
    CHECK(*f.woken == Wake::changed);
}

TEST_CASE("an inbox is known to be empty only from a look that no arrival has overtaken", "[mailbox]") {
    Fixture f;
    f.hub.heard();
    CHECK_FALSE(f.hub.nothing_waits(ours));
    const auto look = f.hub.begin_look(ours);
    CHECK_FALSE(f.hub.nothing_waits(ours));
    f.hub.notify({{theirs, true}, {ours, false}});
    f.hub.saw_nothing(ours, look);
    CHECK(f.hub.nothing_waits(ours));
    CHECK_FALSE(f.hub.nothing_waits(theirs));

    f.hub.notify({{ours, true}});
    CHECK_FALSE(f.hub.nothing_waits(ours));
    const auto overtaken = f.hub.begin_look(ours);
    f.hub.notify({{ours, true}});
    f.hub.saw_nothing(ours, overtaken);
    CHECK_FALSE(f.hub.nothing_waits(ours));
}

TEST_CASE("what is known of inboxes ends with the connection that notifications come over", "[mailbox]") {
    Fixture f;
    f.hub.saw_nothing(ours, f.hub.begin_look(ours));
    CHECK_FALSE(f.hub.nothing_waits(ours)); // nothing was ever heard
    f.hub.heard();
    f.hub.saw_nothing(ours, f.hub.begin_look(ours));
    REQUIRE(f.hub.nothing_waits(ours));
    const auto before = f.hub.begin_look(ours);
    f.hub.notify_all(std::chrono::milliseconds(1));
    CHECK_FALSE(f.hub.nothing_waits(ours));
    f.hub.saw_nothing(ours, before); // what came meanwhile was not heard
    CHECK_FALSE(f.hub.nothing_waits(ours));
}
