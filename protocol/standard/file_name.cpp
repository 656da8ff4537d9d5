#include "protocol/standard/file_name.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace relay::protocol::standard {
namespace {

struct TableRow {
    Table table;
    std::string_view prefix;
    std::string_view japanese;
    bool has_month;
    bool in_v3;
};

// In the order of Table, so that a table is its own index.
constexpr std::array<TableRow, 18> table_rows{{
    {Table::uphosoku, "UPHOSOKU", "利用者補足情報", true, true},
    {Table::up1kyo, "UP1KYO", "居宅サービス計画1表", false, true},
    {Table::dlt1kyo, "DLT1KYO", "居宅サービス計画1表_削除", false, true},
    {Table::up2kyo, "UP2KYO", "居宅サービス計画2表", false, true},
    {Table::up3kyo, "UP3KYO", "居宅サービス計画3表", false, false},
    {Table::upplan, "UPPLAN", "第6表（サービス利用票）予定", true, true},
    {Table::upjsk, "UPJSK", "第6表 実績情報", true, true},
    {Table::dltplan, "DLTPLAN", "第6表 予定 削除", true, true},
    {Table::dltjsk, "DLTJSK", "実績情報 削除", true, true},
    {Table::upsikyu, "UPSIKYU", "第7表（サービス利用票別表）", true, true},
    {Table::upkihon, "UPKIHON", "利用者基本情報", false, false},
    {Table::dltkihon, "DLTKIHON", "利用者基本情報_削除", false, false},
    {Table::upkihon_sub1, "UPKIHON_SUB1", "利用者基本情報（別表1）1日の生活・すごし方", false, false},
    {Table::upkihon_sub2, "UPKIHON_SUB2", "利用者基本情報（別表2）現病歴・既往歴", false, false},
    {Table::upkihon_image, "UPKIHON_IMAGE", "家族構成 画像ファイル", false, false},
    {Table::upyobo, "UPYOBO", "介護予防サービス・支援計画書", false, false},
    {Table::dltyobo, "DLTYOBO", "介護予防サービス・支援計画書_削除", false, false},
    {Table::upyobo_sub, "UPYOBO_SUB", "介護予防サービス・支援計画書（別表）支援計画", false, false},
}};

constexpr std::array<std::string_view, 7> allowed_extensions{"CSV", "PDF", "JPEG", "JPG", "PNG", "GIF", "TXT"};

const TableRow& row_of(Table table) noexcept {
    return table_rows[static_cast<std::size_t>(table)];
}

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), is_digit);
}

std::string upper_ascii(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) {
        if (c >= 'a' && c <= 'z') {
            c = static_cast<char>(c - 'a' + 'A');
        }
    }
    return upper;
}

int number_at(std::string_view digits, std::size_t from, std::size_t count) noexcept {
    int value = 0;
    for (const char c : digits.substr(from, count)) {
        value = value * 10 + (c - '0');
    }
    return value;
}

bool keeps_general_rules(std::string_view name) noexcept {
    constexpr std::string_view forbidden = "/\\:*?\"<>|";
    if (name.empty() || name.size() > 255) {
        return false;
    }
    const auto is_end = [](char c) { return c == '.' || c == ' '; };
    if (is_end(name.front()) || is_end(name.back())) {
        return false;
    }
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto byte = static_cast<unsigned char>(name[i]);
        if (byte < 0x20 || byte == 0x7F || forbidden.find(name[i]) != std::string_view::npos) {
            return false;
        }
        // U+0080 to U+009F, the other half of the control characters, in UTF-8.
        if (byte == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0) {
            return false;
        }
    }
    return true;
}

bool is_month(std::string_view month, Table table) noexcept {
    if (month.size() != 6 || !all_digits(month)) {
        return false;
    }
    if (month == "000000") {
        return table == Table::uphosoku;
    }
    const int number = number_at(month, 4, 2);
    return number_at(month, 0, 4) >= 1 && number >= 1 && number <= 12;
}

