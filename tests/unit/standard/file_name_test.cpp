#include "protocol/standard/file_name.hpp"

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

// Names that break the general rules or the standard's grammar.
const std::vector<std::string> wrong_names{
    // general rules
    "",
    ".",
    "..",
    ".pdf",
    "plan.pdf.",
    "plan.pdf ",
    " plan.pdf",
    "a/b.pdf",
    "a\\b.pdf",
    "c:plan.pdf",
    "a*.pdf",
    "a?.pdf",
    "a\"b.pdf",
    "a<b.pdf",
    "a>b.pdf",
    "a|b.pdf",
    std::string("a\0b.pdf", 7),
    "a\nb.pdf",
    "a\x1f.pdf",
    "a\x7f.pdf",
    "a\xC2\x85.pdf",
    "../plan.pdf",
    "/etc/plan.txt",
    "..\\plan.csv",
    sized(256),
    // csv that is no standard name
    "plan.csv",
    "UPPLAN.csv",
    "UPPLAN_.CSV",
    "UPPLAN_201912.CSV",
    "DLTBET_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPKHON_0300000100_43_0300000005_11_20191025200201.CSV",
    "UP4KYO_0300000100_43_0300000005_11_20191025200201.CSV",
    "XUP1KYO_0300000100_43_0300000005_11_20191025200201.CSV",
    "UP1KYO0300000100_43_0300000005_11_20191025200201.CSV",
    "UP1KYO-0300000100-43-0300000005-11-20191025200201.CSV",
    "UP1KYO__0300000100_43_0300000005_11_20191025200201.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191025200201_.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191025200201 (1).CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191025200201.CSV.CSV",
    "UP1KYO_0300000100_43_0300000005_11.CSV",
    // the slips of the official documents
    "UP1KYO_123456789_43_2468135790_11_20191110102233.CSV",
    "UPKIHON_000000_0300000100_43_0300000005_11_20191025200201.CSV",
    "UP1KYO_0300000100_43_0300000005_11_201911110102233.CSV",
    "DLT1KYO_202304_0300000100_43_0300000005_11_20191025200201.CSV",
    // offices
    "UP1KYO_0A00000100_43_0300000005_11_20191025200201.CSV",
    "UP1KYO_030A000100_43_030000000A_11_20191025200201.CSV",
    "UP1KYO_03000001000_43_0300000005_11_20191025200201.CSV",
    "UP1KYO_0300000100_43_030000005_11_20191025200201.CSV",
    // service codes: none on one side, one or three characters
    "UP1KYO_0300000100_43_0300000005_20191025200201.CSV",
    "UP1KYO_0300000100_0300000005_11_20191025200201.CSV",
    "UP1KYO_0300000100_4_0300000005_11_20191025200201.CSV",
    "UP1KYO_0300000100_430_0300000005_110_20191025200201.CSV",
    "UP1KYO_0300000100_4-_0300000005_11_20191025200201.CSV",
    // months
    "UPPLAN_000000_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPJSK_000000_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPSIKYU_000000_0300000100_43_0300000005_11_20191025200201.CSV",
    "DLTPLAN_000000_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPPLAN_201913_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPPLAN_201900_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPPLAN_000001_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPPLAN_20191_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPPLAN_0300000100_43_0300000005_11_20191025200201.CSV",
    "UPHOSOKU_0300000100_43_0300000005_11_20191025200201.CSV",
    "UP1KYO_201912_0300000100_43_0300000005_11_20191025200201.CSV",
    // time stamps that are no date or time
    "UP1KYO_0300000100_43_0300000005_11_20190229200201.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191301200201.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191131200201.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20190001200201.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191000200201.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191025240000.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191025206001.CSV",
    "UP1KYO_0300000100_43_0300000005_11_20191025200260.CSV",
    "UP1KYO_0300000100_43_0300000005_11_00001025200201.CSV",
    "UP1KYO_0300000100_43_0300000005_11_2019102520020.CSV",
    "UP1KYO_0300000100_43_0300000005_11_2019102520020A.CSV",
    // images
    "UPKIHON_IMAGE_0300000100_43_0300000005_11_20191025200201_0000.JPG",
    "UPKIHON_IMAGE_0300000100_43_0300000005_11_20191025200201_001.JPG",
    "UPKIHON_IMAGE_0300000100_43_0300000005_11_20191025200201_00001.JPG",
    "UPKIHON_IMAGE_0300000100_43_0300000005_11_20191025200201.JPG",
    "UPKIHON_IMAGE_0300000100_43_0300000005_11_20191025200201_0001.CSV",
    "UPKIHON_IMAGE.jpg",
    "upkihon_image_family.jpeg",
    // v3 knew neither table 3 nor preventive care
    "UP3KYO_0300000100_0300000005_20191025200201.CSV",
    "UPKIHON_0300000100_0300000005_20191025200201.CSV",
    "UPYOBO_0300000100_0300000005_20191025200201.CSV",
    "UPKIHON_IMAGE_0300000100_0300000005_20191025200201_0001.JPG",
};

} // namespace

