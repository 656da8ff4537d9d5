// All rules of the national standard on files as they lie on disk: names, the sending unit, and what is inside.
#pragma once

#include "client/failure.hpp"
#include "client/files.hpp"
#include "protocol/ids.hpp"
#include "protocol/standard/csv_check.hpp"
#include "protocol/standard/sending_unit.hpp"

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace relay::client {

enum class Depth : std::uint8_t { names, content };

struct FilesReport {
    std::vector<protocol::standard::RuleFinding> findings; ///< names and unit first, then by file and line
    std::array<std::uint64_t, protocol::standard::rule_count> count{};
    protocol::standard::RuleSet met;
    std::string unit; ///< "P1" … "P13" when names and unit are good
    protocol::standard::UnitKind kind = protocol::standard::UnitKind::other;
    std::optional<std::string> csv_version; ///< of the first CSV file that has one

    /// Warnings keep nothing from being sent.
    [[nodiscard]] bool may_be_sent() const;
};

/// The files as one bundle from `sender` to `recipient`. Files that are no standard CSV or image are not read.
[[nodiscard]] FilesReport check_files(
    const std::vector<fs::path>& files,
    const protocol::OfficeNumber& sender,
    const protocol::OfficeNumber& recipient,
    const protocol::standard::UnitOptions& options,
    Depth depth
);

/// Sender and recipient in the first standard name, which all others must share; empty when there is none.
[[nodiscard]] std::pair<protocol::OfficeNumber, protocol::OfficeNumber> offices_of(const std::vector<fs::path>& files);

/// "NAME 12行目 項目5: …" or "NAME:12: item 5: …", with the rule's id behind; by the environment's language.
[[nodiscard]] std::string tell_finding(const protocol::standard::RuleFinding& finding, const std::string& file);
[[nodiscard]] Json finding_json(const protocol::standard::RuleFinding& finding, const std::string& file);

/// A failure with all errors in one text, when the files may not be sent; warnings go to standard error.
[[nodiscard]] Outcome<void> check_before_sending(
    const std::vector<fs::path>& files,
    const protocol::OfficeNumber& sender,
    const protocol::OfficeNumber& recipient,
    const protocol::standard::UnitSettings& settings,
    Depth depth
);

/// The switches that hold now.
[[nodiscard]] protocol::standard::UnitOptions options_now(const protocol::standard::UnitSettings& settings);

} // namespace relay::client
