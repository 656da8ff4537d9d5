#include "accounts_fixture.hpp"

#include "server/accounts/argon_pool.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <thread>

using namespace relay;
using server::accounts::ArgonPool;

TEST_CASE("a job of the pool runs on another thread and its result comes back", "[accounts]") {
    test::AccountsFixture fixture;
    ArgonPool pool(2);
    std::function<std::thread::id()> job = [] { return std::this_thread::get_id(); };
    const auto ran_on = fixture.run(pool.submit<std::thread::id>(std::move(job)));
    REQUIRE(ran_on.has_value());
    CHECK(*ran_on != std::this_thread::get_id());
}

TEST_CASE("beyond the pool's queue a password check is refused at once", "[accounts]") {
    test::AccountsFixture fixture;
    std::promise<void> gate;
    const auto opened = gate.get_future().share();
    ArgonPool pool(1, 1);
    std::vector<bool> outcomes;
    const auto ask = [&] {
        std::function<bool()> job = [opened] {
            opened.wait();
            return true;
        };
        boost::asio::co_spawn(
            fixture.io.get_executor(),
            pool.submit<bool>(std::move(job)),
            [&](const std::exception_ptr&, protocol::Result<bool> result) { outcomes.push_back(result.has_value()); }
        );
    };
    ask();
    ask();
    ask();
    ask();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    // One is at work at most and one waits: at least two of four are refused while nothing has ended.
    while (outcomes.size() < 2 && std::chrono::steady_clock::now() < until) {
        fixture.io.run_one_until(until);
    }
    CHECK(outcomes == std::vector<bool>{false, false});
    gate.set_value();
    while (outcomes.size() < 4 && std::chrono::steady_clock::now() < until) {
        fixture.io.run_one_until(until);
    }
    CHECK(outcomes.size() == 4);
    CHECK(outcomes.back());
}

TEST_CASE("a stopped pool answers unavailable", "[accounts]") {
    test::AccountsFixture fixture;
    ArgonPool pool(1);
    pool.stop();
    std::function<bool()> job = [] { return true; };
    const auto outcome = fixture.run(pool.submit<bool>(std::move(job)));
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code == protocol::ErrorCode::unavailable);
}
