#include "client/commands/batch_report.hpp"

#include "client/commands/listing.hpp"
#include "client/settings.hpp"
#include "client/words.hpp"
#include "protocol/standard/sending_unit.hpp"

#include <algorithm>
#include <ostream>

namespace relay::client {
namespace {

std::vector<std::string> names_of(const SortedUnit& unit) {
    std::vector<std::string> names;
    for (const auto& path : unit.files) {
        names.push_back(path.filename().string());
    }
    return names;
}

} // namespace

void BatchReport::tell(std::size_t number, const BatchResult& result) {
    results_[number] = result;
    const auto name = text_at(member_of(member_of(result, "bundle"), "recipient"), "name");
    if (!name.empty()) {
        name_office(sorted_.units[number].recipient, name);
    }
}

bool BatchReport::was_sent(std::size_t number) const {
    return member_of(results_[number], "bundle").is_object();
}

std::map<protocol::OfficeNumber, BatchReport::Count> BatchReport::count() const {
    std::map<protocol::OfficeNumber, Count> counts;
    for (std::size_t i = 0; i < results_.size(); ++i) {
        auto& one = counts[sorted_.units[i].recipient];
        ++(was_sent(i) ? one.sent : one.failed);
    }
    return counts;
}

Json BatchReport::json() const {
    Json results = Json::array();
    for (std::size_t i = 0; i < results_.size(); ++i) {
        const auto& unit = sorted_.units[i];
        auto result = results_[i];
        const auto names = names_of(unit);
        result["recipient"] = unit.recipient.str();
        result["files"] = names;
        result["kind"] = japanese_name_of(protocol::standard::kind_of(names));
        results.push_back(std::move(result));
    }
    Json offices = Json::array();
    for (const auto& [number, count] : count()) {
        const auto name = names_.find(number);
        offices.push_back(
            {{"number", number.str()},
             {"name", name == names_.end() ? "" : name->second},
             {"sent", count.sent},
             {"failed", count.failed}}
        );
    }
    Json left_over = Json::array();
    for (const auto& one : sorted_.findings) {
        left_over.push_back({{"file", one.file.filename().string()}, {"detail", one.text}});
    }
    return {{"results", results}, {"offices", offices}, {"left_over", left_over}, {"calls", calls}};
}

void BatchReport::print_unit(std::ostream& out, std::size_t number) const {
    const auto& result = results_[number];
    const auto names = names_of(sorted_.units[number]);
    const auto bundle_id = text_at(result, "bundle_id");
    out << "    " << (was_sent(number) ? words("sent ", "送信済み ") : words("not sent ", "未送信 "))
        << (bundle_id.empty() ? "" : bundle_id + " ") << kind_in_words(protocol::standard::kind_of(names)) << ' '
        << for_terminal(names.front());
    if (names.size() > 1) {
        out << " +" << names.size() - 1;
    }
    if (!was_sent(number)) {
        const auto why =
            from_problem(member_of(result, "problem"), static_cast<int>(number_at(result, "status").value_or(0)));
        out << "\n        " << for_terminal(why.text);
        if (why.code != "local") {
            out << " (" << why.code << ')';
        }
    }
    out << '\n';
}

void BatchReport::print(std::ostream& out) const {
    const bool japanese = in_japanese();
    for (const auto& [number, count] : count()) {
        const auto name = names_.find(number);
        out << number.str() << ' ' << (name == names_.end() ? "" : for_terminal(name->second)) << ": "
            << (japanese ? "送信 " : "sent ") << count.sent;
        if (count.failed > 0) {
            out << (japanese ? "、未送信 " : ", not sent ") << count.failed;
        }
        out << '\n';
        for (std::size_t i = 0; i < results_.size(); ++i) {
            if (sorted_.units[i].recipient == number) {
                print_unit(out, i);
            }
        }
    }
    for (const auto& one : sorted_.findings) {
        out << (japanese ? "振り分けできないファイル: " : "not sorted: ") << for_terminal(one.file.filename().string())
            << ": " << for_terminal(one.text) << '\n';
    }
}

Outcome<void> BatchReport::verdict() const {
    std::size_t failed = 0;
    for (std::size_t i = 0; i < results_.size(); ++i) {
        failed += was_sent(i) ? 0U : 1U;
    }
    if (failed == 0 && sorted_.findings.empty()) {
        return {};
    }
    std::string text = words(
        "{0} of {1} bundles were not sent",
        "{1}件のうち{0}件を送信できませんでした",
        {std::to_string(failed), std::to_string(results_.size())}
    );
    if (!sorted_.findings.empty()) {
        text += words(
            "; files that could not be sorted: {0}",
            "。振り分けできないファイル: {0}件",
            {std::to_string(sorted_.findings.size())}
        );
    }
    return local_failure(std::move(text));
}

} // namespace relay::client
