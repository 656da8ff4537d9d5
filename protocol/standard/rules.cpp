#include "protocol/standard/rules.hpp"

#include <algorithm>
#include <array>

namespace relay::protocol::standard {
namespace {

using enum RuleGroup;
using enum Severity;

// In the order of Rule, so that a rule is its own index.
constexpr std::array<RuleRow, rule_count> rule_rows{{
    // clang-format off
    {Rule::name_general, "name.general", name, error, "ファイル名は255バイト以内で、使えない文字（/ \\ : * ? \" < > | と制御文字）を含まず、点や空白で始まったり終わったりしない。", "A file name has at most 255 bytes, none of / \\ : * ? \" < > | and no control characters, and neither begins nor ends with a dot or space.", "§2.4"},
    {Rule::name_type, "name.type", name, error, "ファイルの種類は csv、pdf、jpeg、jpg、png、gif、txt のいずれかである。", "A file is of type csv, pdf, jpeg, jpg, png, gif or txt.", "§2.3"},
    {Rule::name_prefix, "name.prefix", name, error, "CSVファイルの名前は、標準仕様のファイル種別（UPPLAN など）とアンダーバーで始まる。", "The name of a CSV file begins with a file kind of the standard, such as UPPLAN, and an underscore.", "§1.2"},
    {Rule::name_extension, "name.extension", name, error, "表の拡張子は .CSV、家族構成の画像の拡張子は .jpg である。", "Tables end in .CSV, the image of the family in .jpg.", "§1.2"},
    {Rule::name_parts, "name.parts", name, error, "ファイル名は、その種別の決められた項目を過不足なくアンダーバーで並べたものである。", "A name has exactly the parts of its kind, joined by underscores.", "§1.2, §1.3"},
    {Rule::name_office, "name.office", name, error, "事業所番号は10桁（数字。3桁目だけは英大文字でもよい）である。", "An office number has ten digits; the third may be a letter.", "§1.2"},
    {Rule::name_service_code, "name.service_code", name, error, "サービス種類コードは英数字2桁である（4.1版）。", "A service-type code has two digits or letters (version 4.1).", "§1.2"},
    {Rule::name_month, "name.month", name, error, "対象年月は西暦4桁と月2桁である。000000 は利用者補足情報だけに使う。", "The month has four digits of the year and two of the month; 000000 stands in UPHOSOKU alone.", "§1.2"},
    {Rule::name_sequence, "name.sequence", name, error, "ファイル連番は、実在する日時の14桁（年月日時分秒）である。", "The sequence number is a real date and time of 14 digits.", "§1.2, §1.4"},
    {Rule::name_image_number, "name.image_number", name, error, "画像の枝番は 0001 から 9999 までの4桁である。", "The number of an image has four digits, from 0001 to 9999.", "§1.2"},
    {Rule::name_v3_ended, "name.v3_ended", name, error, "旧版（3.x）のファイル名は、受け付けの期限まで使える。", "File names of the old versions 3.x are taken until their end date.", "§1.3"},
    {Rule::name_unique, "name.unique", name, error, "一つの送信の中に同じ名前のファイルはない（英字の大文字と小文字は区別しない）。", "No two files of a bundle have the same name; upper and lower case are the same.", "§2.4"},
    {Rule::unit_not_empty, "unit.not_empty", unit, error, "送信にはファイルが1つ以上ある。", "A bundle has at least one file.", "§2.1"},
    {Rule::unit_sender, "unit.sender", unit, error, "ファイル名の送信元は、送信する事業所である。", "The sending office in the names is the office that sends.", "§2.4"},
    {Rule::unit_recipient, "unit.recipient", unit, error, "ファイル名の送信先は、宛先の事業所である。", "The receiving office in the names is the office it is sent to.", "§2.4"},
    {Rule::unit_grammar, "unit.grammar", unit, error, "一つの送信単位のファイル名は、すべて同じ版の形式である。", "All names of a sending unit are of one version of the standard.", "§2.1"},
    {Rule::unit_service_codes, "unit.service_codes", unit, error, "一つの送信単位のサービス種類コードはすべて同じである。", "All names of a sending unit have the same service-type codes.", "§2.1"},
    {Rule::unit_sequence, "unit.sequence", unit, error, "一つの送信単位のファイル連番はすべて同じである。", "All names of a sending unit have the same sequence number.", "§2.1"},
    {Rule::unit_month, "unit.month", unit, error, "一つの送信単位の対象年月はすべて同じである。", "All names of a sending unit have the same month.", "§2.1"},
    {Rule::unit_supplement_month, "unit.supplement_month", unit, error, "1表・2表・3表と送る利用者補足情報の対象年月は 000000 である。", "The month of UPHOSOKU is 000000 when it goes with tables 1 to 3.", "§1.2"},
    {Rule::unit_table_once, "unit.table_once", unit, error, "一つの送信単位に同じ種別のファイルは1つだけある（画像を除く）。", "A sending unit has one file of each kind; images may be several.", "§2.1"},
    {Rule::unit_parent, "unit.parent", unit, error, "別表と画像は、その親の表と一緒に送る。", "Sub-tables and images go together with their parent.", "§2.1"},
    {Rule::unit_parts, "unit.parts", unit, error, "別表を必須とする設定のときは、別表がそろっている。", "Where the relay asks for sub-tables, they are there.", "§2.1"},
    {Rule::unit_complete, "unit.complete", unit, error, "送信単位に必要なファイルがそろっている。", "All files that a sending unit needs are there.", "§2.1"},
    {Rule::unit_combination, "unit.combination", unit, error, "ファイルの組み合わせは、送信単位P1からP13のいずれか一つである。", "The files are one of the sending units P1 to P13.", "§2.1"},
    {Rule::content_readable, "content.readable", content, error, "ファイルを読むことができる。", "The file can be read.", ""},
    {Rule::content_bom, "content.bom", content, error, "ファイルの先頭にBOM（UTF-8やUTF-16の目印）がない。", "The file does not begin with a byte order mark of UTF-8 or UTF-16.", "§1.5"},
    {Rule::content_encoding, "content.encoding", content, error, "文字コードはシフトJIS（MS932、CP932）である。", "The text is in Shift-JIS (MS932, CP932).", "§1.5"},
    {Rule::content_user_defined, "content.user_defined", content, error, "外字（F040〜F9FC）を含まない。", "There are no user-defined characters (F040 to F9FC).", "§1.5"},
    {Rule::content_control, "content.control", content, error, "NULなどの制御文字を含まない（改行とタブを除く）。", "There are no NULs or other control characters, but for line breaks and tabs.", "§1.5"},
    {Rule::content_quotes, "content.quotes", content, error, "引用符（\"）は項目全体を囲み、閉じられ、項目の中では二つ重ねる。", "Quotation marks enclose a whole item, are closed, and are doubled inside.", "§1.5"},
    {Rule::content_line_end, "content.line_end", content, error, "行の終わりは CRLF または LF である（CR だけではない）。", "Lines end in CRLF or LF, not in CR alone.", "§1.5"},
    {Rule::content_records, "content.records", content, error, "データが1件以上ある。", "There is at least one record.", "§1.5"},
    {Rule::content_header, "content.header", content, warning, "見出し行がない。", "There is no header row.", "§1.5"},
    {Rule::content_empty_line, "content.empty_line", content, warning, "空の行がない。", "There are no empty lines.", "§1.5"},
    {Rule::content_columns, "content.columns", content, error, "どの行も、その表と版の決められた項目数である。", "Every row has as many items as its table and version say.", "§1.2, §1.3"},
    {Rule::content_version, "content.version", content, error, "どの行の項目1も、6桁のCSVバージョンである。", "Item 1 of every row is the CSV version, six digits.", "§1.1"},
    {Rule::content_version_uniform, "content.version_uniform", content, error, "一つのファイルのCSVバージョンはすべて同じである。", "All rows of a file have the same CSV version.", "§1.1"},
    {Rule::content_version_known, "content.version_known", content, warning, "CSVバージョンは標準仕様にある値である。", "The CSV version is one that the standard names.", "§1.1"},
    {Rule::content_version_of_name, "content.version_of_name", content, warning, "CSVバージョンは、ファイル名の版に合う。", "The CSV version fits the version of the file name.", "§1.1"},
    {Rule::content_insurer, "content.insurer", content, error, "項目2の保険者番号は6桁の数字である。", "Item 2, the insurer's number, has six digits.", "§1.5"},
    {Rule::content_insured, "content.insured", content, error, "項目3の被保険者番号は英数字10桁である。", "Item 3, the insured person's number, has ten digits or letters.", "§1.5"},
    {Rule::content_key, "content.key", content, error, "どのデータかを示す項目（日付、年月、事業所番号など）が正しい形で入っている。", "The items that tell which record it is (dates, months, offices) are there and of their form.", "§1.5"},
    {Rule::content_month, "content.month", content, error, "どの行の対象年月も、ファイル名の対象年月と同じである。", "The month of every row is the month in the file name.", "§1.5"},
    {Rule::content_supplement, "content.supplement", content, error, "利用票と送る利用者補足情報の項目4は 00000000 である。", "Item 4 of UPHOSOKU is 00000000 when it goes with slips.", "§1.5"},
    {Rule::content_duplicate, "content.duplicate", content, warning, "同じデータが一つのファイルに二度はない。", "No record is in a file twice.", "§1.5"},
    {Rule::content_weekday, "content.weekday", content, warning, "3表の曜日（項目7）は 1 から 7 である。", "The weekday of table 3, item 7, is 1 to 7.", "§1.5"},
    {Rule::content_image_missing, "content.image_missing", content, error, "利用者基本情報の項目62に書かれた画像は、同じ送信にある。", "Every image that item 62 of UPKIHON names is in the bundle.", "§1.5"},
    {Rule::content_image_unnamed, "content.image_unnamed", content, error, "送信にある家族構成の画像は、利用者基本情報の項目62に書かれている。", "Every image of the family in the bundle is named by item 62 of UPKIHON.", "§1.5"},
    {Rule::content_image_jpeg, "content.image_jpeg", content, error, "家族構成の画像は JPEG である。", "The image of the family is a JPEG.", "§1.2"},
    {Rule::content_version_of_unit, "content.version_of_unit", content, error, "一つの送信単位のCSVバージョンはすべて同じである。", "All files of a sending unit have the same CSV version.", "§1.1"},
    // clang-format on
}};

} // namespace

const RuleRow& row_of(Rule rule) noexcept {
    return rule_rows[index_of(rule)];
}

std::span<const RuleRow> all_rules() noexcept {
    return rule_rows;
}

std::optional<Rule> find_rule(std::string_view id) noexcept {
    const auto* found = std::find_if(rule_rows.begin(), rule_rows.end(), [&](const auto& row) { return row.id == id; });
    return found == rule_rows.end() ? std::nullopt : std::optional(found->rule);
}

std::optional<ErrorCode> code_of(Rule rule) noexcept {
    switch (row_of(rule).group) {
    case RuleGroup::name:
        return rule == Rule::name_type ? ErrorCode::file_type_not_allowed : ErrorCode::bad_file_name;
    case RuleGroup::unit:
        return ErrorCode::bad_file_combination;
    case RuleGroup::content:
        break;
    }
    return std::nullopt;
}

} // namespace relay::protocol::standard
