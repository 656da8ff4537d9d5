#include "protocol/standard/csv_check.hpp"

#include "protocol/standard/content_texts.hpp"

#include <algorithm>
#include <utility>

namespace relay::protocol::standard {
namespace {

constexpr std::uint32_t version_column = 1;
constexpr std::uint32_t insurer_column = 2;
constexpr std::uint32_t insured_column = 3;
constexpr std::uint32_t supplement_day_column = 4;
constexpr std::uint32_t weekday_column = 7;
constexpr std::uint32_t image_column = 62;
constexpr std::string_view no_day = "00000000";

/// A value may be told when it is one that the standard defines; free text and people's numbers may not.
std::string fit_to_tell(std::string_view value) {
    constexpr std::size_t most = 8;
    if (value.size() > most || !is_digits(value)) {
        return {};
    }
    return std::string(value);
}

bool holds(ColumnForm form, std::string_view value) {
    switch (form) {
    case ColumnForm::day:
        return is_calendar_day(value);
    case ColumnForm::month:
        return ServiceMonth::parse(value).has_value();
    case ColumnForm::office:
        return OfficeNumber::parse(value).has_value();
    case ColumnForm::service_code:
        return ServiceCode::parse(value).has_value();
    case ColumnForm::text:
        break;
    }
    return true;
}

Rule rule_of(CsvFault fault) {
    switch (fault) {
    case CsvFault::invalid_bytes:
        return Rule::content_encoding;
    case CsvFault::user_defined:
        return Rule::content_user_defined;
    case CsvFault::control:
        return Rule::content_control;
    case CsvFault::lone_cr:
        return Rule::content_line_end;
    case CsvFault::stray_quote:
    case CsvFault::unclosed_quote:
        break;
    }
    return Rule::content_quotes;
}

} // namespace

CsvCheck::CsvCheck(const StandardName& name, std::size_t file, ImageNames& images)
    : name_(name),
      table_(row_of(name.table)),
      file_(file),
      images_(images),
      reader_(*this),
      expected_columns_(columns_of(name.table, name.grammar)) {
    for (const auto& key : table_.keys) {
        columns_.at(static_cast<std::size_t>(key.column)) = {true, false, key.form};
    }
    if (table_.month_column != 0) {
        columns_.at(static_cast<std::size_t>(table_.month_column)).is_month = true;
    }
}

void CsvCheck::find(Rule rule, std::uint64_t line, std::uint32_t column, const std::string& value) {
    if (++report_.count[index_of(rule)] > most_findings) {
        return;
    }
    auto [ja, en] = describe_content(rule, value);
    report_.findings.push_back({rule, file_, line, column, std::move(ja), std::move(en)});
}

/// Looks for a byte order mark in what is there of the first three bytes, then lets the reader have them.
void CsvCheck::begin() {
    begun_ = true;
    const auto is = [&](std::initializer_list<std::uint8_t> mark) {
        return start_size_ >= mark.size() && std::equal(mark.begin(), mark.end(), start_.begin());
    };
    BytesView start(start_.data(), start_size_);
    if (is({0xFF, 0xFE}) || is({0xFE, 0xFF})) {
        find(Rule::content_bom, 1, 0);
        ended_ = true;
        return;
    }
    if (is({0xEF, 0xBB, 0xBF})) {
        find(Rule::content_bom, 1, 0);
        foreign_ = true;
        return;
    }
    utf8_.feed(start);
    reader_.feed(start);
}

void CsvCheck::feed(BytesView piece) {
    while (!begun_ && !piece.empty()) {
        start_[start_size_++] = piece.front();
        piece = piece.subspan(1);
        if (start_size_ == start_.size()) {
            begin();
        }
    }
    if (!ended_ && !piece.empty()) {
        utf8_.feed(piece);
        reader_.feed(piece);
    }
}

ContentReport CsvCheck::finish() {
    if (!begun_) {
        begin();
    }
    if (!ended_) {
        reader_.finish();
        if (report_.records == 0) {
            find(Rule::content_records, 0, 0);
        }
        tell_utf8();
    }
    meet_rules();
    return std::move(report_);
}

/// One finding for the whole file instead of one at every place where it is no CP932.
void CsvCheck::tell_utf8() {
    if (foreign_ || !utf8_.is_utf8()) {
        return;
    }
    for (const auto rule : {Rule::content_encoding, Rule::content_user_defined}) {
        std::erase_if(report_.findings, [&](const RuleFinding& finding) { return finding.rule == rule; });
        report_.count[index_of(rule)] = 0;
    }
    find(Rule::content_encoding, 0, 0, "UTF-8");
}

void CsvCheck::fault(CsvFault fault, std::uint64_t line, std::uint32_t column) {
    const auto rule = rule_of(fault);
    row_broken_ |= rule == Rule::content_quotes;
    if (!foreign_ || rule != Rule::content_encoding) {
        find(rule, line, column);
    }
}

void CsvCheck::item(const CsvItem& item) {
    if (item.column == version_column) {
        first_ = std::string(item.value);
        first_quoted_ = item.quoted;
        row_skipped_ = false;
        hash_ = 0;
        return;
    }
    if (item.column == insurer_column) {
        check_first(item.line);
    }
    if (row_skipped_ || item.column >= most_columns) {
        return;
    }
    if (item.column <= insured_column) {
        check_persons(item);
        return;
    }
    const auto& column = columns_[item.column];
    if (column.is_key) {
        check_key(item, column);
    }
    if (column.is_month && holds(column.form, item.value)) {
        check_month(item);
    }
    if (name_.table == Table::upkihon && item.column == image_column && item.length != 0) {
        check_image(item);
    }
    if (name_.table == Table::up3kyo && item.column == weekday_column && item.length != 0 &&
        (item.value.size() != 1 || item.value[0] < '1' || item.value[0] > '7')) {
        find(Rule::content_weekday, item.line, item.column, fit_to_tell(item.value));
    }
}

/// Item 1, once something shows that the line is a record.
void CsvCheck::check_first(std::uint64_t line) {
    const bool has_digit = std::any_of(first_.begin(), first_.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (rows_ == 0 && !first_.empty() && !has_digit) {
        row_skipped_ = true;
        find(Rule::content_header, line, 0);
        return;
    }
    const auto version = CsvVersion::parse(first_);
    if (!version) {
        find(Rule::content_version, line, version_column, fit_to_tell(first_));
        return;
    }
    check_version(line, *version);
}

void CsvCheck::check_version(std::uint64_t line, const CsvVersion& version) {
    if (report_.version) {
        if (version != *report_.version) {
            find(Rule::content_version_uniform, line, version_column, version.str());
        }
        return;
    }
    report_.version = version;
    const auto* known = find_version(version.view());
    if (known == nullptr) {
        find(Rule::content_version_known, line, version_column, version.str());
        return;
    }
    if (known->grammar != name_.grammar) {
        find(Rule::content_version_of_name, line, version_column, version.str());
    }
    // Around a change of versions names and contents may differ: what either says is taken.
    const int columns = columns_of(name_.table, known->grammar);
    if (columns != 0) {
        other_columns_ = std::exchange(expected_columns_, columns);
    }
}

void CsvCheck::check_persons(const CsvItem& item) {
    const bool insurer = item.column == insurer_column;
    const std::size_t length = insurer ? 6 : 10;
    const bool good = item.length == length && (insurer ? is_digits(item.value) : is_alphanumeric(item.value));
    if (!good) {
        find(insurer ? Rule::content_insurer : Rule::content_insured, item.line, item.column);
    }
    hash_ = hash_on(hash_, item.value);
}

void CsvCheck::check_key(const CsvItem& item, const Column& column) {
    hash_ = hash_on(hash_, item.value);
    if (name_.table == Table::uphosoku && item.column == supplement_day_column) {
        check_supplement(item);
        return;
    }
    if (!holds(column.form, item.value)) {
        find(Rule::content_key, item.line, item.column, fit_to_tell(item.value));
    }
}

void CsvCheck::check_supplement(const CsvItem& item) {
    const bool with_plan = name_.month && name_.month->view() == no_month;
    if (with_plan && !is_calendar_day(item.value)) {
        find(Rule::content_key, item.line, item.column, fit_to_tell(item.value));
    }
    if (!with_plan && item.value != no_day) {
        find(Rule::content_supplement, item.line, item.column, fit_to_tell(item.value));
    }
}

void CsvCheck::check_month(const CsvItem& item) {
    if (name_.month && item.value != name_.month->view()) {
        find(Rule::content_month, item.line, item.column, fit_to_tell(item.value));
    }
}

void CsvCheck::check_image(const CsvItem& item) {
    const auto found = images_.find(upper_ascii(item.value));
    if (found == images_.end()) {
        find(Rule::content_image_missing, item.line, item.column);
    } else {
        found->second = true;
    }
}

void CsvCheck::row_end(std::uint64_t line, std::uint32_t columns) {
    if (columns == 1) {
        if (first_.empty() && !first_quoted_) {
            find(Rule::content_empty_line, line, 0);
            return;
        }
        check_first(line);
    }
    ++rows_;
    if (row_skipped_) {
        return;
    }
    ++report_.records;
    // Where quotes do not match, nobody can say where items end.
    const bool broken = std::exchange(row_broken_, false);
    const auto is = [&](int expected) { return columns == static_cast<std::uint32_t>(expected); };
    if (!broken && !is(expected_columns_) && !is(other_columns_)) {
        find(Rule::content_columns, line, 0, std::to_string(columns) + " ≠ " + std::to_string(expected_columns_));
    } else if (table_.one_row_a_key && !keys_.insert(hash_)) {
        find(Rule::content_duplicate, line, 0);
    }
}

void CsvCheck::meet_rules() {
    using enum Rule;
    const auto meet = [&](std::initializer_list<Rule> rules, bool when = true) {
        for (const auto rule : rules) {
            if (when) {
                report_.met.set(index_of(rule));
            }
        }
    };
    const bool has_rows = report_.records != 0;
    meet({content_readable, content_bom, content_encoding, content_control, content_records, content_line_end});
    meet({content_user_defined}, reader_.saw_wide());
    meet({content_quotes}, reader_.saw_quote());
    meet(
        {content_header, content_empty_line, content_columns, content_version, content_insurer, content_insured},
        has_rows
    );
    meet({content_version_known, content_version_of_name}, report_.version.has_value());
    meet({content_version_uniform, content_duplicate}, report_.records > 1);
    meet({content_key}, has_rows && !table_.keys.empty());
    meet({content_month}, has_rows && name_.month.has_value());
    meet({content_supplement}, has_rows && name_.table == Table::uphosoku && name_.month->view() != no_month);
    meet({content_weekday}, has_rows && name_.table == Table::up3kyo);
    for (std::size_t i = 0; i < rule_count; ++i) {
        if (report_.count[i] != 0) {
            report_.met.set(i);
        }
    }
}

} // namespace relay::protocol::standard
