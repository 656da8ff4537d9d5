// Every set of tables, not a choice of them, against the list of sets that standard.md §2.1 permits.
#include "protocol/standard/sending_unit.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace relay::protocol;
using namespace relay::protocol::standard;

namespace {

const OfficeNumber sender = *OfficeNumber::parse("0300000100");
const OfficeNumber recipient = *OfficeNumber::parse("0300000005");

using Set = std::set<std::string>;

/// Written out from the table of §2.1, apart from the code's own.
std::map<Set, std::string> permitted(bool v4) {
    std::map<Set, std::string> sets{
        {{"UPPLAN", "UPSIKYU", "UPHOSOKU"}, "P3"},
        {{"DLT1KYO"}, "P4"},
        {{"DLTPLAN"}, "P5"},
        {{"UPJSK"}, "P6"},
        {{"DLTJSK"}, "P7"}};
    if (!v4) {
        sets[{"UP1KYO", "UP2KYO", "UPHOSOKU"}] = "P1";
        return sets;
    }
    sets[{"UP1KYO", "UP2KYO", "UP3KYO", "UPHOSOKU"}] = "P2";
    sets[{"DLTKIHON"}] = "P11";
    sets[{"DLTYOBO"}] = "P12";
    sets[{"UPYOBO"}] = sets[{"UPYOBO", "UPYOBO_SUB"}] = "P10";
    for (unsigned extras = 0; extras < 8; ++extras) {
        Set kihon{"UPKIHON"};
        for (unsigned i = 0; i < 3; ++i) {
            if ((extras >> i & 1U) != 0) {
                kihon.insert(std::vector<std::string>{"UPKIHON_SUB1", "UPKIHON_SUB2", "UPKIHON_IMAGE"}[i]);
            }
        }
        sets[kihon] = "P8";
        kihon.insert("UPYOBO");
        sets[kihon] = "P9";
        kihon.insert("UPYOBO_SUB");
        sets[kihon] = "P9";
    }
    return sets;
}

std::string name_in(const TableRow& row, const Set& set, bool v4) {
    const bool plan = set.contains("UP1KYO") || set.contains("UP2KYO");
    std::string name(row.prefix);
    if (row.has_month) {
        name += row.table == Table::uphosoku && plan ? "_000000" : "_202611";
    }
    name += v4 ? "_0300000100_43_0300000005_11_20261120091500" : "_0300000100_0300000005_20261120091500";
    return name + (row.table == Table::upkihon_image ? "_0001.jpg" : ".CSV");
}

/// The tables' sets of at most `most` members, and every permitted set with one table more or less.
void judge_all(bool v4, int most) {
    const auto good = permitted(v4);
    std::size_t judged = 0;
    std::size_t permitted_seen = 0;
    for (unsigned mask = 1; mask < (1U << 18U); ++mask) {
        Set set;
        std::vector<std::string> names;
        bool written_in_it = true;
        if (__builtin_popcount(mask) > most) {
            continue;
        }
        for (const auto& row : all_tables()) {
            if ((mask & bit(row.table)) != 0) {
                set.insert(std::string(row.prefix));
                written_in_it &= v4 || row.in_v3;
            }
        }
        if (!written_in_it) {
            continue;
        }
        for (const auto& row : all_tables()) {
            if ((mask & bit(row.table)) != 0) {
                names.push_back(name_in(row, set, v4));
            }
        }
        ++judged;
        const auto verdict = check_unit(names, sender, recipient, {});
        const auto expected = good.find(set);
        const auto unit = expected == good.end() ? std::string() : expected->second;
        permitted_seen += unit.empty() ? 0U : 1U;
        if (verdict.unit != unit || verdict.findings.empty() == unit.empty()) {
            INFO(name_tables(mask, " "));
            REQUIRE(verdict.unit == unit);
            REQUIRE(verdict.findings.empty() != unit.empty());
        }
        for (const auto& finding : verdict.findings) {
            if (code_of(finding.rule) != ErrorCode::bad_file_combination) {
                FAIL(name_tables(mask, " ") << ": " << finding.text_en);
            }
        }
    }
    CHECK(judged > 500);
    CHECK(permitted_seen == good.size());
}

} // namespace

TEST_CASE("every set of up to six tables outside P1 to P13 is a bad combination", "[protocol]") {
    judge_all(true, 6);
}

TEST_CASE("every set of old tables outside P1 to P13 is a bad combination", "[protocol]") {
    judge_all(false, 10);
}
