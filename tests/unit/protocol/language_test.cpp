#include "protocol/problem.hpp"

#include <catch2/catch.hpp>

using namespace relay::protocol;

TEST_CASE("A language that is named goes before the wildcard of the same weight, in either order", "[protocol]") {
    CHECK(choose_language("*,ja") == Language::ja);
    CHECK(choose_language("ja,*") == Language::ja);
    CHECK(choose_language("*;q=0.5, ja;q=0.5") == Language::ja);
    CHECK(choose_language("*,en") == Language::en);
    CHECK(choose_language("en,*") == Language::en);
    CHECK(choose_language("*, en;q=0.9") == Language::ja);
}
