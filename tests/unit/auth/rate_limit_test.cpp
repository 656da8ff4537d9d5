#include "auth/rate_limit.hpp"

#include <catch2/catch.hpp>

using relay::auth::RateLimit;
using namespace std::chrono_literals;

namespace {
const RateLimit::Clock::time_point start{1h};
}

TEST_CASE("A bucket gives its burst at once and then its rate", "[auth]") {
    RateLimit limit(10, 5);
    for (int i = 0; i < 5; ++i) {
        CHECK_FALSE(limit.take("a", start));
    }
    CHECK(limit.take("a", start) == 100ms);
    CHECK(limit.take("a", start + 40ms) == 60ms);
    CHECK_FALSE(limit.take("a", start + 100ms));
    CHECK(limit.take("a", start + 100ms) == 100ms);
}

TEST_CASE("A refused request costs no token", "[auth]") {
    RateLimit limit(1, 1);
    CHECK_FALSE(limit.take("a", start));
    for (int i = 1; i < 10; ++i) {
        CHECK(limit.take("a", start + i * 100ms).has_value());
    }
    CHECK_FALSE(limit.take("a", start + 1s));
}

TEST_CASE("Keys do not share a bucket", "[auth]") {
    RateLimit limit(1, 1);
    CHECK_FALSE(limit.take("a", start));
    CHECK_FALSE(limit.take("b", start));
    CHECK(limit.take("a", start));
}

TEST_CASE("A bucket never holds more than its burst, and time that goes back takes nothing", "[auth]") {
    RateLimit limit(10, 2);
    CHECK_FALSE(limit.take("a", start));
    CHECK_FALSE(limit.take("a", start + 1h));
    CHECK_FALSE(limit.take("a", start + 1h));
    CHECK(limit.take("a", start + 1h) == 100ms);
    CHECK(limit.take("a", start) == 100ms);
}

TEST_CASE("A rate of 0 switches the limit off", "[auth]") {
    RateLimit limit(0, 1);
    for (int i = 0; i < 1000; ++i) {
        REQUIRE_FALSE(limit.take("a", start));
    }
    CHECK(limit.keys() == 0);
}

TEST_CASE("Memory is bounded: full buckets are forgotten first", "[auth]") {
    RateLimit limit(1, 2, 10);
    for (int i = 0; i < 9; ++i) {
        CHECK_FALSE(limit.take("old" + std::to_string(i), start));
    }
    CHECK_FALSE(limit.take("busy", start + 10s));
    CHECK_FALSE(limit.take("busy", start + 10s));
    CHECK_FALSE(limit.take("new", start + 10s));
    CHECK(limit.keys() == 2);
    CHECK(limit.take("busy", start + 10s).has_value());
}

TEST_CASE("Memory is bounded even when no bucket is full", "[auth]") {
    RateLimit limit(0.001, 100, 10);
    for (int i = 0; i < 1000; ++i) {
        REQUIRE_FALSE(limit.take(std::to_string(i), start));
        REQUIRE(limit.keys() <= 10);
    }
}
