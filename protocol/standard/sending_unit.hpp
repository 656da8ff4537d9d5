// Sending units P1 to P13 (standard.md §2), as a table; and the check of all names of one bundle.
#pragma once

#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/standard/file_name.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relay::protocol::standard {

struct UnitOptions {
    bool accept_v3 = true;
};

/// What offices know a bundle as: 登録, 削除 or PDF等 (standard.md §3.3).
enum class UnitKind : std::uint8_t { registration, deletion, other };

struct UnitFinding {
    std::size_t file = 0;                      ///< index in the list given
    ErrorCode code = ErrorCode::bad_file_name; ///< file_type_not_allowed, bad_file_name or bad_file_combination
    std::string text_ja, text_en;              ///< what a care manager can act upon
};

struct UnitVerdict {
    std::vector<UnitFinding> findings; ///< all at once; empty: good
    std::string unit;                  ///< "P1" … "P13" when good
    UnitKind kind = UnitKind::other;
};

/// Judges the names of one bundle against grammar, offices of the manifest, uniformity and P1 to P13.
[[nodiscard]] UnitVerdict check_unit(
    const std::vector<std::string>& names,
    const OfficeNumber& sender,
    const OfficeNumber& recipient,
    const UnitOptions& options
);

} // namespace relay::protocol::standard
