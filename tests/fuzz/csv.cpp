// Content of standard CSV files. The first byte chooses the table and how the rest is cut into pieces.
#include "protocol/standard/csv_check.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace relay::fuzz {

namespace {

using namespace protocol;
using namespace protocol::standard;

constexpr std::array<const char*, 8> names{
    "UPPLAN_202611_9970100011_43_9970100029_11_20261120091500.CSV",
    "UPHOSOKU_202611_9970100011_43_9970100029_11_20261120091500.CSV",
    "UPHOSOKU_000000_9970100011_43_9970100029_11_20261120091500.CSV",
    "UP2KYO_9970100011_43_9970100029_11_20261120091500.CSV",
    "UP3KYO_9970100011_43_9970100029_11_20261120091500.CSV",
    "UPKIHON_9970100011_43_9970100029_11_20261120091500.CSV",
    "DLTJSK_202611_9970100011_9970100029_20261120091500.CSV",
    "DLT1KYO_9970100011_43_9970100029_11_20261120091500.CSV",
};

ContentReport check(const StandardName& name, BytesView content, std::size_t piece) {
    ImageNames images{{"UPKIHON_IMAGE_1.JPG", false}};
    CsvCheck checking(name, 0, images);
    for (std::size_t at = 0; at < content.size(); at += piece) {
        checking.feed(content.subspan(at, std::min(piece, content.size() - at)));
    }
    return checking.finish();
}

bool equal_findings(const RuleFinding& a, const RuleFinding& b) {
    return a.rule == b.rule && a.line == b.line && a.column == b.column && a.text_en == b.text_en;
}

} // namespace

void judge(BytesView input) {
    if (input.empty()) {
        return;
    }
    const auto parsed = parse_file_name(names[input.front() % names.size()], {});
    const auto& name = std::get<StandardName>(parsed);
    const std::size_t piece = input.front() / names.size() + 1;
    const auto content = input.subspan(1);
    const auto whole = check(name, content, content.size() + 1);
    const auto cut = check(name, content, piece);
    require(whole.count == cut.count && whole.records == cut.records && whole.met == cut.met, "pieces say nothing");
    require(
        std::equal(
            whole.findings.begin(), whole.findings.end(), cut.findings.begin(), cut.findings.end(), equal_findings
        ),
        "pieces change no place"
    );
    const auto lines = static_cast<std::uint64_t>(std::count(content.begin(), content.end(), '\n')) +
                       static_cast<std::uint64_t>(std::count(content.begin(), content.end(), '\r')) + 1;
    require(whole.records <= lines, "no more records than lines");
    for (const auto& finding : whole.findings) {
        require(finding.line <= lines, "a place is in the file");
        require(whole.met[index_of(finding.rule)], "what is broken was met");
        require(!finding.text_ja.empty() && !finding.text_en.empty(), "a finding says what is wrong");
    }
}

} // namespace relay::fuzz
