#include "protocol/standard/sending_unit.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace relay::protocol;
using namespace relay::protocol::standard;

namespace {

const OfficeNumber sender = *OfficeNumber::parse("0300000100");
const OfficeNumber recipient = *OfficeNumber::parse("0300000005");

UnitVerdict check(const std::vector<std::string>& names, bool accept_v3 = true) {
    UnitOptions options;
    options.accept_v3 = accept_v3;
    return check_unit(names, sender, recipient, options);
}

/// "UPPLAN:202611" → a v4 name with that month; "UP1KYO" → one without.
std::string v4(const std::string& what, const std::string& stamp = "20261120091500") {
    const auto colon = what.find(':');
    const auto month = colon == std::string::npos ? std::string() : "_" + what.substr(colon + 1);
    return what.substr(0, colon) + month + "_0300000100_43_0300000005_11_" + stamp + ".CSV";
}

std::string v3(const std::string& what) {
    const auto colon = what.find(':');
    const auto month = colon == std::string::npos ? std::string() : "_" + what.substr(colon + 1);
    return what.substr(0, colon) + month + "_0300000100_0300000005_20261120091500.CSV";
}

std::string image(int number) {
    return "UPKIHON_IMAGE_0300000100_43_0300000005_11_20261120091500_000" + std::to_string(number) + ".jpg";
}

std::vector<std::string> all(std::string (*grammar)(const std::string&), const std::vector<std::string>& what) {
    std::vector<std::string> names;
    std::transform(what.begin(), what.end(), std::back_inserter(names), grammar);
    return names;
}

std::string v4_same_stamp(const std::string& what) {
    return v4(what);
}

struct Unit {
    const char* id;
    UnitKind kind;
    std::vector<std::string> names;
};

std::vector<Unit> permitted_units() {
    const auto reg = UnitKind::registration;
    const auto del = UnitKind::deletion;
    const auto n4 = v4_same_stamp;
    return {
        {"P1", reg, all(v3, {"UP1KYO", "UP2KYO", "UPHOSOKU:000000"})},
        {"P2", reg, all(n4, {"UP1KYO", "UP2KYO", "UP3KYO", "UPHOSOKU:000000"})},
        {"P3", reg, all(n4, {"UPPLAN:202611", "UPSIKYU:202611", "UPHOSOKU:202611"})},
        {"P3", reg, all(v3, {"UPHOSOKU:202611", "UPPLAN:202611", "UPSIKYU:202611"})},
        {"P4", del, all(n4, {"DLT1KYO"})},
        {"P4", del, all(v3, {"DLT1KYO"})},
        {"P5", del, all(n4, {"DLTPLAN:202611"})},
        {"P5", del, all(v3, {"DLTPLAN:202611"})},
        {"P6", reg, all(n4, {"UPJSK:202611"})},
        {"P6", reg, all(v3, {"UPJSK:202611"})},
        {"P7", del, all(n4, {"DLTJSK:202611"})},
        {"P7", del, all(v3, {"DLTJSK:202611"})},
        {"P8", reg, all(n4, {"UPKIHON"})},
        {"P8", reg, {v4("UPKIHON"), v4("UPKIHON_SUB1"), v4("UPKIHON_SUB2"), image(1), image(2)}},
        {"P8", reg, {image(1), v4("UPKIHON")}},
        {"P9", reg, all(n4, {"UPYOBO", "UPKIHON"})},
        {"P9", reg, {v4("UPYOBO"), v4("UPYOBO_SUB"), v4("UPKIHON"), v4("UPKIHON_SUB2"), image(3)}},
        {"P10", reg, all(n4, {"UPYOBO"})},
        {"P10", reg, all(n4, {"UPYOBO_SUB", "UPYOBO"})},
        {"P11", del, all(n4, {"DLTKIHON"})},
        {"P12", del, all(n4, {"DLTYOBO"})},
        {"P13", UnitKind::other, {"a.pdf", "b.txt", "c.png"}},
    };
}

} // namespace

