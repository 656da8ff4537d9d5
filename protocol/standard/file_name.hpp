// File names of the national standard, v4.1 and v3.x (standard.md §1.2, §1.3, §2.4), as a table.
#pragma once

#include "protocol/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

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
[[nodiscard]] std::string_view prefix_of(Table table) noexcept;        ///< "UPHOSOKU"
[[nodiscard]] std::string_view japanese_name_of(Table table) noexcept; ///< "利用者補足情報"

/// A name of the standard.
struct StandardName {
    Table table = Table::uphosoku;
    Grammar grammar = Grammar::v4;
    std::optional<std::string> month; ///< YYYYMM, or 000000
    OfficeNumber sender, recipient;
    std::optional<std::string> sender_code, recipient_code; ///< service-type codes, v4 only
    std::string stamp;                                      ///< ファイル連番, YYYYMMDDHHMMSS
    std::optional<int> image_number;                        ///< 1 to 9999
};

struct Attachment {};

enum class NameFault : std::uint8_t { file_type_not_allowed, bad_file_name };

/// Which of the three a name is. `accept_v3`: standard.accept_v3. Names match as if ASCII letters were upper case.
/// The general rules of protocol.md §4 (1 to 255 bytes, characters, ends) are checked here too.
[[nodiscard]] std::variant<StandardName, Attachment, NameFault> parse_file_name(std::string_view name, bool accept_v3);

} // namespace relay::protocol::standard