bool is_service_code(std::string_view code) noexcept {
    return code.size() == 2 &&
           std::all_of(code.begin(), code.end(), [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
}

bool is_stamp(std::string_view stamp) noexcept {
    if (stamp.size() != 14 || !all_digits(stamp)) {
        return false;
    }
    const std::chrono::year_month_day day{
        std::chrono::year(number_at(stamp, 0, 4)),
        std::chrono::month(static_cast<unsigned>(number_at(stamp, 4, 2))),
        std::chrono::day(static_cast<unsigned>(number_at(stamp, 6, 2)))};
    return number_at(stamp, 0, 4) >= 1 && day.ok() && number_at(stamp, 8, 2) < 24 && number_at(stamp, 10, 2) < 60 &&
           number_at(stamp, 12, 2) < 60;
}

/// Takes the parts between underscores one by one.
class Parts {
public:
    explicit Parts(std::string_view rest) : rest_(rest) {}

    [[nodiscard]] std::optional<std::string_view> next() {
        if (!more_) {
            return std::nullopt;
        }
        const auto end = rest_.find('_');
        const auto part = rest_.substr(0, end);
        more_ = end != std::string_view::npos;
        rest_ = more_ ? rest_.substr(end + 1) : std::string_view();
        return part;
    }
    [[nodiscard]] bool done() const noexcept { return !more_; }

private:
    std::string_view rest_;
    bool more_ = true;
};

bool read_office(Parts& parts, OfficeNumber& office) {
    const auto part = parts.next();
    const auto parsed = part ? OfficeNumber::parse(*part) : std::nullopt;
    if (!parsed) {
        return false;
    }
    office = *parsed;
    return true;
}

bool read_code(Parts& parts, std::optional<std::string>& code) {
    const auto part = parts.next();
    if (!part || !is_service_code(*part)) {
        return false;
    }
    code = std::string(*part);
    return true;
}

bool read_image_number(Parts& parts, std::optional<int>& number) {
    const auto part = parts.next();
    if (!part || part->size() != 4 || !all_digits(*part) || *part == "0000") {
        return false;
    }
    number = number_at(*part, 0, 4);
    return true;
}

/// `rest`: what stands behind the prefix and its underscore, without the extension.
std::optional<StandardName> read_parts(const TableRow& row, Grammar grammar, std::string_view rest) {
    const bool with_codes = grammar == Grammar::v4;
    StandardName name;
    name.table = row.table;
    name.grammar = grammar;
    Parts parts(rest);
    if (row.has_month) {
        const auto month = parts.next();
        if (!month || !is_month(*month, row.table)) {
            return std::nullopt;
        }
        name.month = std::string(*month);
    }
    if (!read_office(parts, name.sender) || (with_codes && !read_code(parts, name.sender_code)) ||
        !read_office(parts, name.recipient) || (with_codes && !read_code(parts, name.recipient_code))) {
        return std::nullopt;
    }
    const auto stamp = parts.next();
    if (!stamp || !is_stamp(*stamp)) {
        return std::nullopt;
    }
    name.stamp = std::string(*stamp);
    if (row.table == Table::upkihon_image && !read_image_number(parts, name.image_number)) {
        return std::nullopt;
    }
    return parts.done() ? std::optional(std::move(name)) : std::nullopt;
}

/// `stem`: upper case, without the extension.
std::optional<StandardName> read_stem(std::string_view stem, bool is_image, bool accept_v3) {
    // Four prefixes hold an underscore themselves, hence the longest one that fits.
    const TableRow* best = nullptr;
    for (const auto& row : table_rows) {
        const bool fits = stem.starts_with(row.prefix) && stem.substr(row.prefix.size()).starts_with('_');
        if (fits && (best == nullptr || row.prefix.size() > best->prefix.size())) {
            best = &row;
        }
    }
    if (best == nullptr || (best->table == Table::upkihon_image) != is_image) {
        return std::nullopt;
    }
    const auto rest = stem.substr(best->prefix.size() + 1);
    if (auto name = read_parts(*best, Grammar::v4, rest)) {
        return name;
    }
    return best->in_v3 && accept_v3 ? read_parts(*best, Grammar::v3, rest) : std::nullopt;
}

} // namespace

std::string_view prefix_of(Table table) noexcept {
    return row_of(table).prefix;
}

std::string_view japanese_name_of(Table table) noexcept {
    return row_of(table).japanese;
}

std::variant<StandardName, Attachment, NameFault> parse_file_name(std::string_view name, bool accept_v3) {
    if (!keeps_general_rules(name)) {
        return NameFault::bad_file_name;
    }
    const std::string upper = upper_ascii(name);
    const auto dot = upper.rfind('.');
    if (dot == std::string::npos) {
        return NameFault::file_type_not_allowed;
    }
    const auto stem = std::string_view(upper).substr(0, dot);
    const auto extension = std::string_view(upper).substr(dot + 1);
    if (std::find(allowed_extensions.begin(), allowed_extensions.end(), extension) == allowed_extensions.end()) {
        return NameFault::file_type_not_allowed;
    }
    const bool is_image =
        (extension == "JPG" || extension == "JPEG") && stem.starts_with(prefix_of(Table::upkihon_image));
    if (!is_image && extension != "CSV") {
        return Attachment{};
    }
    auto standard_name = read_stem(stem, is_image, accept_v3);
    if (!standard_name) {
        return NameFault::bad_file_name;
    }
    return *std::move(standard_name);
}

} // namespace relay::protocol::standard
