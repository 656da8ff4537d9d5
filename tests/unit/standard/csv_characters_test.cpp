// Single characters of standard CSV files: line ends, two-byte characters, weekdays.
#include "tests/unit/standard/csv_files.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

using namespace relay::protocol;
using namespace relay::protocol::standard;
using namespace relay::protocol::standard::testing;

TEST_CASE("A lone CR ends a row, whatever comes after it", "[standard]") {
    for (const std::string next : {"\"202407\"", ",", "2", "\x82\xa0", "\r"}) {
        CAPTURE(next);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}}) {
            const auto report = check("UP1KYO" + tail, row(28, {{14, "20261120"}}, "\r") + next + "\r\n", piece);
            CHECK(report.count[index_of(Rule::content_line_end)] >= 1);
            CHECK(report.records >= 1);
        }
    }
}

TEST_CASE("A character of two bytes has a second byte of CP932", "[standard]") {
    const auto faults = [](const std::string& wide) {
        const auto report = check("UP1KYO" + tail, row(28, {{14, "20261120"}, {5, wide}}), 4096);
        return std::pair(
            report.count[index_of(Rule::content_encoding)], report.count[index_of(Rule::content_user_defined)]
        );
    };
    CHECK(faults("\x82\xa0") == std::pair<std::uint64_t, std::uint64_t>(0, 0));
    CHECK(faults("\x81\x40") == std::pair<std::uint64_t, std::uint64_t>(0, 0));
    for (const char* const wrong : {"\x81\x3f", "\x81\x7f", "\x81\xfd", "\x82\xff"}) {
        CHECK(faults(wrong).first >= 1);
    }
    for (const char* const own : {"\xf0\x40", "\xf9\xfc"}) {
        CHECK(faults(own).second == 1);
    }
    CHECK(faults("\xfa\x40").second == 0);
    CHECK(faults("\xef\x40").second == 0);
}

TEST_CASE("A weekday is one of seven digits", "[standard]") {
    const auto wrong = [](const std::string& day) {
        return check("UP3KYO" + tail, row(13, {{5, "20261120"}, {7, day}}), 4096)
            .count[index_of(Rule::content_weekday)];
    };
    for (const char* const good : {"1", "7", ""}) {
        CHECK(wrong(good) == 0);
    }
    for (const char* const bad : {"0", "8", "10", "a", "月"}) {
        CHECK(wrong(bad) == 1);
    }
}