TEST_CASE("every permitted sending unit is recognised, with and without attachments", "[protocol]") {
    for (auto& unit : permitted_units()) {
        for (const bool attach : {false, true}) {
            if (attach) {
                unit.names.insert(unit.names.begin(), "ケアプラン.pdf");
            }
            INFO(unit.id << " " << unit.names.back());
            const auto verdict = check(unit.names);
            CHECK(verdict.findings.empty());
            CHECK(verdict.unit == unit.id);
            CHECK(verdict.kind == unit.kind);
        }
    }
}

TEST_CASE("the month 000000 beside a slip is a wrong name", "[protocol]") {
    const auto verdict = check(all(v4_same_stamp, {"UPPLAN:202611", "UPSIKYU:202611", "UPHOSOKU:000000"}));
    REQUIRE(verdict.findings.size() == 1);
    CHECK(code_of(verdict.findings[0].rule) == ErrorCode::bad_file_name);
    CHECK(verdict.findings[0].file == 2);
    CHECK(verdict.unit.empty());
}

TEST_CASE("while a name cannot be read, what is wrong among the others is told all the same", "[protocol]") {
    const auto verdict =
        check({"free.csv", v4_same_stamp("UP1KYO"), v4("UP2KYO", "20261120091501"), v4("UP2KYO", "20261120091501")});
    std::vector<std::pair<std::size_t, Rule>> found;
    for (const auto& finding : verdict.findings) {
        found.emplace_back(finding.file, finding.rule);
    }
    CHECK(std::ranges::count(found, std::pair(std::size_t{2}, Rule::unit_sequence)) == 1);
    CHECK(std::ranges::count(found, std::pair(std::size_t{3}, Rule::unit_table_once)) == 1);
    CHECK(std::ranges::count_if(found, [](const auto& f) { return f.first == 0; }) == 1);
}

TEST_CASE("a set of files that is no sending unit is a bad combination", "[protocol]") {
    const auto n4 = v4_same_stamp;
    const std::vector<std::vector<std::string>> wrong{
        all(n4, {"UP1KYO"}),
        all(n4, {"UP1KYO", "UP2KYO"}),
        all(n4, {"UP1KYO", "UP2KYO", "UPHOSOKU:000000"}),
        all(n4, {"UP1KYO", "UP2KYO", "UP3KYO"}),
        all(n4, {"UP2KYO", "UP3KYO", "UPHOSOKU:000000"}),
        all(v3, {"UP1KYO", "UP2KYO"}),
        all(v3, {"UP1KYO", "UPHOSOKU:000000"}),
        all(n4, {"UPPLAN:202611"}),
        all(n4, {"UPPLAN:202611", "UPSIKYU:202611"}),
        all(n4, {"UPSIKYU:202611", "UPHOSOKU:202611"}),
        all(n4, {"UPHOSOKU:202611"}),
        all(n4, {"UPHOSOKU:000000"}),
        all(n4, {"UP1KYO", "UP2KYO", "UP3KYO", "UPHOSOKU:202611"}),
        all(n4, {"UPPLAN:202611", "UPSIKYU:202612", "UPHOSOKU:202611"}),
        all(n4, {"UPPLAN:202611", "UPSIKYU:202611", "UPHOSOKU:202612"}),
        all(n4, {"DLT1KYO", "DLTPLAN:202611"}),
        all(n4, {"UPJSK:202611", "UPPLAN:202611"}),
        all(n4, {"UPJSK:202611", "DLTJSK:202611"}),
        all(n4, {"UPJSK:202611", "UPJSK:202612"}),
        all(n4, {"UPKIHON_SUB1"}),
        all(n4, {"UPKIHON_SUB2", "UPYOBO"}),
        {image(1)},
        {image(1), "a.pdf"},
        {v4("UPYOBO"), image(1)},
        all(n4, {"UPYOBO_SUB"}),
        all(n4, {"UPYOBO_SUB", "UPKIHON"}),
        all(n4, {"DLTKIHON", "DLTYOBO"}),
        all(n4, {"UPKIHON", "DLTKIHON"}),
        all(n4, {"UP1KYO", "UP2KYO", "UP3KYO", "UPHOSOKU:000000", "DLT1KYO"}),
        all(n4,
            {"UP1KYO", "UP2KYO", "UP3KYO", "UPHOSOKU:000000", "UPPLAN:202611", "UPSIKYU:202611", "UPHOSOKU:202611"}),
        {v4("UPYOBO"), v4("UPYOBO_SUB", "20261120091501")},
        {v4("UPPLAN:202611"), v4("UPSIKYU:202611"), v3("UPHOSOKU:202611")},
        {v4("UPJSK:202611"), v4("UPJSK:202611", "20261120091501")},
    };
    for (const auto& names : wrong) {
        INFO(names.front() << " and " << names.size() - 1 << " more, ending with " << names.back());
        const auto verdict = check(names);
        CHECK_FALSE(verdict.findings.empty());
        CHECK(verdict.unit.empty());
        for (const auto& finding : verdict.findings) {
            CHECK(code_of(finding.rule) == ErrorCode::bad_file_combination);
            CHECK(finding.file < names.size());
            CHECK_FALSE(finding.text_ja.empty());
            CHECK_FALSE(finding.text_en.empty());
        }
    }
}

