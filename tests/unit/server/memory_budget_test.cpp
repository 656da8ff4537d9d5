#include "server/http/memory_budget.hpp"

#include "tests/support/run_coro.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <vector>

using relay::server::http::MemoryBudget;
using relay::test::run_coro;

TEST_CASE("a grant counts until it goes out of scope, and moves without counting twice", "[server]") {
    MemoryBudget budget(100);
    {
        auto first = run_coro(budget.take(60, "a"));
        REQUIRE(first.has_value());
        CHECK(budget.used() == 60);
        MemoryBudget::Grant moved = std::move(*first);
        MemoryBudget::Grant assigned;
        assigned = std::move(moved);
        CHECK(budget.used() == 60);
        const auto second = run_coro(budget.take(40, "b"));
        CHECK(second.has_value());
        CHECK(budget.used() == 100);
    }
    CHECK(budget.used() == 0);
}

TEST_CASE("what can never fit is refused at once, and what does not fit in time is unavailable", "[server]") {
    MemoryBudget budget(100);
    const auto too_large = run_coro(budget.take(101, "a"));
    REQUIRE_FALSE(too_large.has_value());
    CHECK(too_large.error().code == relay::protocol::ErrorCode::unavailable);
    CHECK(too_large.error().retry_after);
}

TEST_CASE("who waits gets the room that another gives back", "[server]") {
    MemoryBudget budget(100);
    boost::asio::io_context io;
    auto held = run_coro(budget.take(100, "a"));
    REQUIRE(held.has_value());
    bool granted = false;
    boost::asio::co_spawn(
        io.get_executor(),
        [&] { return budget.take(50, "b"); },
        [&](const std::exception_ptr& thrown, const auto& grant) { granted = !thrown && grant.has_value(); }
    );
    io.run_for(std::chrono::milliseconds(60));
    CHECK_FALSE(granted);
    held = MemoryBudget::Grant();
    io.run_for(std::chrono::seconds(3));
    CHECK(granted);
}

TEST_CASE("a caller gets an eighth of the memory, and another one still gets what it needs", "[server]") {
    MemoryBudget budget(1LL << 30);
    boost::asio::io_context io;
    bool granted = false;
    const auto ask = [&](std::int64_t bytes, const char* caller) {
        granted = false;
        boost::asio::co_spawn(
            io.get_executor(),
            budget.take(bytes, caller),
            [&](const std::exception_ptr& thrown, const auto& grant) { granted = !thrown && grant.has_value(); }
        );
        io.restart();
        io.run_for(std::chrono::milliseconds(60));
        return granted;
    };
    auto share = run_coro(budget.take(128LL << 20, "a"));
    REQUIRE(share.has_value());
    CHECK_FALSE(ask(1, "a"));
    CHECK(ask(128LL << 20, "b"));
    share = MemoryBudget::Grant();
    CHECK(ask(1, "a"));
}

TEST_CASE("the last sixteenth of the memory is for small bodies", "[server]") {
    MemoryBudget budget(1LL << 30);
    std::vector<MemoryBudget::Grant> held;
    for (const char* caller : {"a", "b", "c", "d", "e", "f", "g"}) {
        auto share = run_coro(budget.take(128LL << 20, caller));
        REQUIRE(share.has_value());
        held.push_back(std::move(*share));
    }
    auto rest = run_coro(budget.take(64LL << 20, "h"));
    REQUIRE(rest.has_value());
    CHECK(run_coro(budget.take(MemoryBudget::small_body, "i")).has_value());
    CHECK_FALSE(run_coro(budget.take(MemoryBudget::small_body + 1, "i")).has_value());
}
