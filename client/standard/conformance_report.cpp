// The report of a conformance run: text, JSON, and a page.
#include "client/commands/listing.hpp"
#include "client/settings.hpp"
#include "client/standard/conformance.hpp"
#include "client/words.hpp"

#include <functional>
#include <ostream>

namespace relay::client {
namespace {

using protocol::standard::all_rules;
using protocol::standard::RuleFinding;
using protocol::standard::RuleRow;

struct StateWords {
    RuleState state;
    const char* id;
    const char* japanese;
};

constexpr StateWords state_words[]{
    {RuleState::passed, "passed", "合格"},
    {RuleState::failed, "failed", "不合格"},
    {RuleState::warned, "warned", "注意"},
    {RuleState::not_seen, "not_seen", "対象なし"},
};

const StateWords& words_of(RuleState state) {
    return state_words[static_cast<std::size_t>(state)];
}

/// Calls `each` for every finding of the rule, with the file's path below the folder.
void visit(
    const Conformance& conformance,
    protocol::standard::Rule rule,
    const std::function<void(const RuleFinding& finding, const std::string& file)>& each
) {
    for (const auto& bundle : conformance.bundles) {
        for (const auto& finding : bundle.report.findings) {
            if (finding.rule == rule && finding.file < bundle.files.size()) {
                each(finding, bundle.files[finding.file].lexically_relative(conformance.folder).string());
            }
        }
    }
}

std::string escape(std::string_view text) {
    std::string escaped;
    for (const char c : for_terminal(text)) {
        switch (c) {
        case '<':
            escaped += "&lt;";
            break;
        case '>':
            escaped += "&gt;";
            break;
        case '&':
            escaped += "&amp;";
            break;
        case '"':
            escaped += "&quot;";
            break;
        default:
            escaped += c;
        }
    }
    return escaped;
}

std::string summary(const Conformance& conformance, bool japanese) {
    std::string text;
    for (const auto& word : state_words) {
        text += (text.empty() ? ""
                 : japanese   ? "、"
                              : ", ") +
                std::string(japanese ? word.japanese : word.id) + " " +
                std::to_string(conformance.count_in(word.state));
    }
    return text;
}

std::string place_of(const RuleFinding& finding, const std::string& file) {
    return file + (finding.line != 0 ? ":" + std::to_string(finding.line) : "") +
           (finding.column != 0 ? ":" + std::to_string(finding.column) : "");
}

std::string html_row(const Conformance& conformance, const RuleRow& row) {
    const auto& word = words_of(conformance.state_of(row.rule));
    std::string html = "<tr class=\"" + std::string(word.id) + "\"><td>" + word.japanese + "<br><small>" + word.id +
                       "</small></td><td><code>" + std::string(row.id) + "</code></td><td>" + escape(row.japanese) +
                       "<br><small lang=\"en\">" + escape(row.english) + "</small>";
    std::string places;
    visit(conformance, row.rule, [&](const RuleFinding& finding, const std::string& file) {
        places += "<li><code>" + escape(place_of(finding, file)) + "</code> " + escape(finding.text_ja) +
                  " <small lang=\"en\">" + escape(finding.text_en) + "</small></li>";
    });
    const auto total = conformance.count[index_of(row.rule)];
    html += places.empty() ? "" : "<ul>" + places + "</ul>";
    return html + "</td><td>" + (total == 0 ? "" : std::to_string(total)) + "</td></tr>\n";
}

} // namespace

void print_conformance(std::ostream& out, const Conformance& conformance) {
    const bool japanese = in_japanese();
    for (const auto& row : all_rules()) {
        const auto& word = words_of(conformance.state_of(row.rule));
        out << (japanese ? word.japanese : word.id) << "  " << row.id << "  " << (japanese ? row.japanese : row.english)
            << '\n';
        visit(conformance, row.rule, [&](const RuleFinding& finding, const std::string& file) {
            out << "    " << for_terminal(tell_finding(finding, file)) << '\n';
        });
    }
    out << summary(conformance, japanese) << '\n';
}

Json conformance_json(const Conformance& conformance) {
    Json rules = Json::array();
    for (const auto& row : all_rules()) {
        Json places = Json::array();
        visit(conformance, row.rule, [&](const RuleFinding& finding, const std::string& file) {
            places.push_back(finding_json(finding, file));
        });
        rules.push_back(
            {{"rule", row.id},
             {"state", words_of(conformance.state_of(row.rule)).id},
             {"count", conformance.count[index_of(row.rule)]},
             {"text_ja", row.japanese},
             {"text_en", row.english},
             {"places", places}}
        );
    }
    Json bundles = Json::array();
    for (const auto& bundle : conformance.bundles) {
        Json files = Json::array();
        for (const auto& path : bundle.files) {
            files.push_back(path.lexically_relative(conformance.folder).string());
        }
        bundles.push_back(
            {{"folder", bundle.folder},
             {"files", files},
             {"unit", bundle.report.unit},
             {"good", bundle.report.may_be_sent()}}
        );
    }
    Json summary;
    for (const auto& word : state_words) {
        summary[word.id] = conformance.count_in(word.state);
    }
    return {{"summary", summary}, {"rules", rules}, {"bundles", bundles}};
}

std::string conformance_html(const Conformance& conformance) {
    std::string html = R"(<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>標準仕様の適合確認 / Conformance to the standard</title>
<style>
body { font-family: sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; line-height: 1.5 }
table { border-collapse: collapse; width: 100% } td, th { border: 1px solid #999; padding: .4em; text-align: left; vertical-align: top }
.passed td:first-child { background: #cfe8cf } .failed td:first-child { background: #f3c6c6 }
.warned td:first-child { background: #f6e7b4 } .not_seen td:first-child { background: #e4e4e4 }
small { color: #444 } code { overflow-wrap: anywhere }
</style></head><body>
<h1>標準仕様の適合確認<br><small lang="en">Conformance to the national standard</small></h1>
)";
    html += "<p>" + summary(conformance, true) + "<br><small lang=\"en\">" + summary(conformance, false) +
            "</small></p>\n<table><tr><th>結果<br><small lang=\"en\">result</small></th><th>規則<br><small "
            "lang=\"en\">rule</small></th><th>内容と箇所<br><small lang=\"en\">what it asks, and "
            "where it was broken</small></th><th>件数<br><small lang=\"en\">count</small></th></tr>\n";
    for (const auto& row : all_rules()) {
        html += html_row(conformance, row);
    }
    html += "</table>\n<h2>送信単位 <small lang=\"en\">sending units</small></h2>\n<table>\n";
    for (const auto& bundle : conformance.bundles) {
        html += "<tr><td>" + escape(bundle.report.unit.empty() ? "–" : bundle.report.unit) + "</td><td>" +
                escape(japanese_name_of(bundle.report.kind)) + "</td><td>";
        for (const auto& path : bundle.files) {
            html += "<code>" + escape(path.lexically_relative(conformance.folder).string()) + "</code><br>";
        }
        html += "</td></tr>\n";
    }
    return html + "</table>\n</body></html>\n";
}

} // namespace relay::client
