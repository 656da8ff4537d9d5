#include "server/api/conditions.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace relay::server::api;

namespace {

struct RangeCase {
    std::string field;
    RangeKind kind;
    std::int64_t first;
    std::int64_t last;
};

} // namespace

// covers: §6 Range
TEST_CASE("a Range header gives exactly the bytes that RFC 9110 says", "[api]") {
    const std::vector<RangeCase> cases{
        {"bytes=0-0", RangeKind::part, 0, 0},
        {"bytes=10-19", RangeKind::part, 10, 19},
        {"BYTES=10-19", RangeKind::part, 10, 19},
        {"bytes=90-", RangeKind::part, 90, 99},
        {"bytes=90-500", RangeKind::part, 90, 99},
        {"bytes=-1", RangeKind::part, 99, 99},
        {"bytes=-500", RangeKind::part, 0, 99},
        {"bytes=0-99999999999999999999999999", RangeKind::part, 0, 99},
        {"bytes=100-", RangeKind::unsatisfiable, 0, 0},
        {"bytes=99999999999999999999999999-", RangeKind::unsatisfiable, 0, 0},
        {"bytes=-0", RangeKind::unsatisfiable, 0, 0},
        {"bytes=5-4", RangeKind::whole, 0, 0},
        {"bytes=0-1,5-6", RangeKind::whole, 0, 0},
        {"lines=0-1", RangeKind::whole, 0, 0},
        {"bytes=a-b", RangeKind::whole, 0, 0},
        {"bytes=-", RangeKind::whole, 0, 0},
        {"bytes=--5", RangeKind::whole, 0, 0},
        {"bytes=1-2-3", RangeKind::whole, 0, 0},
        {"bytes", RangeKind::whole, 0, 0},
        {"", RangeKind::whole, 0, 0},
    };
    for (const auto& c : cases) {
        INFO(c.field);
        const auto wish = read_range(c.field, 100);
        CHECK(wish.kind == c.kind);
        CHECK(wish.part.first == c.first);
        CHECK(wish.part.last == c.last);
    }
}

TEST_CASE("If-None-Match finds an ETag in a list, weakly", "[api]") {
    CHECK(none_match_names("\"a\"", "\"a\""));
    CHECK(none_match_names("W/\"a\"", "\"a\""));
    CHECK(none_match_names("\"x\", \"a\"", "\"a\""));
    CHECK(none_match_names(" * ", "\"a\""));
    CHECK_FALSE(none_match_names("\"b\"", "\"a\""));
    CHECK_FALSE(none_match_names("", "\"a\""));
    CHECK_FALSE(none_match_names(",,", "\"a\""));
    CHECK_FALSE(none_match_names("a", "\"a\""));
}
