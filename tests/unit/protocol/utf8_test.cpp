#include "protocol/utf8.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace relay::protocol;

TEST_CASE("The length of a character in UTF-8, and 0 for what is none", "[protocol]") {
    struct Row {
        std::string text;
        std::size_t length;
    };
    const Row rows[]{
        {"a", 1},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf3\xbf\xbf\xbf", 4},
        {"\x80", 0},     // begins in the middle
        {"\xc0\x80", 0}, // longer than it must be
        {"\xc1\xbf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xed\xa0\x80", 0}, // half of a surrogate pair
        {"\xed\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0}, // beyond U+10FFFF
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"\xc2", 0}, // cut short
        {"\xe3\x81", 0},
        {"\xf0\x90\x80", 0},
        {"\xc2\x41", 0}, // goes on with another character
        {"\xe3\x81\x41", 0},
        {"\xe3\x41\x81", 0},
        {"\xf0\x90\x80\xc0", 0},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        CHECK(utf8_length(row.text) == row.length);
        CHECK(utf8_length(row.text + "z") == row.length);
    }
}