TEST_CASE("a file of other offices or another service is found at its own place", "[protocol]") {
    const auto verdict = check({
        "UPPLAN_202611_0300000100_43_0300000005_11_20261120091500.CSV",
        "UPSIKYU_202611_0300000100_43_0300000006_11_20261120091500.CSV",
        "UPHOSOKU_202611_0300000100_43_0300000005_2A_20261120091500.CSV",
    });
    REQUIRE(verdict.findings.size() == 2);
    CHECK(verdict.findings[0].file == 1);
    CHECK(verdict.findings[1].file == 2);

    CHECK(check({"UPJSK_202611_0300000005_11_0300000100_43_20261120091500.CSV"}).findings.size() == 2);
}

TEST_CASE("two names that differ only in the case of ASCII letters are a bad file name", "[protocol]") {
    const auto verdict = check({"Plan.pdf", "other.pdf", "plan.PDF"});
    REQUIRE(verdict.findings.size() == 1);
    CHECK(verdict.findings[0].file == 2);
    CHECK(code_of(verdict.findings[0].rule) == ErrorCode::bad_file_name);
    // Letters outside ASCII are compared as they are.
    CHECK(check({"é.pdf", "É.pdf"}).findings.empty());
}

TEST_CASE("only the wrong files of a mixture are told, each with its rule", "[protocol]") {
    const auto only = [](const std::vector<std::string>& names, std::size_t file) {
        const auto verdict = check(names);
        REQUIRE(verdict.findings.size() == 1);
        CHECK(verdict.findings.front().file == file);
        return row_of(verdict.findings.front().rule).id;
    };
    const auto plan = v4("UPPLAN:202611"), cost = v4("UPSIKYU:202611"), more = v4("UPHOSOKU:202611");
    CHECK(only({plan, cost, v3("UPHOSOKU:202611")}, 2) == "unit.grammar");
    CHECK(only({plan, v4("UPSIKYU:202611", "20261120091501"), more}, 1) == "unit.sequence");
    CHECK(only({plan, cost, v4("UPHOSOKU:202612")}, 2) == "unit.month");
    CHECK(only({v4("UP1KYO"), v4("UP2KYO"), v4("UP3KYO"), more}, 3) == "unit.supplement_month");
    CHECK(only({v4("UPJSK:202611"), v4("UPJSK:202611") + "x.csv"}, 1) == "name.sequence");
    CHECK(only({"a.pdf", v4("UPYOBO_SUB")}, 1) == "unit.parent");
    CHECK(only({"a.pdf", plan, cost}, 1) == "unit.complete");
    CHECK(only({v4("DLT1KYO"), v4("DLTPLAN:202611")}, 0) == "unit.combination");
    CHECK(only({}, 0) == "unit.not_empty");
}

