// What is inside standard CSV files: each line of the table plants one fault and says where it must be told.
#include "protocol/standard/csv_check.hpp"

#include "tests/unit/standard/csv_files.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <iconv.h>
#include <map>
#include <string>
#include <tuple>
#include <vector>

using namespace relay::protocol;
using namespace relay::protocol::standard;
using namespace relay::protocol::standard::testing;

namespace {

struct Place {
    std::string rule;
    std::uint64_t line;
    std::uint32_t column;
    friend bool operator==(const Place&, const Place&) = default;
};

std::ostream& operator<<(std::ostream& out, const Place& place) {
    return out << place.rule << '@' << place.line << ':' << place.column;
}

struct Case {
    std::string what;
    std::string name;
    std::string content;
    std::vector<Place> expected;
};

const std::string plan = "UPPLAN_202611" + tail;
const std::string good_plan = row(25, {{5, "202611"}});

std::vector<Case> good_cases() {
    const std::string kana = "\xC3\xBD\xC4";          // half-width
    const std::string kanji = "\x90\x6C\x89\x6F";     // two characters
    const std::string backslash = "\x95\x5C\x83\x5C"; // their second bytes are backslashes
    return {
        {"one row", plan, good_plan, {}},
        {"no end of the last line", plan, row(25, {{5, "202611"}}, ""), {}},
        {"LF alone", plan, row(25, {{5, "202611"}}, "\n") + row(25, {{5, "202611"}}, "\n"), {}},
        {"every item quoted", "DLTPLAN_202611" + tail, "\"202407\",\"999999\",\"9999900001\",\"202611\"\r\n", {}},
        {"text with commas, quotes and line breaks",
         plan,
         row(25, {{5, "202611"}, {7, "\"a,b\"\"c\r\nd\ne\""}}) + good_plan,
         {}},
        {"kana, kanji, and second bytes that look like backslashes",
         plan,
         row(25, {{5, "202611"}, {7, kana + kanji}, {21, backslash}}),
         {}},
        {"an insured person of public assistance", plan, row(25, {{3, "H999900001"}, {5, "202611"}}), {}},
        {"an old plan of 22 columns", "UPPLAN_202611" + old_tail, row(22, {{1, "202208"}, {5, "202611"}}), {}},
        {"an old statement of 34 columns", "UPSIKYU_202611" + old_tail, row(34, {{1, "202003"}, {5, "202611"}}), {}},
        {"a statement", "UPSIKYU_202611" + tail, row(37, {{5, "202611"}, {7, "9999999999"}}), {}},
        {"a supplement with a plan", "UPHOSOKU_000000" + tail, row(63, {{4, "20261120"}, {63, "000000"}}), {}},
        {"a supplement with slips", "UPHOSOKU_202611" + tail, row(63, {{4, "00000000"}, {63, "202611"}}), {}},
        {"table 1", "UP1KYO" + tail, row(28, {{14, "20261120"}}), {}},
        {"table 2", "UP2KYO" + tail, row(22, {{5, "20261120"}, {6, "1"}}) + row(22, {{5, "20261120"}, {6, "2"}}), {}},
        {"table 3 without a weekday",
         "UP3KYO" + tail,
         row(13, {{5, "20261120"}}) + row(13, {{5, "20261120"}, {7, "7"}}),
         {}},
        {"a deletion of services given",
         "DLTJSK_202611" + tail,
         row(6, {{4, "202611"}, {5, "9970100011"}, {6, "A2"}}),
         {}},
        {"facts without an image", "UPKIHON" + tail, row(71, {{4, "20261120"}}), {}},
        {"facts, part 1, several rows a day",
         "UPKIHON_SUB1" + tail,
         row(7, {{4, "20261120"}}) + row(7, {{4, "20261120"}}),
         {}},
        {"facts, part 2", "UPKIHON_SUB2" + tail, row(11, {{4, "20261120"}}), {}},
        {"a preventive plan", "UPYOBO" + tail, row(57, {{4, "20261120"}}), {}},
        {"its measures", "UPYOBO_SUB" + tail, row(17, {{4, "20261120"}}), {}},
        {"deletions", "DLT1KYO" + tail, row(4, {{4, "20261120"}}), {}},
    };
}

std::vector<Case> wrong_cases() {
    const std::string ten(10, ',');
    const std::string utf8 = row(25, {{5, "202611"}, {7, "佐藤 介護"}, {21, "みどり訪問介護"}}) + good_plan;
    return {
        {"no byte at all", plan, "", {{"content.records", 0, 0}}},
        {"empty lines alone",
         plan,
         "\r\n\r\n",
         {{"content.empty_line", 1, 0}, {"content.empty_line", 2, 0}, {"content.records", 0, 0}}},
        {"an empty line between", plan, good_plan + "\r\n" + good_plan, {{"content.empty_line", 2, 0}}},
        {"a header row", plan, "\"version\"" + ten + "\r\n" + good_plan, {{"content.header", 1, 0}}},
        {"a header row alone", plan, "version,insurer\r\n", {{"content.header", 1, 0}, {"content.records", 0, 0}}},
        {"UTF-8 with its mark", plan, "\xEF\xBB\xBF" + row(25, {{5, "202611"}, {7, "介護"}}), {{"content.bom", 1, 0}}},
        {"UTF-16, little end first", plan, std::string("\xFF\xFE\x32\x00\x30\x00", 6), {{"content.bom", 1, 0}}},
        {"UTF-16, big end first", plan, std::string("\xFE\xFF\x00\x32\x00\x30", 6), {{"content.bom", 1, 0}}},
        {"UTF-8 without a mark", plan, row(25, {{5, "202611"}, {7, "護"}}), {{"content.encoding", 0, 0}}},
        {"much UTF-8 without a mark", plan, utf8, {{"content.encoding", 0, 0}}},
        {"EUC-JP",
         plan,
         row(25, {{5, "202611"}, {7, "\xFD\xFE"}}),
         {{"content.encoding", 1, 7}, {"content.encoding", 1, 7}}},
        {"half a character before a comma", plan, row(25, {{5, "202611"}, {7, "\x90"}}), {{"content.encoding", 1, 7}}},
        {"half a character at the end",
         "DLTPLAN_202611" + tail,
         row(4, {{4, "202611"}}) + "202407,999999,9999900001,202611\x90",
         {{"content.encoding", 2, 4}, {"content.duplicate", 2, 0}}},
        {"a pair of bytes that is no character",
         plan,
         row(25, {{5, "202611"}, {7, "\x85\x40"}}),
         {{"content.encoding", 1, 7}}},
        {"a user-defined character",
         plan,
         good_plan + row(25, {{5, "202611"}, {21, "\xF0\x40"}}),
         {{"content.user_defined", 2, 21}}},
        {"the last user-defined character",
         plan,
         row(25, {{5, "202611"}, {21, "\xF9\xFC"}}),
         {{"content.user_defined", 1, 21}}},
        {"a NUL", plan, row(25, {{5, "202611"}, {7, std::string("a\0b", 3)}}), {{"content.control", 1, 7}}},
        {"an end-of-file sign of old",
         plan,
         good_plan + "\x1A",
         {{"content.control", 2, 1}, {"content.version", 2, 1}, {"content.columns", 2, 0}}},
        {"a vertical tab", plan, row(25, {{5, "202611"}, {7, "a\vb"}}), {{"content.control", 1, 7}}},
        {"a quote inside an item", plan, row(25, {{5, "202611"}, {7, "a\"b"}}), {{"content.quotes", 1, 7}}},
        {"text behind the closing quote", plan, row(25, {{5, "202611"}, {7, "\"a\"b"}}), {{"content.quotes", 1, 7}}},
        {"a quote that is never closed",
         plan,
         good_plan + row(25, {{5, "202611"}, {7, "\"a"}}) + good_plan,
         {{"content.quotes", 2, 7}}},
        {"CR alone",
         plan,
         row(25, {{5, "202611"}}, "\r") + row(25, {{5, "202611"}}, "\r"),
         {{"content.line_end", 1, 1}, {"content.line_end", 2, 1}}},
        {"too few items", plan, row(24, {{5, "202611"}}), {{"content.columns", 1, 0}}},
        {"too many items", plan, good_plan + row(26, {{5, "202611"}}), {{"content.columns", 2, 0}}},
        {"the columns of 3.x under a name and version of 4.1",
         "UPSIKYU_202611" + tail,
         row(34, {{5, "202611"}}),
         {{"content.columns", 1, 0}}},
        {"one item", plan, "202407\r\n", {{"content.columns", 1, 0}}},
        {"a version of five digits", plan, row(25, {{1, "20247"}, {5, "202611"}}), {{"content.version", 1, 1}}},
        {"no version", plan, row(25, {{1, ""}, {5, "202611"}}), {{"content.version", 1, 1}}},
        {"an unknown version is a warning",
         plan,
         row(25, {{1, "202410"}, {5, "202611"}}),
         {{"content.version_known", 1, 1}}},
        {"an old version under a new name is a warning",
         plan,
         row(25, {{1, "202208"}, {5, "202611"}}),
         {{"content.version_of_name", 1, 1}}},
        {"two versions in one file",
         plan,
         good_plan + row(25, {{1, "202208"}, {5, "202611"}}),
         {{"content.version_uniform", 2, 1}}},
        {"an insurer of five digits", plan, row(25, {{2, "99999"}, {5, "202611"}}), {{"content.insurer", 1, 2}}},
        {"an insurer with a letter", plan, row(25, {{2, "99999A"}, {5, "202611"}}), {{"content.insurer", 1, 2}}},
        {"no insured person", plan, row(25, {{3, ""}, {5, "202611"}}), {{"content.insured", 1, 3}}},
        {"an insured person in small letters",
         plan,
         row(25, {{3, "h999900001"}, {5, "202611"}}),
         {{"content.insured", 1, 3}}},
        {"another month", plan, good_plan + row(25, {{5, "202612"}}), {{"content.month", 2, 5}}},
        {"no month", plan, row(25, {}), {{"content.key", 1, 5}}},
        {"a month that is none", plan, row(25, {{5, "202613"}}), {{"content.key", 1, 5}}},
        {"another month to delete", "DLTPLAN_202611" + tail, row(4, {{4, "202610"}}), {{"content.month", 1, 4}}},
        {"no day of the plan", "UP1KYO" + tail, row(28, {}), {{"content.key", 1, 14}}},
        {"a day that is none", "UP1KYO" + tail, row(28, {{14, "20261131"}}), {{"content.key", 1, 14}}},
        {"no such office",
         "DLTJSK_202611" + tail,
         row(6, {{4, "202611"}, {5, "99701000"}, {6, "11"}}),
         {{"content.key", 1, 5}}},
        {"no such service",
         "DLTJSK_202611" + tail,
         row(6, {{4, "202611"}, {5, "9970100011"}, {6, "1"}}),
         {{"content.key", 1, 6}}},
        {"a plan's day in a supplement with slips",
         "UPHOSOKU_202611" + tail,
         row(63, {{4, "20261120"}, {63, "202611"}}),
         {{"content.supplement", 1, 4}}},
        {"another month in a supplement",
         "UPHOSOKU_202611" + tail,
         row(63, {{4, "00000000"}, {63, "202612"}}),
         {{"content.month", 1, 63}}},
        {"a month in a supplement with a plan",
         "UPHOSOKU_000000" + tail,
         row(63, {{4, "20261120"}, {63, "202611"}}),
         {{"content.month", 1, 63}}},
        {"no plan's day in a supplement with a plan",
         "UPHOSOKU_000000" + tail,
         row(63, {{4, "00000000"}, {63, "000000"}}),
         {{"content.key", 1, 4}}},
        {"an eighth day of the week",
         "UP3KYO" + tail,
         row(13, {{5, "20261120"}, {7, "8"}}),
         {{"content.weekday", 1, 7}}},
        {"the same plan twice",
         "UP1KYO" + tail,
         row(28, {{14, "20261120"}}) + row(28, {{14, "20261120"}}),
         {{"content.duplicate", 2, 0}}},
        {"the same aim twice",
         "UP2KYO" + tail,
         row(22, {{5, "20261120"}, {6, "1"}}) + row(22, {{5, "20261120"}, {6, "1"}}),
         {{"content.duplicate", 2, 0}}},
        {"an image that is not there",
         "UPKIHON" + tail,
         row(71, {{4, "20261120"}, {62, "UPKIHON_IMAGE_x.jpg"}}),
         {{"content.image_missing", 1, 62}}},
        {"lines are counted through line breaks in quotes",
         plan,
         row(25, {{5, "202611"}, {7, "\"a\r\nb\nc\""}}) + row(25, {{5, "202612"}}),
         {{"content.month", 4, 5}}},
    };
}

std::vector<Place> places(const ContentReport& report) {
    std::vector<Place> found;
    for (const auto& finding : report.findings) {
        found.push_back({std::string(row_of(finding.rule).id), finding.line, finding.column});
        CHECK_FALSE(finding.text_ja.empty());
        CHECK_FALSE(finding.text_en.empty());
        CHECK(report.met[index_of(finding.rule)]);
    }
    return found;
}

} // namespace

