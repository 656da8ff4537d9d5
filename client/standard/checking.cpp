#include "client/standard/checking.hpp"

#include "client/progress.hpp"
#include "client/settings.hpp"
#include "client/words.hpp"
#include "protocol/manifest.hpp"
#include "protocol/standard/content_texts.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <variant>

namespace relay::client {
namespace {

using protocol::standard::CsvCheck;
using protocol::standard::ImageNames;
using protocol::standard::Rule;
using protocol::standard::RuleFinding;
using protocol::standard::Severity;
using protocol::standard::StandardName;
using protocol::standard::Table;

struct StandardFile {
    std::size_t file;
    StandardName name;
};

/// The content of one unit's files, gathered into a report.
class ContentCheck {
public:
    ContentCheck(
        const std::vector<fs::path>& files, const protocol::standard::UnitOptions& options, FilesReport& report
    )
        : files_(files),
          report_(report) {
        for (std::size_t i = 0; i < files.size(); ++i) {
            auto name = protocol::standard::parse_file_name(
                files[i].filename().string(), {options.accept_v3, options.lenient_names}
            );
            if (auto* standard_name = std::get_if<StandardName>(&name)) {
                if (!standard_name->is_csv()) {
                    images_.emplace(protocol::standard::upper_ascii(files[i].filename().string()), false);
                }
                standard_.push_back({i, std::move(*standard_name)});
            }
        }
    }

    void run() {
        for (const auto& one : standard_) {
            if (one.name.is_csv()) {
                check_csv(one);
            } else {
                check_jpeg(one);
            }
        }
        check_images();
    }

private:
    void
    find(Rule rule, std::size_t file, std::uint64_t line = 0, std::uint32_t column = 0, const std::string& value = {}) {
        auto [ja, en] = protocol::standard::describe_content(rule, value);
        ++report_.count[index_of(rule)];
        report_.met.set(index_of(rule));
        report_.findings.push_back({rule, file, line, column, std::move(ja), std::move(en)});
    }

    void check_csv(const StandardFile& one) {
        auto file = File::open_to_read(files_[one.file]);
        const auto size = file ? file->size() : Outcome<std::uint64_t>(file.error());
        if (!size) {
            find(Rule::content_readable, one.file);
            return;
        }
        Progress progress("checking", *size);
        CsvCheck check(one.name, one.file, images_);
        protocol::Bytes piece(piece_bytes);
        while (true) {
            const auto got = file->read(piece.data(), piece.size());
            if (!got) {
                find(Rule::content_readable, one.file);
                break;
            }
            if (*got == 0) {
                break;
            }
            check.feed(protocol::BytesView(piece).first(*got));
            progress.add(*got);
        }
        take(one, check.finish());
    }

    void take(const StandardFile& one, protocol::standard::ContentReport&& content) {
        report_.met |= content.met;
        for (std::size_t i = 0; i < content.count.size(); ++i) {
            report_.count[i] += content.count[i];
        }
        std::move(content.findings.begin(), content.findings.end(), std::back_inserter(report_.findings));
        if (!content.version) {
            return;
        }
        if (!report_.csv_version) {
            report_.csv_version = content.version->str();
            return;
        }
        report_.met.set(index_of(Rule::content_version_of_unit));
        if (content.version->view() != *report_.csv_version) {
            find(Rule::content_version_of_unit, one.file, 1, 1, content.version->str());
        }
    }

    void check_jpeg(const StandardFile& one) {
        auto file = File::open_to_read(files_[one.file]);
        const auto start = file ? file->read_at(0, 3) : Outcome<protocol::Bytes>(file.error());
        const protocol::Bytes mark{0xFF, 0xD8, 0xFF};
        report_.met.set(index_of(Rule::content_image_jpeg));
        if (!file) {
            find(Rule::content_readable, one.file);
        } else if (!start || *start != mark) {
            find(Rule::content_image_jpeg, one.file);
        }
    }

    void check_images() {
        const bool has_facts = std::any_of(standard_.begin(), standard_.end(), [](const auto& one) {
            return one.name.table == Table::upkihon;
        });
        for (const auto& one : standard_) {
            if (one.name.is_csv() || !has_facts) {
                continue;
            }
            report_.met.set(index_of(Rule::content_image_unnamed));
            report_.met.set(index_of(Rule::content_image_missing));
            if (!images_.at(protocol::standard::upper_ascii(files_[one.file].filename().string()))) {
                find(Rule::content_image_unnamed, one.file);
            }
        }
    }

