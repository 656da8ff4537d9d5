// File names of the national standard, v4.1 and v3.x (standard.md §1.2, §1.3, §2.4).
#pragma once

#include "protocol/ids.hpp"
#include "protocol/standard/rules.hpp"
#include "protocol/standard/tables.hpp"
#include "protocol/standard/values.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace relay::protocol::standard {

/// A name of the standard.
struct StandardName {
    Table table = Table::uphosoku;
    Grammar grammar = Grammar::v4;
    std::optional<ServiceMonth> month;
    OfficeNumber sender, recipient;
    std::optional<ServiceCode> sender_code, recipient_code; ///< v4 only
    SequenceNumber sequence;
    std::optional<int> image_number; ///< 1 to 9999

    [[nodiscard]] bool is_csv() const noexcept { return table != Table::upkihon_image; }
};

struct Attachment {};

struct NameOptions {
    bool accept_v3 = true;
    /// Takes `UPKIHON_000000_…`, which one page of the standard shows against its own rule.
    bool lenient = false;
};

/// One thing that is wrong with a name.
struct NameFault {
    Rule rule = Rule::name_general;
    std::optional<Table> table; ///< what its prefix says it is
    std::string part;           ///< the part that is wrong; empty where it is not one, or not fit to be told
};

/// Which of the three a name is. Names match as if ASCII letters were upper case. The general rules of protocol.md §4
/// (1 to 255 bytes, characters, ends) are checked here too. Faults: all of them, never none.
[[nodiscard]] std::variant<StandardName, Attachment, std::vector<NameFault>>
parse_file_name(std::string_view name, const NameOptions& options);

/// The form of a table's names, for people: "UPPLAN_YYYYMM_…".
[[nodiscard]] std::string form_of_name(Table table, Grammar grammar, bool japanese);

/// The fault as it is told, in Japanese and English.
[[nodiscard]] RuleFinding describe_fault(const NameFault& fault, std::size_t file);

} // namespace relay::protocol::standard