TEST_CASE("good content is found good, however it is cut into pieces", "[protocol]") {
    for (const auto& good : good_cases()) {
        for (const std::size_t piece : {1U, 2U, 3U, 7U, 100000U}) {
            INFO(good.what << ", pieces of " << piece);
            CHECK(places(check(good.name, good.content, piece)).empty());
        }
    }
}

TEST_CASE("each fault of content is told with its rule, line and column, however it is cut", "[protocol]") {
    CHECK(wrong_cases().size() >= 50);
    for (const auto& wrong : wrong_cases()) {
        for (const std::size_t piece : {1U, 2U, 3U, 7U, 100000U}) {
            INFO(wrong.what << ", pieces of " << piece);
            CHECK(places(check(wrong.name, wrong.content, piece)) == wrong.expected);
        }
    }
}

TEST_CASE("images are those that the basic facts name, whatever their case", "[protocol]") {
    const auto name = parse("UPKIHON" + tail);
    ImageNames images{{"UPKIHON_IMAGE_A_0001.JPG", false}, {"UPKIHON_IMAGE_A_0002.JPG", false}};
    CsvCheck checking(name, 0, images);
    checking.feed(as_bytes(row(71, {{4, "20261120"}, {62, "upkihon_image_a_0001.jpg"}})));
    CHECK(checking.finish().findings.empty());
    CHECK(images.at("UPKIHON_IMAGE_A_0001.JPG"));
    CHECK_FALSE(images.at("UPKIHON_IMAGE_A_0002.JPG"));
}

