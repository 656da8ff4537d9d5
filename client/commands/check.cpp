#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/files.hpp"
#include "protocol/standard/file_name.hpp"
#include "protocol/standard/sending_unit.hpp"

#include <iostream>
#include <variant>

namespace relay::client {
namespace {

std::string_view describe(protocol::standard::UnitKind kind) {
    switch (kind) {
    case protocol::standard::UnitKind::registration:
        return "登録";
    case protocol::standard::UnitKind::deletion:
        return "削除";
    case protocol::standard::UnitKind::other:
        break;
    }
    return "PDF等";
}

/// The offices of the first standard name, which all others must share.
std::pair<protocol::OfficeNumber, protocol::OfficeNumber> offices_of(const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto parsed = protocol::standard::parse_file_name(name, true);
        if (const auto* standard_name = std::get_if<protocol::standard::StandardName>(&parsed)) {
            return {standard_name->sender, standard_name->recipient};
        }
    }
    return {};
}

Json to_json(const protocol::standard::UnitVerdict& verdict, const std::vector<std::string>& files) {
    Json json{{"good", verdict.findings.empty()}, {"findings", Json::array()}};
    if (verdict.findings.empty()) {
        json["unit"] = verdict.unit;
        json["kind"] = describe(verdict.kind);
    }
    for (const auto& finding : verdict.findings) {
        json["findings"].push_back(
            {{"file", files.at(finding.file)},
             {"code", protocol::to_string(finding.code)},
             {"text_ja", finding.text_ja},
             {"text_en", finding.text_en}}
        );
    }
    return json;
}

} // namespace

Outcome<void> run_check(const Settings& settings, const std::vector<std::string>& files) {
    std::vector<std::string> names;
    for (const auto& file : files) {
        names.push_back(fs::path(file).filename().string());
    }
    const auto [sender, recipient] = offices_of(names);
    const auto verdict = protocol::standard::check_unit(names, sender, recipient, {});
    if (settings.json) {
        std::cout << pretty(to_json(verdict, files)) << '\n';
    } else if (verdict.findings.empty()) {
        std::cout << "good: sending unit " << verdict.unit << " (" << describe(verdict.kind) << ")\n";
    } else {
        const bool japanese = preferred_language() == "ja";
        for (const auto& finding : verdict.findings) {
            std::cout << for_terminal(files.at(finding.file)) << ": " << (japanese ? finding.text_ja : finding.text_en)
                      << " (" << protocol::to_string(finding.code) << ")\n";
        }
    }
    if (!verdict.findings.empty()) {
        return local_failure(
            "these files cannot be sent as they are; findings: " + std::to_string(verdict.findings.size())
        );
    }
    return {};
}

} // namespace relay::client
