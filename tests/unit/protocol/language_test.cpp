#include "protocol/problem.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace relay::protocol;

TEST_CASE("A language that is named goes before the wildcard of the same weight, in either order", "[protocol]") {
    CHECK(choose_language("*,ja") == Language::ja);
    CHECK(choose_language("ja,*") == Language::ja);
    CHECK(choose_language("*;q=0.5, ja;q=0.5") == Language::ja);
    CHECK(choose_language("*,en") == Language::en);
    CHECK(choose_language("en,*") == Language::en);
    CHECK(choose_language("*, en;q=0.9") == Language::ja);
}

TEST_CASE("A weight that is none leaves its language out", "[protocol]") {
    for (const char* const weight :
         {"q=",
          "q=2",
          "q=1.5",
          "q=1.001",
          "q=0x5",
          "q=0.a",
          "q=0./",
          "q=0.55555",
          "q",
          "x=1",
          "p=0.9",
          "=",
          "q=.5",
          "q=-1"}) {
        CAPTURE(weight);
        CHECK(choose_language(std::string("en;") + weight) == Language::ja);
        CHECK(choose_language(std::string("ja;") + weight + ", en;q=0.1") == Language::en);
    }
    for (const char* const weight : {"q=1", "q=1.", "q=1.000", "q=0.001", "Q=0.5", " q=0.5 "}) {
        CAPTURE(weight);
        CHECK(choose_language(std::string("en;") + weight) == Language::en);
    }
    CHECK(choose_language("en;q=0") == Language::ja);
    CHECK(choose_language("") == Language::ja);
    CHECK(choose_language(" , ;q=1,\t") == Language::ja);
    CHECK(choose_language("EN-us") == Language::en);
    CHECK(choose_language("[N") == Language::ja);
}