TEST_CASE("people's numbers and free text are not told in findings", "[protocol]") {
    const auto report = check(plan, row(25, {{1, "secret7"}, {3, "12345"}, {5, "secret"}}), 100);
    REQUIRE(report.findings.size() == 3);
    for (const auto& finding : report.findings) {
        CHECK(finding.text_ja.find("secret") == std::string::npos);
        CHECK(finding.text_ja.find("12345") == std::string::npos);
    }
}

TEST_CASE("a fault on every line is counted, and the first twenty are told", "[protocol]") {
    std::string content;
    for (int i = 0; i < 1000; ++i) {
        content += row(24, {{5, "202611"}});
    }
    const auto report = check(plan, content, 4096);
    CHECK(report.findings.size() == CsvCheck::most_findings);
    CHECK(report.count[index_of(Rule::content_columns)] == 1000);
    CHECK(report.records == 1000);
}

TEST_CASE("a row of ten million columns and a line of two gigabytes are read in little memory", "[protocol]") {
    const auto name = parse(plan);
    ImageNames images;
    CsvCheck wide(name, 0, images);
    const std::string commas(1U << 20U, ',');
    wide.feed(as_bytes(std::string("202407,999999,9999900001,,202611")));
    for (int i = 0; i < 10; ++i) {
        wide.feed(as_bytes(commas));
    }
    auto report = wide.finish();
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings.front().rule == Rule::content_columns);
    CHECK_THAT(report.findings.front().text_en, Catch::Contains(std::to_string((10U << 20U) + 5)));

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr int pieces = 64; // the sanitizers' builds take the same way, not as far
#else
    constexpr int pieces = 2048;
