#include "server/http/memory_budget.hpp"

#include "tests/support/run_coro.hpp"

#include <catch2/catch.hpp>

#include <optional>

using relay::server::http::MemoryBudget;
using relay::test::run_coro;

TEST_CASE("a grant counts until it goes out of scope, and moves without counting twice", "[server]") {
    MemoryBudget budget(100);
    {
        auto first = run_coro(budget.take(60));
        REQUIRE(first.has_value());
        CHECK(budget.used() == 60);
        MemoryBudget::Grant moved = std::move(*first);
        MemoryBudget::Grant assigned;
        assigned = std::move(moved);
        CHECK(budget.used() == 60);
        const auto second = run_coro(budget.take(40));
        CHECK(second.has_value());
        CHECK(budget.used() == 100);
    }
    CHECK(budget.used() == 0);
}

TEST_CASE("what can never fit is refused at once, and what does not fit in time is unavailable", "[server]") {
    MemoryBudget budget(100);
    const auto too_large = run_coro(budget.take(101));
    REQUIRE_FALSE(too_large.has_value());
    CHECK(too_large.error().code == relay::protocol::ErrorCode::unavailable);
    CHECK(too_large.error().retry_after);
}

TEST_CASE("who waits gets the room that another gives back", "[server]") {
    MemoryBudget budget(100);
    boost::asio::io_context io;
    auto held = run_coro(budget.take(100));
    REQUIRE(held.has_value());
    bool granted = false;
    boost::asio::co_spawn(
        io.get_executor(),
        [&] { return budget.take(50); },
        [&](const std::exception_ptr& thrown, const auto& grant) { granted = !thrown && grant.has_value(); }
    );
    io.run_for(std::chrono::milliseconds(60));
    CHECK_FALSE(granted);
    held = MemoryBudget::Grant();
    io.run_for(std::chrono::seconds(3));
    CHECK(granted);
}
