// The table of rules, what a set of names gives occasion to keep, and the tables' own words.
#include "protocol/standard/rules.hpp"

#include "protocol/standard/file_name.hpp"
#include "protocol/standard/sending_unit.hpp"
#include "protocol/standard/tables.hpp"
#include "protocol/standard/units.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace relay::protocol;
using namespace relay::protocol::standard;

namespace {

std::string name(const std::string& table, const std::string& middle = "", const std::string& end = ".CSV") {
    return table + middle + "_2670100011_43_2670100029_11_20261120091500" + end;
}

std::set<std::string> ids(const RuleSet& met) {
    std::set<std::string> found;
    for (const auto& row : all_rules()) {
        if (met.test(index_of(row.rule))) {
            found.insert(std::string(row.id));
        }
    }
    return found;
}

const std::set<std::string> of_every_name{
    "name.general", "name.type", "name.prefix", "name.extension", "name.parts", "name.office", "name.sequence"};
const std::set<std::string> of_every_unit{
    "unit.not_empty", "unit.sender", "unit.recipient", "unit.complete", "unit.combination"};
const std::set<std::string> of_several{
    "name.unique", "unit.grammar", "unit.service_codes", "unit.sequence", "unit.table_once"};

std::set<std::string> join(std::initializer_list<std::set<std::string>> sets) {
    std::set<std::string> all;
    for (const auto& one : sets) {
        all.insert(one.begin(), one.end());
    }
    return all;
}

} // namespace

TEST_CASE("The table of rules is its own index, and each rule is found by its name", "[standard]") {
    REQUIRE(all_rules().size() == rule_count);
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < rule_count; ++i) {
        const auto& row = all_rules()[i];
        CHECK(index_of(row.rule) == i);
        CHECK(find_rule(row.id) == row.rule);
        CHECK(seen.insert(row.id).second);
        CHECK_FALSE((row.japanese.empty() || row.english.empty()));
        const auto code = code_of(row.rule);
        CHECK(code.has_value() == (row.group != RuleGroup::content));
    }
    CHECK_FALSE(find_rule("name.none"));
    CHECK(code_of(Rule::name_type) == ErrorCode::file_type_not_allowed);
    CHECK(code_of(Rule::name_month) == ErrorCode::bad_file_name);
    CHECK(code_of(Rule::unit_month) == ErrorCode::bad_file_combination);
}

TEST_CASE("What names give occasion to keep", "[standard]") {
    const UnitOptions options;
    CHECK(ids(rules_met({}, options)) == std::set<std::string>{"unit.not_empty"});
    CHECK(
        ids(rules_met({"letter.pdf"}, options)) == std::set<std::string>{"name.general", "name.type", "unit.not_empty"}
    );
    CHECK(
        ids(rules_met({name("UPJSK", "_202611")}, options)) ==
        join({of_every_name, of_every_unit, {"name.service_code", "name.month"}})
    );
    CHECK(
        ids(rules_met({name("UPPLAN", "_202611"), name("UPSIKYU", "_202611"), name("UPHOSOKU", "_202611")}, options)) ==
        join({of_every_name, of_every_unit, of_several, {"name.service_code", "name.month", "unit.month"}})
    );
    CHECK(
        ids(rules_met({name("UP1KYO"), name("UP2KYO"), name("UPHOSOKU", "_000000")}, options)) ==
        join({of_every_name, of_every_unit, of_several, {"name.service_code", "name.month", "unit.supplement_month"}})
    );
    for (const auto* table : {"UP1KYO", "UP2KYO", "UP3KYO"}) {
        CHECK(ids(rules_met({name(table), name("UPHOSOKU", "_000000")}, options)).contains("unit.supplement_month"));
        CHECK_FALSE(ids(rules_met({name(table)}, options)).contains("unit.supplement_month"));
    }
    CHECK_FALSE(ids(rules_met({name("UPPLAN", "_202611")}, options)).contains("unit.month"));
    const auto kihon = ids(rules_met({name("UPKIHON"), name("UPKIHON_IMAGE", "", "_0001.jpg")}, options));
    CHECK((kihon.contains("unit.parent") && kihon.contains("name.image_number")));
    CHECK_FALSE(kihon.contains("unit.parts"));
    CHECK_FALSE(ids(rules_met({name("UPJSK", "_202611")}, options)).contains("unit.parent"));
}

TEST_CASE("What the switches of a relay give occasion to keep", "[standard]") {
    UnitOptions options;
    options.require_parts = true;
    CHECK(ids(rules_met({name("UPKIHON")}, options)).contains("unit.parts"));
    CHECK(ids(rules_met({name("UPYOBO")}, options)).contains("unit.parts"));
    CHECK_FALSE(ids(rules_met({name("UPJSK", "_202611")}, options)).contains("unit.parts"));
    const std::string old = "UP1KYO_2670100011_2670100029_20261120091500.CSV";
    options.accept_v3 = true;
    const auto met = ids(rules_met({old}, options));
    CHECK((met.contains("name.v3_ended") && !met.contains("name.service_code")));
    options.accept_v3 = false;
    CHECK(ids(rules_met({old}, options)).contains("name.v3_ended"));
    CHECK(ids(rules_met({"UPPLAN_2026_x.CSV"}, options)).contains("name.parts"));
}

TEST_CASE("Kinds and partial units have their words", "[standard]") {
    CHECK(japanese_name_of(UnitKind::registration) == "登録");
    CHECK(japanese_name_of(UnitKind::deletion) == "削除");
    CHECK(japanese_name_of(UnitKind::other) == "PDF等");
    CHECK(english_name_of(UnitKind::registration) == "registration");
    CHECK(english_name_of(UnitKind::deletion) == "deletion");
    CHECK(english_name_of(UnitKind::other) == "PDF and others");
    for (const auto* text : {"", "P1", "P2,P3", "P1,P2,P3"}) {
        const auto set = parse_partial_units(text);
        REQUIRE(set);
        CHECK(name_units(*set) == text);
    }
    CHECK(known_versions().size() == 5);
    for (const auto& version : known_versions()) {
        CHECK(find_version(version.value) == &version);
    }
}

TEST_CASE("The form of a name, of both grammars", "[standard]") {
    CHECK(
        form_of_name(Table::upplan, Grammar::v4, false) == "UPPLAN_YYYYMM_SENDER_CODE_RECIPIENT_CODE_YYYYMMDDHHMMSS.CSV"
    );
    CHECK(form_of_name(Table::up1kyo, Grammar::v3, false) == "UP1KYO_SENDER_RECIPIENT_YYYYMMDDHHMMSS.CSV");
    CHECK(form_of_name(Table::upkihon_image, Grammar::v4, true).ends_with("_枝番.jpg"));
}

TEST_CASE("Control characters of Latin-1 are not allowed in names, and what stands beside them is", "[standard]") {
    const auto good = [](const std::string& text) {
        return !std::holds_alternative<std::vector<NameFault>>(parse_file_name(text, {}));
    };
    CHECK(good("\xc2\xa0x.pdf"));
    CHECK(good("\xc3\x80x.pdf"));
    for (const char* const text : {"\xc2\x80x.pdf", "\xc2\x9fx.pdf", "x\x7f.pdf", "x\x1f.pdf", "x.pd\xc2\x85"}) {
        CAPTURE(text);
        CHECK_FALSE(good(text));
    }
    (void)good("x.pdf\xc2"); // ends in the middle of a character: nothing is read behind it
}
