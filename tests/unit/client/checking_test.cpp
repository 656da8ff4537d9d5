#include "client/standard/checking.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>
#include <vector>

using namespace relay::client;
namespace protocol = relay::protocol;

namespace {

const auto sender = *protocol::OfficeNumber::parse("9970100011");
const auto recipient = *protocol::OfficeNumber::parse("9970100029");
const std::string tail = "_9970100011_43_9970100029_11_20261120091500";

std::string
row(int columns, const std::vector<std::pair<int, std::string>>& cells, const std::string& version = "202407") {
    std::vector<std::string> all(static_cast<std::size_t>(columns));
    all[0] = version;
    all[1] = "999999";
    all[2] = "9999900001";
    for (const auto& [column, text] : cells) {
        all[static_cast<std::size_t>(column) - 1] = text;
    }
    std::string line = all[0];
    for (std::size_t i = 1; i < all.size(); ++i) {
        line += "," + all[i];
    }
    return line + "\r\n";
}

class Files {
public:
    fs::path add(const std::string& name, const std::string& content) {
        const auto path = folder_.path() / name;
        std::ofstream(path, std::ios::binary) << content;
        paths_.push_back(path);
        return path;
    }
    [[nodiscard]] FilesReport check(Depth depth = Depth::content) const {
        return check_files(paths_, sender, recipient, {}, depth);
    }
    [[nodiscard]] const std::vector<fs::path>& paths() const { return paths_; }

private:
    relay::test::TemporaryFolder folder_;
    std::vector<fs::path> paths_;
};

std::vector<std::string> rules(const FilesReport& report) {
    std::vector<std::string> ids;
    for (const auto& finding : report.findings) {
        ids.emplace_back(row_of(finding.rule).id);
    }
    return ids;
}

const std::string image_name = "UPKIHON_IMAGE" + tail + "_0001.JPG";
const std::string jpeg = "\xFF\xD8\xFF\xE0 image";

} // namespace

TEST_CASE("a good unit with its image is good, inside and out", "[client]") {
    Files files;
    files.add("UPKIHON" + tail + ".CSV", row(71, {{4, "20261120"}, {62, image_name}}));
    files.add("UPKIHON_IMAGE" + tail + "_0001.jpg", jpeg);
    files.add("メモ.pdf", "%PDF");
    const auto report = files.check();
    CHECK(rules(report).empty());
    CHECK(report.may_be_sent());
    CHECK(report.unit == "P8");
    CHECK(report.csv_version == "202407");
}

TEST_CASE("images and the basic facts must name each other, and images be JPEG", "[client]") {
    Files files;
    files.add("UPKIHON" + tail + ".CSV", row(71, {{4, "20261120"}, {62, "UPKIHON_IMAGE" + tail + "_0003.JPG"}}));
    files.add("UPKIHON_IMAGE" + tail + "_0002.jpg", "GIF89a");
    const std::vector<std::string> expected{"content.image_missing", "content.image_jpeg", "content.image_unnamed"};
    CHECK(rules(files.check()) == expected);
}

TEST_CASE("the files of one unit have one CSV version", "[client]") {
    Files files;
    files.add("UPYOBO" + tail + ".CSV", row(57, {{4, "20261120"}}));
    files.add("UPYOBO_SUB" + tail + ".CSV", row(17, {{4, "20261120"}}, "202504"));
    const auto report = files.check();
    REQUIRE(rules(report) == std::vector<std::string>{"content.version_of_unit"});
    CHECK(report.findings.front().file == 1);
    CHECK(files.check(Depth::names).findings.empty());
}

TEST_CASE("a file that cannot be read is told, and the others are checked", "[client]") {
    Files files;
    files.add("UPYOBO" + tail + ".CSV", row(57, {{4, "20261131"}}));
    const auto gone = files.add("UPYOBO_SUB" + tail + ".CSV", "");
    fs::remove(gone);
    CHECK(rules(files.check()) == std::vector<std::string>{"content.key", "content.readable"});
}

TEST_CASE("what keeps files from being sent is told in one line, with place and rule", "[client]") {
    const auto refused =
        check_before_sending({"/plans/plan.docx", "/plans/plan.csv"}, sender, recipient, {}, Depth::names);
    REQUIRE(refused.has_error());
    CHECK_THAT(refused.error().text, Catch::Contains("plan.docx") && Catch::Contains("name.type"));
    CHECK_THAT(refused.error().text, Catch::Contains("plan.csv") && Catch::Contains("name.prefix"));
    CHECK(check_before_sending({"/plans/\xFF.pdf"}, sender, recipient, {}, Depth::content).has_error());
    CHECK(check_before_sending({"/plans/ケアプラン.pdf"}, sender, recipient, {}, Depth::content).has_value());

    Files files;
    files.add("UPJSK_202611" + tail + ".CSV", row(25, {{5, "202611"}}) + row(25, {{5, "202612"}}));
    const auto wrong = check_before_sending(files.paths(), sender, recipient, {}, Depth::content);
    REQUIRE(wrong.has_error());
    CHECK_THAT(wrong.error().text, Catch::Contains("2") && Catch::Contains("content.month"));
}

TEST_CASE("a warning keeps nothing from being sent", "[client]") {
    Files files;
    files.add("UPJSK_202611" + tail + ".CSV", row(25, {{5, "202611"}}, "202410"));
    const auto report = files.check();
    CHECK(rules(report) == std::vector<std::string>{"content.version_known"});
    CHECK(report.may_be_sent());
    CHECK(check_before_sending(files.paths(), sender, recipient, {}, Depth::content).has_value());
}