TEST_CASE("all that is wrong with the names of one bundle is told at once", "[protocol]") {
    const auto verdict =
        check({"plan.docx", "plan.csv", "a/b.pdf", "UPJSK_202611_0300000100_43_0300000006_11_20261120091500.CSV"});
    REQUIRE(verdict.findings.size() == 4);
    CHECK(code_of(verdict.findings[0].rule) == ErrorCode::file_type_not_allowed);
    CHECK(code_of(verdict.findings[1].rule) == ErrorCode::bad_file_name);
    CHECK(code_of(verdict.findings[2].rule) == ErrorCode::bad_file_name);
    CHECK(code_of(verdict.findings[3].rule) == ErrorCode::bad_file_combination);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(verdict.findings[i].file == i);
    }
}

TEST_CASE("what a set lacks is named", "[protocol]") {
    const auto verdict = check({v4("UP1KYO"), v4("UP2KYO"), v4("UPHOSOKU:000000")});
    REQUIRE(verdict.findings.size() == 1);
    CHECK_THAT(verdict.findings[0].text_en, Catch::Contains("UP3KYO"));
    CHECK_THAT(verdict.findings[0].text_ja, Catch::Contains("UP3KYO"));
}

TEST_CASE("v3 units are refused once they are switched off", "[protocol]") {
    const auto verdict = check(all(v3, {"UP1KYO", "UP2KYO", "UPHOSOKU:000000"}), false);
    REQUIRE(verdict.findings.size() == 3);
    for (const auto& finding : verdict.findings) {
        CHECK(finding.rule == Rule::name_v3_ended);
    }
}

TEST_CASE("a bundle without files is no sending unit", "[protocol]") {
    CHECK(check({}).findings.size() == 1);
}

TEST_CASE("the end date of v3 is the last day, in Japan, on which old names are taken", "[protocol]") {
    UnitSettings settings;
    settings.v3_until = parse_day("2027-01-31");
    CHECK(settings.at(*parse_rfc3339("2027-01-31T23:59:59+09:00")).accept_v3);
    CHECK_FALSE(settings.at(*parse_rfc3339("2027-02-01T00:00:00+09:00")).accept_v3);
    settings.options.accept_v3 = false;
    CHECK_FALSE(settings.at(*parse_rfc3339("2026-11-20T00:00:00Z")).accept_v3);
    CHECK(UnitSettings().at(*parse_rfc3339("2099-01-01T00:00:00Z")).accept_v3);
}

TEST_CASE("units may lack files, and must have their parts, where that is switched on", "[protocol]") {
    const auto judge = [](const std::vector<std::string>& names, const UnitOptions& options) {
        return check_unit(names, sender, recipient, options).unit;
    };
    UnitOptions partial;
    partial.partial_units = *parse_partial_units("P1, P2,P3");
    CHECK(judge({v4("UP1KYO")}, partial) == "P2");
    CHECK(judge({v3("UP1KYO")}, partial) == "P1");
    CHECK(judge({v4("UPHOSOKU:000000")}, partial) == "P2");
    CHECK(judge({v4("UPHOSOKU:202611")}, partial) == "P3");
    CHECK(judge({v4("UPPLAN:202611"), v4("UPSIKYU:202611")}, partial) == "P3");
    CHECK(judge({v4("UPPLAN:202611"), v4("UP1KYO")}, partial).empty());
    UnitOptions only_plans;
    only_plans.partial_units = *parse_partial_units("P2");
    CHECK(judge({v4("UPPLAN:202611")}, only_plans).empty());
    UnitOptions parts;
    parts.require_parts = true;
    CHECK(judge({v4("UPKIHON")}, parts).empty());
    CHECK(judge({v4("UPKIHON"), v4("UPKIHON_SUB1"), v4("UPKIHON_SUB2")}, parts) == "P8");
    CHECK(judge({v4("UPYOBO"), v4("UPYOBO_SUB")}, parts) == "P10");
    for (const char* wrong : {"P4", "P13", "p2", "P2;P3", ",", "P2,,P3"}) {
        CHECK_FALSE(parse_partial_units(wrong));
    }
}

TEST_CASE("what kind a bundle is, is told by its names", "[protocol]") {
    for (const auto& unit : permitted_units()) {
        CHECK(kind_of(unit.names) == unit.kind);
    }
    CHECK(japanese_name_of(UnitKind::other) == "PDF等");
}
