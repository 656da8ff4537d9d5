#include "protocol/standard/file_name.hpp"

#include "tests/unit/standard/wrong_names.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <variant>
#include <vector>

using namespace relay::protocol::standard;

namespace {

struct Good {
    const char* name;
    Table table;
    Grammar grammar;
    const char* month; // nullptr: none
    const char* sender;
    const char* recipient;
};

constexpr auto from = "0300000100";
constexpr auto to = "0300000005";

// The examples of the standard, word for word, then v3 names.
const std::vector<Good> good_names{
    {"UPHOSOKU_000000_0300000100_43_0300000005_11_20191025200201.CSV",
     Table::uphosoku,
     Grammar::v4,
     "000000",
     from,
     to},
    {"UPHOSOKU_201909_0300000100_43_0300000005_11_20191025200201.CSV",
     Table::uphosoku,
     Grammar::v4,
     "201909",
     from,
     to},
    {"UP1KYO_0300000100_43_0300000005_11_20191025200201.CSV", Table::up1kyo, Grammar::v4, nullptr, from, to},
    {"DLT1KYO_0300000100_43_0300000005_11_20191025200201.CSV", Table::dlt1kyo, Grammar::v4, nullptr, from, to},
    {"UP2KYO_0300000100_43_0300000005_11_20191025200201.CSV", Table::up2kyo, Grammar::v4, nullptr, from, to},
    {"UP3KYO_0300000100_43_0300000005_11_20191025200201.CSV", Table::up3kyo, Grammar::v4, nullptr, from, to},
    {"UPPLAN_201912_0300000100_43_0300000005_11_20191025200201.CSV", Table::upplan, Grammar::v4, "201912", from, to},
    {"UPJSK_201912_0300000005_43_0300000100_11_20191025200201.CSV", Table::upjsk, Grammar::v4, "201912", to, from},
    {"DLTPLAN_201912_0300000100_43_0300000005_11_20191025200201.CSV", Table::dltplan, Grammar::v4, "201912", from, to},
    {"DLTJSK_201912_0300000005_43_0300000100_11_20191025200201.CSV", Table::dltjsk, Grammar::v4, "201912", to, from},
    {"UPSIKYU_201912_0300000100_43_0300000005_11_20191025200201.CSV", Table::upsikyu, Grammar::v4, "201912", from, to},
    {"UPKIHON_0300000100_43_0300000005_11_20191025200201.CSV", Table::upkihon, Grammar::v4, nullptr, from, to},
    {"DLTKIHON_0300000100_43_0300000005_11_20191025200201.CSV", Table::dltkihon, Grammar::v4, nullptr, from, to},
    {"UPKIHON_SUB1_0300000100_43_0300000005_11_20191025200201.CSV",
     Table::upkihon_sub1,
     Grammar::v4,
     nullptr,
     from,
     to},
    {"UPKIHON_SUB2_0300000100_43_0300000005_11_20191025200201.CSV",
     Table::upkihon_sub2,
     Grammar::v4,
     nullptr,
     from,
     to},
    {"UPKIHON_IMAGE_0300000100_43_0300000005_11_20191025200201_0001.JPG",
     Table::upkihon_image,
     Grammar::v4,
     nullptr,
     from,
     to},
    {"UPYOBO_0300000100_43_0300000005_11_20191025200201.CSV", Table::upyobo, Grammar::v4, nullptr, from, to},
    {"DLTYOBO_0300000100_43_0300000005_11_20191025200201.CSV", Table::dltyobo, Grammar::v4, nullptr, from, to},
    {"UPYOBO_SUB_0300000100_43_0300000005_11_20191025200201.CSV", Table::upyobo_sub, Grammar::v4, nullptr, from, to},
    {"UPPLAN_201912_0300000100_0300000005_20191025200201.CSV", Table::upplan, Grammar::v3, "201912", from, to},
    {"UPJSK_201912_0300000005_0300000100_20191025200201.CSV", Table::upjsk, Grammar::v3, "201912", to, from},
    {"UP1KYO_0300000100_0300000005_20191025200201.CSV", Table::up1kyo, Grammar::v3, nullptr, from, to},
    {"UP2KYO_0300000100_0300000005_20191025200201.CSV", Table::up2kyo, Grammar::v3, nullptr, from, to},
    {"DLT1KYO_0300000100_0300000005_20191025200201.CSV", Table::dlt1kyo, Grammar::v3, nullptr, from, to},
    {"UPHOSOKU_000000_0300000100_0300000005_20191025200201.CSV", Table::uphosoku, Grammar::v3, "000000", from, to},
    {"UPSIKYU_201912_0300000100_0300000005_20191025200201.CSV", Table::upsikyu, Grammar::v3, "201912", from, to},
    {"DLTPLAN_201912_0300000100_0300000005_20191025200201.CSV", Table::dltplan, Grammar::v3, "201912", from, to},
    {"DLTJSK_201912_0300000005_0300000100_20191025200201.CSV", Table::dltjsk, Grammar::v3, "201912", to, from},
    // Lower case, offices with a letter, service codes with letters, a leap day.
    {"upplan_202611_03a0000100_a2_0300000005_2a_20240229235959.csv",
     Table::upplan,
     Grammar::v4,
     "202611",
     "03A0000100",
     to},
    {"upkihon_image_0300000100_43_0300000005_11_20191025200201_9999.jpeg",
     Table::upkihon_image,
     Grammar::v4,
     nullptr,
     from,
     to},
};

std::string sized(std::size_t bytes) {
    return std::string(bytes - 4, 'a') + ".pdf";
}

} // namespace