TEST_CASE("every example of the standard is read as what it is", "[protocol]") {
    for (const auto& good : good_names) {
        INFO(good.name);
        const auto parsed = parse_file_name(good.name, true);
        const auto* name = std::get_if<StandardName>(&parsed);
        REQUIRE(name != nullptr);
        CHECK(name->table == good.table);
        CHECK(name->grammar == good.grammar);
        CHECK(name->month == (good.month != nullptr ? std::optional<std::string>(good.month) : std::nullopt));
        CHECK(name->sender.str() == good.sender);
        CHECK(name->recipient.str() == good.recipient);
        CHECK(name->sender_code.has_value() == (good.grammar == Grammar::v4));
        CHECK(name->recipient_code.has_value() == (good.grammar == Grammar::v4));
        CHECK(name->stamp.size() == 14);
        CHECK(name->image_number.has_value() == (good.table == Table::upkihon_image));
    }
}

TEST_CASE("the codes, stamp and image number of a name are given as they stand in it", "[protocol]") {
    const auto parsed = parse_file_name("upkihon_image_03a0000100_2b_0300000005_11_20191025200201_0042.jpg", true);
    const auto* name = std::get_if<StandardName>(&parsed);
    REQUIRE(name != nullptr);
    CHECK(name->sender_code == "2B");
    CHECK(name->recipient_code == "11");
    CHECK(name->stamp == "20191025200201");
    CHECK(name->image_number == 42);
}

TEST_CASE("a name that breaks a rule is a bad file name", "[protocol]") {
    CHECK(wrong_names.size() >= 60);
    for (const auto& wrong : wrong_names) {
        INFO(wrong);
        const auto parsed = parse_file_name(wrong, true);
        const auto* fault = std::get_if<NameFault>(&parsed);
        REQUIRE(fault != nullptr);
        CHECK(*fault == NameFault::bad_file_name);
    }
}

TEST_CASE("only the seven extensions may be attached", "[protocol]") {
    for (const char* name :
         {"plan.docx",
          "plan.xlsx",
          "plan.exe",
          "plan.zip",
          "plan",
          "plan.pdf.exe",
          "plan.tiff",
          "plan.htm",
          "UPPLAN_201912_0300000100_43_0300000005_11_20191025200201.TXT.BAK"}) {
        INFO(name);
        const auto parsed = parse_file_name(name, true);
        const auto* fault = std::get_if<NameFault>(&parsed);
        REQUIRE(fault != nullptr);
        CHECK(*fault == NameFault::file_type_not_allowed);
    }
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
        CHECK(std::holds_alternative<Attachment>(parse_file_name(name, true)));
    }
}

TEST_CASE("v3 names are refused once they are switched off, v4 names are not", "[protocol]") {
    for (const auto& good : good_names) {
        INFO(good.name);
        const auto parsed = parse_file_name(good.name, false);
        CHECK(std::holds_alternative<StandardName>(parsed) == (good.grammar == Grammar::v4));
    }
}
