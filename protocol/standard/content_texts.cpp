#include "protocol/standard/content_texts.hpp"

#include <array>

namespace relay::protocol::standard {
namespace {

// The words that offices know from the system in service (standard.md §3.4).
constexpr std::string_view usual_words = "ケアプランデータの書式フォーマットが正しくありません。";

struct Advice {
    Rule rule;
    std::string_view japanese, english;
};

// What to do, where the rule itself does not say it.
constexpr std::array<Advice, 12> advices{{
    {Rule::content_bom,
     "UTF-8ではなくシフトJIS（MS932）で保存し直してください。",
     "Save the file in Shift-JIS (MS932), not in UTF-8."},
    {Rule::content_encoding,
     "シフトJIS（MS932）でない文字があります。シフトJISで保存し直してください。",
     "There are bytes that are no Shift-JIS. Save the file in Shift-JIS (MS932)."},
    {Rule::content_user_defined,
     "外字があります。ほかの文字に置き換えてください。",
     "A user-defined character stands here. Replace it by another."},
    {Rule::content_control, "制御文字があります。取り除いてください。", "A control character stands here. Remove it."},
    {Rule::content_quotes, "引用符（\"）の対応が正しくありません。", "The quotation marks do not match."},
    {Rule::content_line_end,
     "行がCRだけで終わっています。CRLFにしてください。",
     "The line ends in CR alone. Use CRLF."},
    {Rule::content_records, "データがありません。", "There is no record."},
    {Rule::content_header,
     "見出し行があります。読み飛ばされますが、無いほうが安全です。",
     "There is a header row. Most programs skip it; better without."},
    {Rule::content_duplicate, "同じデータが前の行にもあります。", "The same record stands further up."},
    {Rule::content_image_missing,
     "ここに書かれた画像ファイルが添付されていません。",
     "The image named here is not among the files."},
    {Rule::content_image_unnamed,
     "この画像は利用者基本情報（UPKIHON）の項目62に書かれていません。",
     "Item 62 of UPKIHON does not name this image."},
    {Rule::content_readable, "ファイルを読むことができません。", "The file cannot be read."},
}};

} // namespace

std::pair<std::string, std::string> describe_content(Rule rule, const std::string& value) {
    const auto& row = row_of(rule);
    std::string japanese;
    if (row.severity == Severity::error) {
        japanese = usual_words;
    }
    std::string english;
    const Advice* advice = nullptr;
    for (const auto& one : advices) {
        advice = one.rule == rule ? &one : advice;
    }
    if (advice != nullptr) {
        japanese += advice->japanese;
        english += advice->english;
    } else {
        japanese.append("次の決まりに合いません: ").append(row.japanese);
        english.append("This rule is broken: ").append(row.english);
    }
    if (!value.empty()) {
        japanese.append("（").append(value).append("）");
        english.append(" (").append(value).append(")");
    }
    return {std::move(japanese), std::move(english)};
}

} // namespace relay::protocol::standard
