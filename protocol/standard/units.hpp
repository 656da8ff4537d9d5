// Sending units P1 to P12 as a table (standard.md §2.1). P13 is what has no standard file at all.
#pragma once

#include "protocol/standard/tables.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace relay::protocol::standard {

using TableSet = std::uint32_t; ///< one bit for each Table

[[nodiscard]] constexpr TableSet bit(Table table) noexcept {
    return TableSet{1} << static_cast<unsigned>(table);
}

/// What offices know a bundle as: 登録, 削除 or PDF等 (standard.md §3.3).
enum class UnitKind : std::uint8_t { registration, deletion, other };
[[nodiscard]] std::string_view japanese_name_of(UnitKind kind) noexcept; ///< "登録"
[[nodiscard]] std::string_view english_name_of(UnitKind kind) noexcept;  ///< "registration"

enum class Grammars : std::uint8_t { v3, v4, both };
enum class Months : std::uint8_t { none, zero, equal }; ///< `zero`: UPHOSOKU 000000; `equal`: one real month

struct UnitRow {
    std::string_view id; ///< "P1"
    UnitKind kind;
    Grammars grammars;
    Months months;
    TableSet required;
    TableSet parts;      ///< sub-tables: optional unless UnitOptions::require_parts
    TableSet images;     ///< always optional
    bool may_be_partial; ///< UnitOptions::partial_units may name it

    [[nodiscard]] constexpr TableSet all() const noexcept { return required | parts | images; }
    [[nodiscard]] constexpr bool speaks(Grammar grammar) const noexcept {
        return grammars == Grammars::both || (grammars == Grammars::v4) == (grammar == Grammar::v4);
    }
};

[[nodiscard]] std::span<const UnitRow> all_units() noexcept;

/// A set of units, by their place in all_units().
using UnitSet = std::uint32_t;
/// "P2,P3", blanks allowed; "" is none. Nothing when a name is no unit or that unit cannot be partial.
[[nodiscard]] std::optional<UnitSet> parse_partial_units(std::string_view text);
[[nodiscard]] std::string name_units(UnitSet set); ///< "P2,P3"

/// The sub-tables and images that go with `parent`; 0: none do.
[[nodiscard]] TableSet children_of(Table parent) noexcept;
/// The prefixes in `set`, for people.
[[nodiscard]] std::string name_tables(TableSet set, std::string_view separator);

} // namespace relay::protocol::standard
