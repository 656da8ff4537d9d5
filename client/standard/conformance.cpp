#include "client/standard/conformance.hpp"

#include "client/sorting.hpp"
#include "client/words.hpp"

#include <algorithm>
#include <map>
#include <variant>

namespace relay::client {
namespace {

using protocol::standard::RuleFinding;
using protocol::standard::StandardName;
using protocol::standard::UnitOptions;

/// Folder → its files, in order; hidden files are left out, links are not followed.
Outcome<std::map<std::string, std::vector<fs::path>>> list_folders(const fs::path& folder) {
    std::map<std::string, std::vector<fs::path>> folders;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const bool hidden = entry->path().filename().string().starts_with('.');
        if (entry->is_directory(error) && hidden) {
            entry.disable_recursion_pending();
        } else if (!hidden && entry->symlink_status(error).type() == fs::file_type::regular) {
            const auto below = entry->path().parent_path().lexically_relative(folder).string();
            folders[below == "." ? "" : below].push_back(entry->path());
        }
    }
    if (error) {
        return local_failure(folder.string() + ": " + words_of(error));
    }
    if (folders.empty()) {
        return local_failure(folder.string() + words(": holds no files", ": ファイルがありません"));
    }
    for (auto& [name, files] : folders) {
        std::sort(files.begin(), files.end());
    }
    return folders;
}

class Bench {
public:
    Bench(Conformance& conformance, const UnitOptions& options) : conformance_(conformance), options_(options) {}

    void check_bundle(const std::string& folder, const std::vector<fs::path>& files) {
        const auto [sender, recipient] = offices_of(files);
        CheckedBundle bundle{folder, files, check_files(files, sender, recipient, options_, Depth::content)};
        conformance_.met |= bundle.report.met;
        for (std::size_t i = 0; i < bundle.report.count.size(); ++i) {
            conformance_.count[i] += bundle.report.count[i];
        }
        conformance_.bundles.push_back(std::move(bundle));
    }

    /// Each sender's files are sorted to units; what cannot be sorted is checked on its own.
    void check_loose(const std::vector<fs::path>& files) {
        std::map<protocol::OfficeNumber, std::vector<fs::path>> by_sender;
        for (const auto& path : files) {
            const auto parsed = protocol::standard::parse_file_name(
                path.filename().string(), {options_.accept_v3, options_.lenient_names}
            );
            const auto* name = std::get_if<StandardName>(&parsed);
            if (name == nullptr) {
                check_bundle("", {path});
            } else {
                by_sender[name->sender].push_back(path);
            }
        }
        for (const auto& [sender, own] : by_sender) {
            for (const auto& unit : sort_files(own, sender, options_).units) {
                check_bundle("", unit.files);
            }
        }
    }

private:
    Conformance& conformance_;
    const UnitOptions& options_;
};

} // namespace

RuleState Conformance::state_of(protocol::standard::Rule rule) const {
    const auto index = index_of(rule);
    if (count[index] != 0) {
        const bool error = row_of(rule).severity == protocol::standard::Severity::error;
        return error ? RuleState::failed : RuleState::warned;
    }
    return met[index] ? RuleState::passed : RuleState::not_seen;
}

std::size_t Conformance::count_in(RuleState state) const {
    const auto rules = protocol::standard::all_rules();
    return static_cast<std::size_t>(std::count_if(rules.begin(), rules.end(), [&](const auto& row) {
        return state_of(row.rule) == state;
    }));
}

Outcome<Conformance> check_folder(const fs::path& folder, const UnitOptions& options) {
    const auto folders = list_folders(folder);
    if (!folders) {
        return folders.error();
    }
    Conformance conformance;
    conformance.folder = folder;
    Bench bench(conformance, options);
    for (const auto& [name, files] : *folders) {
        if (name.empty()) {
            bench.check_loose(files);
        } else {
            bench.check_bundle(name, files);
        }
    }
    return conformance;
}

} // namespace relay::client