#endif
    CsvCheck lengthy(name, 0, images);
    const std::string text(1U << 20U, 'a');
    lengthy.feed(as_bytes(std::string("202407,999999,9999900001,,202611,\"")));
    for (int i = 0; i < pieces; ++i) {
        lengthy.feed(as_bytes(text));
    }
    lengthy.feed(as_bytes("\"" + std::string(19, ',') + "\r\n"));
    report = lengthy.finish();
    CHECK(report.findings.empty());
    CHECK(report.records == 1);
}

TEST_CASE("CP932 is what the C library says it is", "[protocol]") {
    iconv_t converter = ::iconv_open("UTF-8", "CP932");
    REQUIRE(converter != reinterpret_cast<iconv_t>(-1));
    int compared = 0;
    std::string differing;
    for (int lead = 0x81; lead <= 0xFC; ++lead) {
        for (int trail = 0x40;
             trail <= 0xFC && cp932::kind_of(static_cast<std::uint8_t>(lead)) == cp932::ByteKind::lead;
             ++trail) {
            std::array<char, 2> in{static_cast<char>(lead), static_cast<char>(trail)};
            std::array<char, 8> out{};
            char* from = in.data();
            char* to = out.data();
            std::size_t left = in.size();
            std::size_t room = out.size();
            const bool good = ::iconv(converter, &from, &left, &to, &room) != static_cast<std::size_t>(-1) && left == 0;
            ::iconv(converter, nullptr, nullptr, nullptr, nullptr);
            ++compared;
            const auto ours = cp932::is_assigned(static_cast<std::uint8_t>(lead), static_cast<std::uint8_t>(trail));
            if (good != ours && trail != 0x7F) {
                differing += std::to_string(lead * 256 + trail) + " ";
            }
        }
    }
    ::iconv_close(converter);
    CHECK(compared > 11000);
    CHECK(differing.empty());
}

TEST_CASE("keys that come twice are found among a million", "[protocol]") {
    KeySet keys;
    std::size_t twice = 0;
    for (std::uint64_t i = 0; i < 100000; ++i) {
        twice += keys.insert(hash_on(0, std::to_string(i % 99990))) ? 0U : 1U;
    }
    CHECK(twice == 10);
    CHECK_FALSE(keys.insert(hash_on(0, "5")));
    CHECK(hash_on(hash_on(0, "a"), "bc") != hash_on(hash_on(0, "ab"), "c"));
}
