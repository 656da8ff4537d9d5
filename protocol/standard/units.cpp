#include "protocol/standard/units.hpp"

#include <algorithm>
#include <array>

namespace relay::protocol::standard {
namespace {

template <class... Tables>
constexpr TableSet set_of(Tables... tables) noexcept {
    return (TableSet{0} | ... | bit(tables));
}

using enum UnitKind;
using enum Table;

constexpr TableSet kihon_parts = set_of(upkihon_sub1, upkihon_sub2);
constexpr TableSet yobo_parts = set_of(upyobo_sub);
constexpr TableSet images = set_of(upkihon_image);

constexpr std::array<UnitRow, 12> unit_rows{{
    // clang-format off
    {"P1", registration, Grammars::v3, Months::zero, set_of(up1kyo, up2kyo, uphosoku), 0, 0, true},
    {"P2", registration, Grammars::v4, Months::zero, set_of(up1kyo, up2kyo, up3kyo, uphosoku), 0, 0, true},
    {"P3", registration, Grammars::both, Months::equal, set_of(upplan, upsikyu, uphosoku), 0, 0, true},
    {"P4", deletion, Grammars::both, Months::none, set_of(dlt1kyo), 0, 0, false},
    {"P5", deletion, Grammars::both, Months::equal, set_of(dltplan), 0, 0, false},
    {"P6", registration, Grammars::both, Months::equal, set_of(upjsk), 0, 0, false},
    {"P7", deletion, Grammars::both, Months::equal, set_of(dltjsk), 0, 0, false},
    {"P8", registration, Grammars::v4, Months::none, set_of(upkihon), kihon_parts, images, false},
    {"P9", registration, Grammars::v4, Months::none, set_of(upyobo, upkihon), kihon_parts | yobo_parts, images, false},
    {"P10", registration, Grammars::v4, Months::none, set_of(upyobo), yobo_parts, 0, false},
    {"P11", deletion, Grammars::v4, Months::none, set_of(dltkihon), 0, 0, false},
    {"P12", deletion, Grammars::v4, Months::none, set_of(dltyobo), 0, 0, false},
    // clang-format on
}};

} // namespace

std::span<const UnitRow> all_units() noexcept {
    return unit_rows;
}

std::string_view japanese_name_of(UnitKind kind) noexcept {
    switch (kind) {
    case UnitKind::registration:
        return "登録";
    case UnitKind::deletion:
        return "削除";
    case UnitKind::other:
        break;
    }
    return "PDF等";
}

std::string_view english_name_of(UnitKind kind) noexcept {
    switch (kind) {
    case UnitKind::registration:
        return "registration";
    case UnitKind::deletion:
        return "deletion";
    case UnitKind::other:
        break;
    }
    return "PDF and others";
}

std::optional<UnitSet> parse_partial_units(std::string_view text) {
    UnitSet set = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        auto id = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        id.remove_prefix(std::min(id.find_first_not_of(' '), id.size()));
        id = id.substr(0, id.find_last_not_of(' ') + 1);
        const auto* row =
            std::find_if(unit_rows.begin(), unit_rows.end(), [&](const UnitRow& r) { return r.id == id; });
        if (row == unit_rows.end() || !row->may_be_partial) {
            return std::nullopt;
        }
        set |= 1U << static_cast<unsigned>(row - unit_rows.begin());
    }
    return set;
}

std::string name_units(UnitSet set) {
    std::string text;
    for (std::size_t i = 0; i < unit_rows.size(); ++i) {
        if ((set >> i & 1U) != 0) {
            text += text.empty() ? "" : ",";
            text += unit_rows[i].id;
        }
    }
    return text;
}

TableSet children_of(Table parent) noexcept {
    if (parent == upkihon) {
        return kihon_parts | images;
    }
    return parent == upyobo ? yobo_parts : 0;
}

std::string name_tables(TableSet set, std::string_view separator) {
    std::string text;
    for (const auto& row : all_tables()) {
        if ((set & bit(row.table)) != 0) {
            text += text.empty() ? std::string_view() : separator;
            text += row.prefix;
        }
    }
    return text;
}

} // namespace relay::protocol::standard
