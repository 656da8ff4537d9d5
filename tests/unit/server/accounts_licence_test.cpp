#include "server/accounts/licence.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace relay;
using server::accounts::judge_cover;
using server::accounts::merge_grants;

namespace {

storage::LicenceRow grant(const std::string& from, const std::string& until) {
    storage::LicenceRow row;
    row.from = *protocol::parse_day(from);
    row.until = *protocol::parse_day(until);
    return row;
}

struct Case {
    std::string name;
    std::vector<storage::LicenceRow> grants;
    std::string today, state, valid_until;
};

} // namespace

TEST_CASE("an office is told the last day of its unbroken cover", "[accounts]") {
    const std::vector<Case> cases{
        {"no grant", {}, "2026-11-20", "none", ""},
        {"one grant, inside", {grant("2026-11-01", "2026-11-30")}, "2026-11-20", "valid", "2026-11-30"},
        {"its first day", {grant("2026-11-20", "2026-11-30")}, "2026-11-20", "valid", "2026-11-30"},
        {"its last day", {grant("2026-11-01", "2026-11-20")}, "2026-11-20", "valid", "2026-11-20"},
        {"the day after", {grant("2026-11-01", "2026-11-19")}, "2026-11-20", "ended", "2026-11-19"},
        {"the day before", {grant("2026-11-21", "2026-11-30")}, "2026-11-20", "future", "2026-11-30"},
        {"adjacent grants, any order",
         {grant("2026-12-01", "2026-12-31"), grant("2026-11-01", "2026-11-30")},
         "2026-11-20",
         "valid",
         "2026-12-31"},
        {"overlapping grants",
         {grant("2026-11-01", "2026-12-10"), grant("2026-11-15", "2026-11-25")},
         "2026-11-20",
         "valid",
         "2026-12-10"},
        {"a free day between",
         {grant("2026-11-01", "2026-11-29"), grant("2026-12-01", "2026-12-31")},
         "2026-11-20",
         "valid",
         "2026-11-29"},
        {"on the free day",
         {grant("2026-11-01", "2026-11-29"), grant("2026-12-01", "2026-12-31")},
         "2026-11-30",
         "future",
         "2026-12-31"},
        {"ended before it began", {grant("2026-11-01", "2020-01-01")}, "2026-11-20", "none", ""},
    };
    for (const auto& c : cases) {
        INFO(c.name);
        const auto cover = judge_cover(merge_grants(c.grants), *protocol::parse_day(c.today));
        CHECK(server::accounts::to_string(cover.state) == c.state);
        CHECK((cover.valid_until ? protocol::to_string(*cover.valid_until) : "") == c.valid_until);
    }
}
