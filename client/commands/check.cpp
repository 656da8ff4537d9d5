#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/standard/checking.hpp"
#include "client/words.hpp"

#include <iostream>

namespace relay::client {
namespace {

Json to_json(const FilesReport& report, const std::vector<fs::path>& files) {
    Json json{{"good", report.may_be_sent()}, {"findings", Json::array()}};
    if (!report.unit.empty()) {
        json["unit"] = report.unit;
        json["kind"] = japanese_name_of(report.kind);
    }
    if (report.csv_version) {
        json["csv_version"] = *report.csv_version;
    }
    for (const auto& finding : report.findings) {
        json["findings"].push_back(
            finding_json(finding, finding.file < files.size() ? files[finding.file].string() : "")
        );
    }
    return json;
}

void print(const FilesReport& report, const std::vector<fs::path>& files) {
    for (const auto& finding : report.findings) {
        const auto file = finding.file < files.size() ? files[finding.file].string() : std::string();
        std::cout << for_terminal(tell_finding(finding, file)) << '\n';
    }
    for (std::size_t i = 0; i < report.count.size(); ++i) {
        if (report.count[i] > protocol::standard::CsvCheck::most_findings) {
            std::cout << protocol::standard::all_rules()[i].id << ": " << report.count[i] << '\n';
        }
    }
    if (report.may_be_sent()) {
        std::cout << words(
                         "good: sending unit {0} ({1})",
                         "問題ありません: 送信単位 {0}（{1}）",
                         {report.unit, kind_in_words(report.kind)}
                     )
                  << '\n';
    }
}

} // namespace

Outcome<void> run_check(const Settings& settings, const CheckOptions& options) {
    const std::vector<fs::path> files(options.files.begin(), options.files.end());
    const auto [sender, recipient] = offices_of(files);
    const auto report = check_files(
        files, sender, recipient, options_now(settings.standard), options.names_only ? Depth::names : Depth::content
    );
    if (settings.json) {
        std::cout << pretty(to_json(report, files)) << '\n';
    } else {
        print(report, files);
    }
    if (!report.may_be_sent()) {
        return local_failure(words(
            "these files cannot be sent as they are; findings: {0}",
            "このままでは送信できません。指摘: {0}件",
            {std::to_string(report.findings.size())}
        ));
    }
    return {};
}

} // namespace relay::client
