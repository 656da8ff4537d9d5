// What is told of a wrong name.
#include "protocol/standard/file_name.hpp"

namespace relay::protocol::standard {
namespace {

// The words that offices know from the system in service (standard.md §3.4).
constexpr std::string_view usual_words =
    "添付ファイル名の形式に誤りがあります。標準仕様の送信単位に従ったファイルを添付してください。";

struct Texts {
    std::string ja, en;
};

/// "（20261）" and " (20261)", or nothing.
Texts quote(const std::string& part) {
    if (part.empty()) {
        return {};
    }
    return {"（" + part + "）", " (" + part + ")"};
}

Texts describe_parts(const NameFault& fault) {
    Texts texts{"ファイル名の項目の数が正しくありません。", "The name has too many or too few parts."};
    if (fault.table) {
        texts.ja += "正しい形: " + form_of_name(*fault.table, Grammar::v4, true);
        texts.en += " Its form is " + form_of_name(*fault.table, Grammar::v4, false) + ".";
    }
    return texts;
}

Texts describe_rule(const NameFault& fault) {
    const auto part = quote(fault.part);
    switch (fault.rule) {
    case Rule::name_type:
        return {
            "添付できるファイルは csv、pdf、jpeg、jpg、png、gif、txt です。ほかの形式は PDF にして添付してください。",
            "Only csv, pdf, jpeg, jpg, png, gif and txt files can be sent. Save other kinds as PDF and attach that."};
    case Rule::name_prefix:
        return {
            "この名前は標準仕様のファイル種別（UPPLAN "
            "など）で始まっていません。ケアプラン作成ソフトが付けた名前のまま添付"
            "してください。",
            "The name does not begin with a file kind of the standard, such as UPPLAN. Attach files as the care-plan "
            "software wrote them, with their names unchanged."};
    case Rule::name_extension:
        return {
            "表のファイルは .CSV、家族構成の画像は .jpg で終わります。",
            "Tables end in .CSV and the image of the family in .jpg."};
    case Rule::name_parts:
        return describe_parts(fault);
    case Rule::name_office:
        return {
            "ファイル名の事業所番号" + part.ja + "が正しくありません。10桁です（3桁目だけは英字でもかまいません）。",
            "An office number in the name" + part.en + " is wrong: it has ten digits; the third may be a letter."};
    case Rule::name_service_code:
        return {
            "ファイル名のサービス種類コード" + part.ja + "が正しくありません。英数字2桁です（43、11、A2 など）。",
            "A service-type code in the name" + part.en + " is wrong: it has two characters, such as 43, 11 or A2."};
    case Rule::name_month:
        return {
            "ファイル名の対象年月" + part.ja + "が正しくありません。西暦4桁と月2桁です（202611 など）。",
            "The month in the name" + part.en +
                " is wrong: four digits of the year and two of the month, such as 202611."};
    case Rule::name_sequence:
        return {
            "ファイル名の連番" + part.ja + "が正しくありません。作成日時の14桁です（20261120091500 など）。",
            "The sequence number in the name" + part.en +
                " is wrong: it is the date and time of making the file, 14 digits such as 20261120091500."};
    case Rule::name_image_number:
        return {
            "画像の枝番" + part.ja + "が正しくありません。0001 から 9999 までの4桁です。",
            "The number of the image" + part.en + " is wrong: four digits from 0001 to 9999."};
    case Rule::name_v3_ended:
        return {
            "旧版（3.x）の形式のファイル名は受け付けていません。ケアプラン作成ソフトを4."
            "1版に対応したものへ更新してください。",
            "File names of the old versions 3.x are not taken any more. Update the care-plan software to version 4.1 "
            "of "
            "the standard."};
    default:
        return {
            "ファイル名が長すぎるか、使えない文字を含むか、点や空白で始まるか終わっています。",
            "The name is too long, holds a character that cannot be used, or begins or ends with a dot or space."};
    }
}

} // namespace

std::string form_of_name(Table table, Grammar grammar, bool japanese) {
    const auto& row = row_of(table);
    std::string form(row.prefix);
    const auto add = [&](const char* ja, const char* en) {
        form += '_';
        form += japanese ? ja : en;
    };
    if (row.has_month) {
        add("対象年月", "YYYYMM");
    }
    add("送信元事業所番号", "SENDER");
    if (grammar == Grammar::v4) {
        add("サービス種類コード", "CODE");
    }
    add("送信先事業所番号", "RECIPIENT");
    if (grammar == Grammar::v4) {
        add("サービス種類コード", "CODE");
    }
    add("年月日時分秒", "YYYYMMDDHHMMSS");
    if (table == Table::upkihon_image) {
        add("枝番", "NNNN");
        return form + ".jpg";
    }
    return form + ".CSV";
}

RuleFinding describe_fault(const NameFault& fault, std::size_t file) {
    auto texts = describe_rule(fault);
    RuleFinding finding;
    finding.rule = fault.rule;
    finding.file = file;
    if (fault.rule != Rule::name_type) {
        finding.text_ja = usual_words;
    }
    finding.text_ja += texts.ja;
    finding.text_en = std::move(texts.en);
    return finding;
}

} // namespace relay::protocol::standard
