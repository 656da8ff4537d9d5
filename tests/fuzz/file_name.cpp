// File names and sending units. Each line is a name.
#include "protocol/standard/file_name.hpp"

#include "protocol/standard/sending_unit.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <cstdio>

namespace relay::fuzz {

namespace {

using namespace protocol;
using namespace protocol::standard;

std::string upper_case(std::string text) {
    for (char& c : text) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return text;
}

std::string lower_case(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

/// The name without its extension, put together from its parts.
std::string render_stem(const StandardName& name) {
    std::string stem(prefix_of(name.table));
    const auto add = [&](std::string_view part) { stem += "_" + std::string(part); };
    if (name.month) {
        add(name.month->view());
    }
    add(name.sender.view());
    if (name.sender_code) {
        add(name.sender_code->view());
    }
    add(name.recipient.view());
    if (name.recipient_code) {
        add(name.recipient_code->view());
    }
    add(name.sequence.view());
    if (name.image_number) {
        char digits[16];
        std::snprintf(digits, sizeof digits, "%04d", *name.image_number);
        add(digits);
    }
    return stem;
}

void judge_name(const std::string& name) {
    const auto parsed = parse_file_name(name, {});
    const auto strict = parse_file_name(name, {.accept_v3 = false});
    require(parse_file_name(lower_case(name), {}).index() == parsed.index(), "case says nothing");
    if (const auto* standard_name = std::get_if<StandardName>(&parsed)) {
        const std::string upper = upper_case(name);
        require(upper.substr(0, upper.rfind('.')) == render_stem(*standard_name), "a name is made of its parts");
        require(
            standard_name->sender_code.has_value() == (standard_name->grammar == Grammar::v4), "v4 has service codes"
        );
        const bool still = std::holds_alternative<StandardName>(strict);
        require(still == (standard_name->grammar == Grammar::v4), "v3 names go when they are not accepted");
    } else {
        require(strict.index() == parsed.index(), "only v3 names depend on that setting");
    }
}

bool equal_verdicts(const UnitVerdict& a, const UnitVerdict& b) {
    return a.unit == b.unit && a.kind == b.kind && a.findings.empty() == b.findings.empty();
}

void judge_unit(std::vector<std::string> names) {
    const auto sender = *OfficeNumber::parse("2670100011");
    const auto recipient = *OfficeNumber::parse("2670100029");
    const auto verdict = check_unit(names, sender, recipient, {});
    require(verdict.findings.empty() == !verdict.unit.empty(), "a unit or findings");
    require(verdict.unit.empty() || (verdict.unit[0] == 'P' && verdict.unit.size() <= 3), "a unit is P1 to P13");
    for (const auto& finding : verdict.findings) {
        require(finding.file < std::max<std::size_t>(names.size(), 1), "a finding is of a file");
        require(!finding.text_ja.empty() && !finding.text_en.empty(), "a finding says what to do");
    }
    if (check_unit(names, sender, recipient, {.accept_v3 = false}).findings.empty()) {
        require(verdict.findings.empty(), "accepting more refuses nothing");
    }
    std::vector<std::string> lower(names.size());
    std::transform(names.begin(), names.end(), lower.begin(), lower_case);
    require(equal_verdicts(check_unit(lower, sender, recipient, {}), verdict), "case says nothing in a unit");
    std::reverse(names.begin(), names.end());
    require(equal_verdicts(check_unit(names, sender, recipient, {}), verdict), "order says nothing");
}

} // namespace

void judge(BytesView input) {
    std::string_view text = as_text(input);
    std::vector<std::string> names;
    while (!text.empty() && names.size() < 100) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        names.emplace_back(line);
        judge_name(names.back());
    }
    judge_unit(std::move(names));
}

} // namespace relay::fuzz