TEST_CASE("every example of the standard is read as what it is", "[protocol]") {
    for (const auto& good : good_names) {
        INFO(good.name);
        const auto parsed = parse_file_name(good.name, {});
        const auto* name = std::get_if<StandardName>(&parsed);
        REQUIRE(name != nullptr);
        CHECK(name->table == good.table);
        CHECK(name->grammar == good.grammar);
        CHECK((name->month ? name->month->str() : "") == (good.month != nullptr ? good.month : ""));
        CHECK(name->sender.str() == good.sender);
        CHECK(name->recipient.str() == good.recipient);
        CHECK(name->sender_code.has_value() == (good.grammar == Grammar::v4));
        CHECK(name->recipient_code.has_value() == (good.grammar == Grammar::v4));
        CHECK(name->sequence.str().size() == 14);
        CHECK(name->image_number.has_value() == (good.table == Table::upkihon_image));
    }
}

TEST_CASE("the codes, stamp and image number of a name are given as they stand in it", "[protocol]") {
    const auto parsed = parse_file_name("upkihon_image_03a0000100_2b_0300000005_11_20191025200201_0042.jpg", {});
    const auto* name = std::get_if<StandardName>(&parsed);
    REQUIRE(name != nullptr);
    CHECK(name->sender_code->view() == "2B");
    CHECK(name->recipient_code->view() == "11");
    CHECK(name->sequence.view() == "20191025200201");
    CHECK(name->image_number == 42);
}

TEST_CASE("a name that breaks a rule is told with that rule", "[protocol]") {
    const auto wrong_names = relay::test::wrong_names();
    CHECK(wrong_names.size() >= 100);
    for (const auto& wrong : wrong_names) {
        INFO(wrong.name);
        const auto parsed = parse_file_name(wrong.name, {});
        const auto* faults = std::get_if<std::vector<NameFault>>(&parsed);
        REQUIRE(faults != nullptr);
        REQUIRE_FALSE(faults->empty());
        CHECK(row_of(faults->front().rule).id == row_of(wrong.rule).id);
        const auto told = describe_fault(faults->front(), 3);
        CHECK(told.file == 3);
        CHECK_FALSE(told.text_ja.empty());
        CHECK_FALSE(told.text_en.empty());
        const auto type = wrong.rule == Rule::name_type;
        CHECK(
            code_of(wrong.rule) ==
            (type ? relay::protocol::ErrorCode::file_type_not_allowed : relay::protocol::ErrorCode::bad_file_name)
        );
    }
}

