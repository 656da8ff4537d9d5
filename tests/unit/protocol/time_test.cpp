#include "protocol/time.hpp"

#include <catch2/catch.hpp>

using namespace relay::protocol;

TEST_CASE("Times of RFC 3339 are read in every zone and told in UTC", "[protocol]") {
    const std::vector<std::pair<std::string, std::string>> pairs{
        {"2026-11-20T09:15:00+09:00", "2026-11-20T00:15:00.000Z"},
        {"2026-11-20T00:15:00Z", "2026-11-20T00:15:00.000Z"},
        {"2026-11-20t00:15:00z", "2026-11-20T00:15:00.000Z"},
        {"2026-11-20T00:15:00.1Z", "2026-11-20T00:15:00.100Z"},
        {"2026-11-20T00:15:00.123999999999Z", "2026-11-20T00:15:00.123Z"},
        {"2026-11-20T00:15:00-00:00", "2026-11-20T00:15:00.000Z"},
        {"2024-02-29T23:30:00-01:30", "2024-03-01T01:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
        {"2017-01-01T08:59:60.5+09:00", "2017-01-01T00:00:00.500Z"},
    };
    for (const auto& [text, told] : pairs) {
        CAPTURE(text);
        const auto time = parse_rfc3339(text);
        REQUIRE(time);
        CHECK(to_rfc3339(*time) == told);
    }
}

TEST_CASE("What is no RFC 3339 time with a zone is refused", "[protocol]") {
    for (const std::string text :
         {"",
          "2026-11-20",
          "2026-11-20T09:15:00",
          "2026-11-20 09:15:00Z",
          "2026-11-20T09:15Z",
          "2026-11-20T09:15:00.Z",
          "2026-11-20T09:15:00,5Z",
          "2026-11-20T24:00:00Z",
          "2026-11-20T09:60:00Z",
          "2026-11-20T09:15:60Z",
          "2026-11-20T23:59:60Z",
          "2026-11-20T09:15:61Z",
          "2026-02-29T09:15:00Z",
          "2026-13-01T09:15:00Z",
          "2026-00-01T09:15:00Z",
          "2026-11-31T09:15:00Z",
          "2026-11-20T09:15:00+24:00",
          "2026-11-20T09:15:00+0900",
          "2026-11-20T09:15:00+09",
          "2026-11-20T09:15:00ZZ",
          "2026-11-20T09:15:00Z ",
          "+2026-11-20T09:15:00Z",
          "20261-11-20T09:15:00Z",
          "0000-01-01T00:00:00+09:00",
          "9999-12-31T23:59:59-00:01"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_rfc3339(text));
    }
}

TEST_CASE("The day changes at midnight in Japan", "[protocol]") {
    CHECK(to_string(day_in_japan(*parse_rfc3339("2026-11-20T14:59:59.999Z"))) == "2026-11-20");
    CHECK(to_string(day_in_japan(*parse_rfc3339("2026-11-20T15:00:00Z"))) == "2026-11-21");
    CHECK(to_string(day_in_japan(*parse_rfc3339("1969-12-31T14:00:00Z"))) == "1969-12-31");
}

TEST_CASE("Days are read when they are in the calendar", "[protocol]") {
    REQUIRE(parse_day("2024-02-29"));
    CHECK(to_string(*parse_day("2024-02-29")) == "2024-02-29");
    for (const std::string bad : {"2023-02-29", "2024-2-29", "2024-02-29T", "20240229", "", "2024-02-30"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_day(bad));
    }
}

TEST_CASE("Waits are told in whole seconds, rounded up", "[protocol]") {
    CHECK(seconds_up(Duration(0)) == 0);
    CHECK(seconds_up(Duration(1)) == 1);
    CHECK(seconds_up(Duration(1000)) == 1);
    CHECK(seconds_up(Duration(1001)) == 2);
}