    const std::vector<fs::path>& files_;
    FilesReport& report_;
    std::vector<StandardFile> standard_;
    ImageNames images_;
};

bool is_utf8(std::string_view text) {
    try {
        (void)Json(text).dump();
        return true;
    } catch (const Json::exception&) {
        return false;
    }
}

} // namespace

bool FilesReport::may_be_sent() const {
    return std::none_of(findings.begin(), findings.end(), [](const RuleFinding& finding) {
        return row_of(finding.rule).severity == Severity::error;
    });
}

FilesReport check_files(
    const std::vector<fs::path>& files,
    const protocol::OfficeNumber& sender,
    const protocol::OfficeNumber& recipient,
    const protocol::standard::UnitOptions& options,
    Depth depth
) {
    FilesReport report;
    std::vector<std::string> names;
    for (const auto& path : files) {
        names.push_back(path.filename().string());
    }
    auto verdict = protocol::standard::check_unit(names, sender, recipient, options);
    report.met = protocol::standard::rules_met(names, options);
    for (const auto& finding : verdict.findings) {
        ++report.count[index_of(finding.rule)];
        report.met.set(index_of(finding.rule));
    }
    report.findings = std::move(verdict.findings);
    report.unit = std::move(verdict.unit);
    report.kind = verdict.kind;
    if (depth == Depth::content) {
        ContentCheck(files, options, report).run();
    }
    return report;
}

std::pair<protocol::OfficeNumber, protocol::OfficeNumber> offices_of(const std::vector<fs::path>& files) {
    for (const auto& path : files) {
        const auto parsed = protocol::standard::parse_file_name(path.filename().string(), {true, true});
        if (const auto* standard_name = std::get_if<protocol::standard::StandardName>(&parsed)) {
            return {standard_name->sender, standard_name->recipient};
        }
    }
    return {};
}

std::string tell_finding(const RuleFinding& finding, const std::string& file) {
    const auto& row = row_of(finding.rule);
    const bool japanese = in_japanese();
    std::string text = file;
    if (finding.line != 0) {
        text += japanese ? " " + std::to_string(finding.line) + "行目" : ":" + std::to_string(finding.line);
    }
    if (finding.column != 0) {
        text += (japanese ? " 項目" : ": item ") + std::to_string(finding.column);
    }
    text += ": ";
    if (row.severity == Severity::warning) {
        text += japanese ? "注意: " : "warning: ";
    }
    return text + (japanese ? finding.text_ja : finding.text_en) + " (" + std::string(row.id) + ")";
}

Json finding_json(const RuleFinding& finding, const std::string& file) {
    const auto& row = row_of(finding.rule);
    Json json{
        {"file", file},
        {"rule", row.id},
        {"severity", row.severity == Severity::error ? "error" : "warning"},
        {"text_ja", finding.text_ja},
        {"text_en", finding.text_en}};
    if (const auto code = code_of(finding.rule)) {
        json["code"] = protocol::to_string(*code);
    }
    if (finding.line != 0) {
        json["line"] = finding.line;
    }
    if (finding.column != 0) {
        json["column"] = finding.column;
    }
    return json;
}

protocol::standard::UnitOptions options_now(const protocol::standard::UnitSettings& settings) {
    return settings.at(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

Outcome<void> check_before_sending(
    const std::vector<fs::path>& files,
    const protocol::OfficeNumber& sender,
    const protocol::OfficeNumber& recipient,
    const protocol::standard::UnitSettings& settings,
    Depth depth
) {
    for (const auto& path : files) {
        if (!is_utf8(path.filename().string())) {
            return local_failure(
                path.string() + words(": the file name is no UTF-8 text", ": ファイル名がUTF-8ではありません")
            );
        }
    }
    if (files.size() > protocol::max_files) {
        return local_failure(
            words("more than 100 files cannot be sent in one bundle", "一度に送信できるファイルは100件までです")
        );
    }
    const auto report = check_files(files, sender, recipient, options_now(settings), depth);
    std::string text;
    for (const auto& finding : report.findings) {
        const auto name = finding.file < files.size() ? files[finding.file].filename().string() : std::string();
        const auto line = tell_finding(finding, name);
        if (row_of(finding.rule).severity == Severity::error) {
            text += (text.empty() ? "" : "; ") + line;
        } else {
            std::cerr << "relay-client: " << line << '\n';
        }
    }
    if (!text.empty()) {
        return local_failure(std::move(text));
    }
    return {};
}

} // namespace relay::client
