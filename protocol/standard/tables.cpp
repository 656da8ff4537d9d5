#include "protocol/standard/tables.hpp"

#include <algorithm>
#include <array>

namespace relay::protocol::standard {
namespace {

using enum ColumnForm;

constexpr std::array<KeyColumn, 2> supplement_keys{{{4, day}, {63, month}}};
constexpr std::array<KeyColumn, 1> plan1_keys{{{14, day}}};
constexpr std::array<KeyColumn, 4> plan2_keys{{{5, day}, {6, text}, {8, text}, {13, text}}};
constexpr std::array<KeyColumn, 1> day5_key{{{5, day}}};
constexpr std::array<KeyColumn, 1> day4_key{{{4, day}}};
constexpr std::array<KeyColumn, 1> month5_key{{{5, month}}};
constexpr std::array<KeyColumn, 1> month4_key{{{4, month}}};
constexpr std::array<KeyColumn, 3> actual_deletion_keys{{{4, month}, {5, office}, {6, service_code}}};
constexpr std::array<KeyColumn, 4> support_plan_keys{{{4, day}, {5, text}, {10, text}, {14, text}}};

// In the order of Table, so that a table is its own index.
constexpr std::array<TableRow, 18> table_rows{{
    // clang-format off
    {Table::uphosoku, "UPHOSOKU", "利用者補足情報", "supplement on the user", true, true, 63, 63, 63, true, supplement_keys},
    {Table::up1kyo, "UP1KYO", "居宅サービス計画1表", "care plan, table 1", false, true, 28, 28, 0, true, plan1_keys},
    {Table::dlt1kyo, "DLT1KYO", "居宅サービス計画1表_削除", "deletion of table 1", false, true, 4, 4, 0, true, day4_key},
    {Table::up2kyo, "UP2KYO", "居宅サービス計画2表", "care plan, table 2", false, true, 22, 22, 0, true, plan2_keys},
    {Table::up3kyo, "UP3KYO", "居宅サービス計画3表", "care plan, table 3", false, false, 13, 0, 0, false, day5_key},
    {Table::upplan, "UPPLAN", "第6表（サービス利用票）予定", "table 6, planned services", true, true, 25, 22, 5, false, month5_key},
    {Table::upjsk, "UPJSK", "第6表 実績情報", "table 6, services given", true, true, 25, 22, 5, false, month5_key},
    {Table::dltplan, "DLTPLAN", "第6表 予定 削除", "deletion of planned services", true, true, 4, 4, 4, true, month4_key},
    {Table::dltjsk, "DLTJSK", "実績情報 削除", "deletion of services given", true, true, 6, 6, 4, true, actual_deletion_keys},
    {Table::upsikyu, "UPSIKYU", "第7表（サービス利用票別表）", "table 7, cost of services", true, true, 37, 34, 5, false, month5_key},
    {Table::upkihon, "UPKIHON", "利用者基本情報", "user's basic facts", false, false, 71, 0, 0, true, day4_key},
    {Table::dltkihon, "DLTKIHON", "利用者基本情報_削除", "deletion of basic facts", false, false, 4, 0, 0, true, day4_key},
    {Table::upkihon_sub1, "UPKIHON_SUB1", "利用者基本情報（別表1）1日の生活・すごし方", "basic facts, part 1", false, false, 7, 0, 0, false, day4_key},
    {Table::upkihon_sub2, "UPKIHON_SUB2", "利用者基本情報（別表2）現病歴・既往歴", "basic facts, part 2", false, false, 11, 0, 0, false, day4_key},
    {Table::upkihon_image, "UPKIHON_IMAGE", "家族構成 画像ファイル", "image of the family", false, false, 0, 0, 0, false, {}},
    {Table::upyobo, "UPYOBO", "介護予防サービス・支援計画書", "preventive care plan", false, false, 57, 0, 0, true, day4_key},
    {Table::dltyobo, "DLTYOBO", "介護予防サービス・支援計画書_削除", "deletion of a preventive plan", false, false, 4, 0, 0, true, day4_key},
    {Table::upyobo_sub, "UPYOBO_SUB", "介護予防サービス・支援計画書（別表）支援計画", "preventive plan, measures", false, false, 17, 0, 0, true, support_plan_keys},
    // clang-format on
}};

constexpr std::array<KnownVersion, 5> versions{{
    {"201910", "1", Grammar::v3},
    {"202003", "2", Grammar::v3},
    {"202208", "3.0–3.2", Grammar::v3},
    {"202504", "4.0", Grammar::v4},
    {"202407", "4.1", Grammar::v4},
}};

} // namespace

const TableRow& row_of(Table table) noexcept {
    return table_rows[static_cast<std::size_t>(table)];
}

std::span<const TableRow> all_tables() noexcept {
    return table_rows;
}

std::string_view prefix_of(Table table) noexcept {
    return row_of(table).prefix;
}

std::string_view japanese_name_of(Table table) noexcept {
    return row_of(table).japanese;
}

std::span<const KnownVersion> known_versions() noexcept {
    return versions;
}

const KnownVersion* find_version(std::string_view value) noexcept {
    const auto* found = std::find_if(versions.begin(), versions.end(), [&](const auto& v) { return v.value == value; });
    return found == versions.end() ? nullptr : found;
}

int columns_of(Table table, Grammar grammar) noexcept {
    return grammar == Grammar::v3 ? row_of(table).columns_v3 : row_of(table).columns;
}

} // namespace relay::protocol::standard
