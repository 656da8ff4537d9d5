// The test bench for care software: every rule of the standard over a folder of exports, passed, failed or not seen.
#pragma once

#include "client/standard/checking.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace relay::client {

/// Files that were checked as one bundle.
struct CheckedBundle {
    std::string folder; ///< below the folder given; empty: files that lie in it directly
    std::vector<fs::path> files;
    FilesReport report;
};

enum class RuleState : std::uint8_t { passed, failed, warned, not_seen };

struct Conformance {
    fs::path folder;
    std::vector<CheckedBundle> bundles;
    std::array<std::uint64_t, protocol::standard::rule_count> count{};
    protocol::standard::RuleSet met;

    [[nodiscard]] RuleState state_of(protocol::standard::Rule rule) const;
    [[nodiscard]] std::size_t count_in(RuleState state) const;
};

/// A folder inside is one bundle. Files that lie in `folder` directly are sorted to bundles by their names.
[[nodiscard]] Outcome<Conformance> check_folder(const fs::path& folder, const protocol::standard::UnitOptions& options);

void print_conformance(std::ostream& out, const Conformance& conformance);
[[nodiscard]] Json conformance_json(const Conformance& conformance);
/// A page that needs nothing else, in Japanese and English.
[[nodiscard]] std::string conformance_html(const Conformance& conformance);

/// docs/standard.md: tables, units and rules as this program has them.
[[nodiscard]] std::string standard_page();

} // namespace relay::client
