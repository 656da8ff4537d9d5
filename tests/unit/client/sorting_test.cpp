#include "client/sorting.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace relay::client;
namespace protocol = relay::protocol;

namespace {

const auto sender = *protocol::OfficeNumber::parse("2670100011");
const std::string a = "2670100029";
const std::string b = "2670100037";

std::string
name(const std::string& prefix, const std::string& to, const std::string& stamp, const std::string& code = "11") {
    return "dir/" + prefix + "_2670100011_43_" + to + "_" + code + "_" + stamp + ".CSV";
}

SortedFolder sort(const std::vector<std::string>& names) {
    return sort_files(std::vector<fs::path>(names.begin(), names.end()), sender);
}

} // namespace

TEST_CASE("a folder is sorted to offices and sending units, oldest stamp first", "[client]") {
    const auto sorted = sort({
        name("UPPLAN_202612", a, "20261121090000"),
        name("UPSIKYU_202612", a, "20261121090000"),
        name("UPHOSOKU_202612", a, "20261121090000"), // slips for a
        name("UP1KYO", b, "20261120090000"),
        name("UP2KYO", b, "20261120090000"),
        name("UP3KYO", b, "20261120090000"),
        name("UPHOSOKU_000000", b, "20261120090000"), // a plan for b
        name("UPHOSOKU_202611", b, "20261120090000"),
        name("UPPLAN_202611", b, "20261120090000"),
        name("UPSIKYU_202611", b, "20261120090000"), // slips for b
        name("DLTPLAN_202610", a, "20261119090000"),
        name("UPJSK_202611", a, "20261121090000", "15"),
        name("UPJSK_202611", a, "20261121090000"), // two services
    });
    CHECK(sorted.findings.empty());
    REQUIRE(sorted.units.size() == 6);
    CHECK(sorted.units[0].stamp == "20261119090000");
    CHECK(sorted.units[1].recipient.str() == b);
    CHECK(sorted.units[2].recipient.str() == b);
    CHECK(sorted.units[1].files.size() + sorted.units[2].files.size() == 7);
    std::size_t files = 0;
    for (const auto& unit : sorted.units) {
        files += unit.files.size();
    }
    CHECK(files == 13);
}

TEST_CASE("an attachment goes with the one unit of the office that its name tells", "[client]") {
    const auto sorted =
        sort({name("UPJSK_202611", a, "20261121090000"), "dir/記録_2670100029.pdf", "dir/2670100037 letter.txt"});
    CHECK(sorted.findings.empty());
    REQUIRE(sorted.units.size() == 2);
    CHECK(sorted.units[0].recipient.str() == a);
    CHECK(sorted.units[0].files.size() == 2);
    CHECK(sorted.units[1].recipient.str() == b);
    CHECK(sorted.units[1].files.size() == 1);
}

TEST_CASE("a file that nobody can sort is told, with all others of its kind", "[client]") {
    const auto sorted = sort({
        "dir/letter.pdf",
        "dir/2670100029 2670100037.pdf",
        "dir/plan.csv",
        "dir/plan.docx",
        "dir/UPJSK_202611_2670100029_11_2670100011_43_20261121090000.CSV",
        "dir/12345678901234.pdf",
    });
    CHECK(sorted.units.empty());
    CHECK(sorted.findings.size() == 6);
}

TEST_CASE("a unit whose sub-table or image has a wrong name is held back, others are not", "[client]") {
    const auto sorted = sort({
        name("UPKIHON", a, "20261121090000"),
        name("UPKIHON_SUB1", a, "2026112109000"), // one digit lost
        name("UPKIHON", b, "20261121090001"),
        name("UPJSK_202611", a, "20261121090002"),
    });
    REQUIRE(sorted.findings.size() == 1);
    REQUIRE(sorted.units.size() == 3);
    CHECK_FALSE(sorted.units[0].held_back.empty());
    CHECK(sorted.units[1].held_back.empty());
    CHECK(sorted.units[2].held_back.empty());
}
