// What a hostile body costs.
#include "protocol/json_reader.hpp"

#include <catch2/catch.hpp>

#include <ctime>

using namespace relay::protocol;

namespace {

/// Findings as "pointer code" when nothing is asked for but the root.
std::vector<std::string> found_in(std::string_view text) {
    auto document = JsonDocument::parse(text, {});
    static_cast<void>(document.root());
    std::vector<std::string> out;
    for (const Finding& finding : document.finish()) {
        out.push_back(finding.pointer + " " + finding.code);
    }
    return out;
}

} // namespace

TEST_CASE("A body full of faults has a bounded answer", "[protocol]") {
    std::string many = "{";
    for (int i = 0; i < 50'000; ++i) {
        many += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":1";
    }
    many += '}';
    CHECK(found_in(many).size() == 1000);

    const std::string long_name(100'000, 'n');
    std::string heavy = "{";
    for (int i = 0; i < 9; ++i) {
        heavy += (i == 0 ? "\"" : ",\"") + long_name + std::to_string(i) + "\":1";
    }
    heavy += '}';
    CHECK(found_in(heavy).size() == 2);

    std::string values = "{\"a\":[0";
    for (int i = 0; i < 70'000; ++i) {
        values += ",0";
    }
    values += "]}";
    const auto found = found_in(values);
    REQUIRE(found.size() == 1);
    CHECK(found[0].ends_with(" out_of_range"));
}

TEST_CASE("What is wrong beneath a very long name costs no more than the body is long", "[protocol]") {
    const std::string long_name(450'000, 'n');
    std::string nul = R"({")" + long_name + R"(":["\u0000")";
    std::string twice = R"({")" + long_name + R"(":{"a":0)";
    std::string same = R"({")" + long_name.substr(0, 200'000) + R"(":{"a":"\u0000")";
    for (int i = 0; i < 30'000; ++i) {
        const std::string member = R"(,")" + std::to_string(i) + R"(":0)";
        nul += R"(,"\u0000","\u0000")";
        twice += member + member;
        same += R"(,"a":"\u0000")";
    }
    const std::clock_t before = std::clock();
    CHECK(found_in(nul + "]}") == std::vector<std::string>{" bad_format"});
    CHECK(found_in(twice + "}}") == std::vector<std::string>{" duplicate_member"});
    CHECK(found_in(same + "}}").size() <= 3);
    CHECK((std::clock() - before) / CLOCKS_PER_SEC < 5); // a pointer made for each: minutes
}
