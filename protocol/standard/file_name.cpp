#include "protocol/standard/file_name.hpp"

#include <algorithm>
#include <array>

namespace relay::protocol::standard {
namespace {

constexpr std::array<std::string_view, 7> allowed_extensions{"CSV", "PDF", "JPEG", "JPG", "PNG", "GIF", "TXT"};

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

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    parts.reserve(8); // no standard name has more
    while (true) {
        const auto end = text.find('_');
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

/// A wrong part may be anything that somebody typed; only what looks like a part is told again.
std::string fit_to_tell(std::string_view part) {
    constexpr std::size_t most = 20;
    if (part.size() > most || !is_alphanumeric(part)) {
        return {};
    }
    return std::string(part);
}

/// The row with the longest prefix that the stem begins with: four prefixes hold an underscore themselves.
const TableRow* find_row(std::string_view stem) noexcept {
    const TableRow* best = nullptr;
    for (const auto& row : all_tables()) {
        const bool fits = stem.starts_with(row.prefix) && stem.substr(row.prefix.size()).starts_with('_');
        if (fits && (best == nullptr || row.prefix.size() > best->prefix.size())) {
            best = &row;
        }
    }
    return best;
}

/// Reads the parts behind the prefix one by one and keeps what is wrong with each.
class PartReader {
public:
    PartReader(const TableRow& row, std::vector<std::string_view> parts) : row_(row), parts_(std::move(parts)) {}

    [[nodiscard]] std::size_t size() const noexcept { return parts_.size(); }
    [[nodiscard]] std::vector<NameFault>& faults() noexcept { return faults_; }
    void skip() noexcept { ++at_; }

    template <class Value>
    std::optional<Value> read(Rule rule) {
        const auto part = parts_[at_++];
        auto value = Value::parse(part);
        if (!value) {
            faults_.push_back({rule, row_.table, fit_to_tell(part)});
        }
        return value;
    }
    [[nodiscard]] std::string_view last() const noexcept { return parts_[at_ - 1]; }
    void fault(Rule rule) { faults_.push_back({rule, row_.table, fit_to_tell(last())}); }

private:
    const TableRow& row_;
    std::vector<std::string_view> parts_;
    std::vector<NameFault> faults_;
    std::size_t at_ = 0;
};

struct ImageNumber {
    int value;
    static std::optional<ImageNumber> parse(std::string_view text) {
        if (text.size() != 4 || !is_digits(text) || text == "0000") {
            return std::nullopt;
        }
        return ImageNumber{(text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0')};
    }
};

void read_parts(PartReader& parts, StandardName& name) {
    const auto& row = row_of(name.table);
    if (row.has_month) {
        name.month = parts.read<ServiceMonth>(Rule::name_month);
        if (name.month && name.month->view() == no_month && row.table != Table::uphosoku) {
            parts.fault(Rule::name_month);
        }
    }
    const bool with_codes = name.grammar == Grammar::v4;
    for (const bool sending : {true, false}) {
        const auto office = parts.read<OfficeNumber>(Rule::name_office);
        (sending ? name.sender : name.recipient) = office.value_or(OfficeNumber());
        if (with_codes) {
            (sending ? name.sender_code : name.recipient_code) = parts.read<ServiceCode>(Rule::name_service_code);
        }
    }
    name.sequence = parts.read<SequenceNumber>(Rule::name_sequence).value_or(SequenceNumber());
    if (row.table == Table::upkihon_image) {
        const auto number = parts.read<ImageNumber>(Rule::name_image_number);
        name.image_number = number ? std::optional(number->value) : std::nullopt;
    }
}

std::vector<NameFault> sole_fault(Rule rule, std::optional<Table> table = {}) {
    std::vector<NameFault> faults;
    faults.push_back({rule, table, {}});
    return faults;
}

std::variant<StandardName, Attachment, std::vector<NameFault>>
read_stem(const TableRow& row, std::string_view stem, const NameOptions& options) {
    PartReader parts(row, split(stem.substr(row.prefix.size() + 1)));
    const std::size_t months = row.has_month ? 1 : 0;
    const std::size_t images = row.table == Table::upkihon_image ? 1 : 0;
    StandardName name;
    name.table = row.table;
    if (options.lenient && row.table == Table::upkihon && parts.size() == 6) {
        if (parts.read<ServiceMonth>(Rule::name_parts) && parts.last() != no_month) {
            parts.fault(Rule::name_parts);
        }
    } else if (parts.size() == months + 3 + images && row.in_v3) {
        name.grammar = Grammar::v3;
        if (!options.accept_v3) {
            parts.faults().push_back({Rule::name_v3_ended, row.table, {}});
        }
    } else if (parts.size() != months + 5 + images) {
        return sole_fault(Rule::name_parts, row.table);
    }
    read_parts(parts, name);
    if (!parts.faults().empty()) {
        return std::move(parts.faults());
    }
    return name;
}

} // namespace

std::variant<StandardName, Attachment, std::vector<NameFault>>
parse_file_name(std::string_view name, const NameOptions& options) {
    if (!keeps_general_rules(name)) {
        return sole_fault(Rule::name_general);
    }
    const std::string upper = upper_ascii(name);
    const auto dot = upper.rfind('.');
    if (dot == std::string::npos) {
        return sole_fault(Rule::name_type);
    }
    const auto stem = std::string_view(upper).substr(0, dot);
    const auto extension = std::string_view(upper).substr(dot + 1);
    if (std::find(allowed_extensions.begin(), allowed_extensions.end(), extension) == allowed_extensions.end()) {
        return sole_fault(Rule::name_type);
    }
    const bool is_image =
        (extension == "JPG" || extension == "JPEG") && stem.starts_with(prefix_of(Table::upkihon_image));
    if (!is_image && extension != "CSV") {
        return Attachment{};
    }
    const auto* row = find_row(stem);
    if (row == nullptr) {
        return sole_fault(Rule::name_prefix);
    }
    if (is_image && row->table != Table::upkihon_image) {
        return sole_fault(Rule::name_parts, Table::upkihon_image); // as in UPKIHON_IMAGE.jpg
    }
    if (row->table == Table::upkihon_image && !is_image) {
        return sole_fault(Rule::name_extension, row->table);
    }
    return read_stem(*row, stem, options);
}

} // namespace relay::protocol::standard
