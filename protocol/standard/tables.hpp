// The files of the standard, as a table: what each is called, and what its name and its rows hold (standard.md §1.2,
// §1.3, §1.5). Names, units, content checks and docs/standard.md read from here.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace relay::protocol::standard {

enum class Grammar : std::uint8_t { v4, v3 };

enum class Table : std::uint8_t {
    uphosoku,
    up1kyo,
    dlt1kyo,
    up2kyo,
    up3kyo,
    upplan,
    upjsk,
    dltplan,
    dltjsk,
    upsikyu,
    upkihon,
    dltkihon,
    upkihon_sub1,
    upkihon_sub2,
    upkihon_image,
    upyobo,
    dltyobo,
    upyobo_sub,
};

/// `text` may be empty and only tells rows apart; the others must be there and of their form.
enum class ColumnForm : std::uint8_t { day, month, text, office, service_code };

/// A column that tells which record this is. Columns count from 1.
struct KeyColumn {
    int column;
    ColumnForm form;
};

struct TableRow {
    Table table;
    std::string_view prefix;   ///< "UPHOSOKU"
    std::string_view japanese; ///< "利用者補足情報"
    std::string_view english;
    bool has_month;                  ///< 対象年月 stands in the name
    bool in_v3;                      ///< the standard's versions 3.x have it
    int columns;                     ///< of a row, 4.x; 0: no CSV
    int columns_v3;                  ///< of a row, 3.x; 0: not in 3.x
    int month_column;                ///< equal to the name's month on every row; 0: none
    bool one_row_a_key;              ///< two rows with one key are one too many
    std::span<const KeyColumn> keys; ///< beside columns 2 and 3, insurer and insured person
};

[[nodiscard]] const TableRow& row_of(Table table) noexcept;
[[nodiscard]] std::span<const TableRow> all_tables() noexcept; ///< in the order of Table
[[nodiscard]] std::string_view prefix_of(Table table) noexcept;
[[nodiscard]] std::string_view japanese_name_of(Table table) noexcept;

/// A CSV version that the standard names (standard.md §1.1).
struct KnownVersion {
    std::string_view value;   ///< "202407"
    std::string_view edition; ///< "4.1"
    Grammar grammar;
};
[[nodiscard]] std::span<const KnownVersion> known_versions() noexcept;
/// nullptr when the standard does not name it.
[[nodiscard]] const KnownVersion* find_version(std::string_view value) noexcept;

/// The columns that a row has, by its grammar.
[[nodiscard]] int columns_of(Table table, Grammar grammar) noexcept;

} // namespace relay::protocol::standard