TEST_CASE("all that is wrong with one name is told at once, and the wrong part is named", "[protocol]") {
    const auto parsed = parse_file_name("UPPLAN_202613_030000010_4_0300000005_11_20261320091500.CSV", {});
    const auto* faults = std::get_if<std::vector<NameFault>>(&parsed);
    REQUIRE(faults != nullptr);
    REQUIRE(faults->size() == 4);
    const std::vector<std::pair<Rule, std::string>> expected{
        {Rule::name_month, "202613"},
        {Rule::name_office, "030000010"},
        {Rule::name_service_code, "4"},
        {Rule::name_sequence, "20261320091500"}};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK((*faults)[i].rule == expected[i].first);
        const auto told = describe_fault((*faults)[i], 0);
        CHECK_THAT(told.text_ja, Catch::Contains(expected[i].second));
        CHECK_THAT(told.text_en, Catch::Contains(expected[i].second));
    }
}

TEST_CASE("a part that somebody wrote freely is not told again", "[protocol]") {
    const auto parsed = parse_file_name("UPPLAN_202611_0300000100_43_0300000005_11_架空花子.CSV", {});
    const auto* faults = std::get_if<std::vector<NameFault>>(&parsed);
    REQUIRE(faults != nullptr);
    CHECK(describe_fault(faults->front(), 0).text_ja.find("架空") == std::string::npos);
}

TEST_CASE("a name with the wrong number of parts is told the right form", "[protocol]") {
    const auto parsed = parse_file_name("DLT1KYO_202304_0300000100_43_0300000005_11_20191025200201.CSV", {});
    const auto told = describe_fault(std::get<std::vector<NameFault>>(parsed).front(), 0);
    CHECK_THAT(told.text_en, Catch::Contains("DLT1KYO_SENDER_CODE_RECIPIENT_CODE_YYYYMMDDHHMMSS.CSV"));
}

TEST_CASE("the month that one page shows in UPKIHON is taken only where that is switched on", "[protocol]") {
    const std::string tail = "_0300000100_43_0300000005_11_20191025200201.CSV";
    const NameOptions lenient{true, true};
    CHECK(std::holds_alternative<StandardName>(parse_file_name("UPKIHON_000000" + tail, lenient)));
    CHECK_FALSE(std::holds_alternative<StandardName>(parse_file_name("UPKIHON_202611" + tail, lenient)));
    CHECK_FALSE(std::holds_alternative<StandardName>(parse_file_name("UPYOBO_000000" + tail, lenient)));
    CHECK(std::holds_alternative<StandardName>(parse_file_name("UPKIHON" + tail, lenient)));
}

TEST_CASE("other images, PDFs and texts are attachments", "[protocol]") {
    for (const std::string& name :
         {std::string("plan.pdf"),
          std::string("ケアプラン 田中様.PDF"),
          std::string("a.JPG"),
          std::string("a.jpeg"),
          std::string("a.png"),
          std::string("a.gif"),
          std::string("a.txt"),
          std::string("UPKIHON_IMAGE.png"),
          std::string("UPKIHON_0001.jpg"),
          sized(255)}) {
        INFO(name);
        CHECK(std::holds_alternative<Attachment>(parse_file_name(name, {})));
    }
}

TEST_CASE("a v3 name that is not taken any more says so", "[protocol]") {
    const auto parsed = parse_file_name("UPPLAN_202611_0300000100_0300000005_20261120091500.CSV", {.accept_v3 = false});
    const auto& faults = std::get<std::vector<NameFault>>(parsed);
    REQUIRE(faults.size() == 1);
    CHECK(faults.front().rule == Rule::name_v3_ended);
}

TEST_CASE("v3 names are refused once they are switched off, v4 names are not", "[protocol]") {
    for (const auto& good : good_names) {
        INFO(good.name);
        const auto parsed = parse_file_name(good.name, {.accept_v3 = false});
        CHECK(std::holds_alternative<StandardName>(parsed) == (good.grammar == Grammar::v4));
    }
}
