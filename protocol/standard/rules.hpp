// Every rule of the national standard that is checked here, as a table: findings name a row of it, the conformance
// report goes through it, and docs/standard.md is made from it.
#pragma once

#include "protocol/error.hpp"

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace relay::protocol::standard {

enum class Rule : std::uint8_t {
    name_general,
    name_type,
    name_prefix,
    name_extension,
    name_parts,
    name_office,
    name_service_code,
    name_month,
    name_sequence,
    name_image_number,
    name_v3_ended,
    name_unique,
    unit_not_empty,
    unit_sender,
    unit_recipient,
    unit_grammar,
    unit_service_codes,
    unit_sequence,
    unit_month,
    unit_supplement_month,
    unit_table_once,
    unit_parent,
    unit_parts,
    unit_complete,
    unit_combination,
    content_readable,
    content_bom,
    content_encoding,
    content_user_defined,
    content_control,
    content_quotes,
    content_line_end,
    content_records,
    content_header,
    content_empty_line,
    content_columns,
    content_version,
    content_version_uniform,
    content_version_known,
    content_version_of_name,
    content_insurer,
    content_insured,
    content_key,
    content_month,
    content_supplement,
    content_duplicate,
    content_weekday,
    content_image_missing,
    content_image_unnamed,
    content_image_jpeg,
    content_version_of_unit,
};
inline constexpr std::size_t rule_count = 51;

enum class RuleGroup : std::uint8_t { name, unit, content };
enum class Severity : std::uint8_t { error, warning }; ///< a warning keeps nothing from being sent

struct RuleRow {
    Rule rule;
    std::string_view id; ///< stable, "name.month"
    RuleGroup group;
    Severity severity;
    std::string_view japanese, english; ///< what holds when the rule is kept
    std::string_view source;            ///< of standard.md, "§1.2"
};

[[nodiscard]] const RuleRow& row_of(Rule rule) noexcept;
[[nodiscard]] std::span<const RuleRow> all_rules() noexcept; ///< in the order of Rule
[[nodiscard]] std::optional<Rule> find_rule(std::string_view id) noexcept;
/// The code of protocol.md §11 of a broken rule on names or units. Content has none: the server does not read it.
[[nodiscard]] std::optional<ErrorCode> code_of(Rule rule) noexcept;

/// A set of rules, by their number.
using RuleSet = std::bitset<rule_count>;
[[nodiscard]] constexpr std::size_t index_of(Rule rule) noexcept {
    return static_cast<std::size_t>(rule);
}

/// One broken rule and where.
struct RuleFinding {
    Rule rule = Rule::name_general;
    std::size_t file = 0;         ///< index in the list of files given
    std::uint64_t line = 0;       ///< physical line, from 1; 0: the finding is of the whole file or its name
    std::uint32_t column = 0;     ///< number of the item in the row, from 1; 0: of no item
    std::string text_ja, text_en; ///< what a care manager can act upon
};

} // namespace relay::protocol::standard
