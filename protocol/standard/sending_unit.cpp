#include "protocol/standard/sending_unit.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace relay::protocol::standard {
namespace {

using TableSet = std::uint32_t; // one bit for each Table

constexpr TableSet bit(Table table) noexcept {
    return TableSet{1} << static_cast<unsigned>(table);
}

template <class... Tables>
constexpr TableSet set_of(Tables... tables) noexcept {
    return (TableSet{0} | ... | bit(tables));
}

enum class Grammars : std::uint8_t { v3, v4, both };
enum class Months : std::uint8_t { none, zero, equal }; ///< `zero`: UPHOSOKU 000000; `equal`: one real month

struct UnitRow {
    std::string_view id;
    UnitKind kind;
    Grammars grammars;
    Months months;
    TableSet required;
    TableSet optional;
};

constexpr TableSet kihon_extras = set_of(Table::upkihon_sub1, Table::upkihon_sub2, Table::upkihon_image);

// standard.md §2.1
constexpr std::array<UnitRow, 12> unit_rows{{
    {"P1",
     UnitKind::registration,
     Grammars::v3,
     Months::zero,
     set_of(Table::up1kyo, Table::up2kyo, Table::uphosoku),
     0},
    {"P2",
     UnitKind::registration,
     Grammars::v4,
     Months::zero,
     set_of(Table::up1kyo, Table::up2kyo, Table::up3kyo, Table::uphosoku),
     0},
    {"P3",
     UnitKind::registration,
     Grammars::both,
     Months::equal,
     set_of(Table::upplan, Table::upsikyu, Table::uphosoku),
     0},
    {"P4", UnitKind::deletion, Grammars::both, Months::none, set_of(Table::dlt1kyo), 0},
    {"P5", UnitKind::deletion, Grammars::both, Months::equal, set_of(Table::dltplan), 0},
    {"P6", UnitKind::registration, Grammars::both, Months::equal, set_of(Table::upjsk), 0},
    {"P7", UnitKind::deletion, Grammars::both, Months::equal, set_of(Table::dltjsk), 0},
    {"P8", UnitKind::registration, Grammars::v4, Months::none, set_of(Table::upkihon), kihon_extras},
    {"P9",
     UnitKind::registration,
     Grammars::v4,
     Months::none,
     set_of(Table::upyobo, Table::upkihon),
     kihon_extras | set_of(Table::upyobo_sub)},
    {"P10", UnitKind::registration, Grammars::v4, Months::none, set_of(Table::upyobo), set_of(Table::upyobo_sub)},
    {"P11", UnitKind::deletion, Grammars::v4, Months::none, set_of(Table::dltkihon), 0},
    {"P12", UnitKind::deletion, Grammars::v4, Months::none, set_of(Table::dltyobo), 0},
}};

struct Listed {
    std::size_t file;
    StandardName name;
};

UnitFinding combination(std::size_t file, std::string ja, std::string en) {
    return {file, ErrorCode::bad_file_combination, std::move(ja), std::move(en)};
}

UnitFinding name_fault(std::size_t file, NameFault fault) {
    if (fault == NameFault::file_type_not_allowed) {
        return {
            file,
            ErrorCode::file_type_not_allowed,
            "添付できるファイルは csv、pdf、jpeg、jpg、png、gif、txt です。ほかの形式は PDF にして添付してください。",
            "Only csv, pdf, jpeg, jpg, png, gif and txt files can be sent. Save other kinds as PDF and attach that."};
    }
    return {
        file,
        ErrorCode::bad_file_name,
        "添付ファイル名の形式に誤りがあります。標準仕様の送信単位に従ったファイルを添付してください。",
        "The file name is not of the standard's form. Attach files as the care-plan software wrote them, with their "
        "names unchanged."};
}

std::string upper_ascii(std::string text) {
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') {
            c = static_cast<char>(c - 'a' + 'A');
        }
    }
    return text;
}

void find_equal_names(const std::vector<std::string>& names, std::vector<UnitFinding>& findings) {
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!seen.emplace(upper_ascii(names[i]), i).second) {
            findings.push_back(
                {i,
                 ErrorCode::bad_file_name,
                 "同じ名前のファイルが2つ以上あります。1つだけ添付してください。",
                 "Another file has the same name. Attach it only once."}
            );
        }
    }
}

void find_other_offices(
    const Listed& listed, const OfficeNumber& sender, const OfficeNumber& recipient, std::vector<UnitFinding>& findings
) {
    if (listed.name.sender != sender) {
        findings.push_back(combination(
            listed.file,
            "ファイル名の送信元事業所番号が、送信する事業所の番号（" + sender.str() + "）と違います。",
            "The sending office in the file name is not the office that sends, " + sender.str() + "."
        ));
    }
    if (listed.name.recipient != recipient) {
        findings.push_back(combination(
            listed.file,
            "ファイル名の送信先事業所番号が、宛先の事業所の番号（" + recipient.str() + "）と違います。",
            "The receiving office in the file name is not the office it is sent to, " + recipient.str() + "."
        ));
    }
}

/// What must be the same over a unit, compared with its first file. One finding a file. True when grammars are mixed.
bool find_mixture(const std::vector<Listed>& files, std::vector<UnitFinding>& findings) {
    const auto& first = files.front().name;
    bool mixed_grammars = false;
    for (const auto& [file, name] : files) {
        if (name.grammar != first.grammar) {
            mixed_grammars = true;
            findings.push_back(combination(
                file,
                "標準仕様の版が違うファイル名が混在しています。同じ版のファイルだけを添付してください。",
                "File names of different versions of the standard are mixed. Attach files of one version."
            ));
        } else if (name.sender_code != first.sender_code || name.recipient_code != first.recipient_code) {
            findings.push_back(combination(
                file,
                "サービス種類コードの違うファイルが混在しています。送信単位ごとに分けて送信してください。",
                "Files with different service codes are mixed. Send each sending unit on its own."
            ));
        } else if (name.stamp != first.stamp) {
            findings.push_back(combination(
                file,
                "ファイル連番（作成日時）の違うファイルが混在しています。送信単位ごとに分けて送信してください。",
                "Files with different serial numbers (time stamps) are mixed. Send each sending unit on its own."
            ));
        }
    }
    return mixed_grammars;
}

bool find_doubled_tables(const std::vector<Listed>& files, std::vector<UnitFinding>& findings) {
    const auto before = findings.size();
    TableSet seen = 0;
    for (const auto& [file, name] : files) {
        if (name.table != Table::upkihon_image && (seen & bit(name.table)) != 0) {
            findings.push_back(combination(
                file,
                "同じ種類（" + std::string(japanese_name_of(name.table)) + "）のファイルは1つだけ添付できます。",
                "Only one " + std::string(prefix_of(name.table)) + " file can be in one sending unit."
            ));
        }
        seen |= bit(name.table);
    }
    return findings.size() != before;
}

bool speaks(const UnitRow& row, Grammar grammar) noexcept {
    return row.grammars == Grammars::both || (row.grammars == Grammars::v4) == (grammar == Grammar::v4);
}

bool is_unit(const UnitRow& row, TableSet present, Grammar grammar) noexcept {
    return speaks(row, grammar) && (present & row.required) == row.required &&
           (present & ~(row.required | row.optional)) == 0;
}

bool find_orphans(const std::vector<Listed>& files, TableSet present, std::vector<UnitFinding>& findings) {
    const auto before = findings.size();
    for (const auto& [file, name] : files) {
        const bool of_kihon = (bit(name.table) & kihon_extras) != 0;
        const bool of_yobo = name.table == Table::upyobo_sub;
        const auto parent = of_kihon ? Table::upkihon : Table::upyobo;
        if ((of_kihon || of_yobo) && (present & bit(parent)) == 0) {
            findings.push_back(combination(
                file,
                "別表と画像は、" + std::string(japanese_name_of(parent)) + "（" + std::string(prefix_of(parent)) +
                    "）と一緒に添付してください。",
                "Sub-tables and images go together with their parent, " + std::string(prefix_of(parent)) + "."
            ));
        }
    }
    return findings.size() != before;
}

/// The prefixes in `set`, for people.
std::string name_tables(TableSet set, std::string_view separator) {
    std::string text;
    for (unsigned i = 0; i < 32; ++i) {
        if ((set >> i & 1U) != 0) {
            text += (text.empty() ? "" : std::string(separator)) + std::string(prefix_of(static_cast<Table>(i)));
        }
    }
    return text;
}

/// The unit that only lacks files, with the fewest lacking.
const UnitRow* nearest_unit(TableSet present, Grammar grammar) {
    const UnitRow* best = nullptr;
    const auto lacking = [&](const UnitRow& row) { return __builtin_popcount(row.required & ~present); };
    for (const auto& row : unit_rows) {
        const bool contains_all = (present & ~(row.required | row.optional)) == 0;
        if (speaks(row, grammar) && contains_all && (best == nullptr || lacking(row) < lacking(*best))) {
            best = &row;
        }
    }
    return best;
}

UnitFinding no_unit(const std::vector<Listed>& files, TableSet present) {
    std::string ja = "ファイルの組み合わせが正しくありません。CSVファイルの組み合わせを確認してください。";
    std::string en = "These files are not a permitted combination. Check which CSV files belong together.";
    if (const auto* row = nearest_unit(present, files.front().name.grammar)) {
        const TableSet missing = row->required & ~present;
        ja += "不足: " + name_tables(missing, "、");
        en += " Missing: " + name_tables(missing, ", ") + ".";
    }
    return combination(files.front().file, std::move(ja), std::move(en));
}

void find_wrong_months(const UnitRow& row, const std::vector<Listed>& files, std::vector<UnitFinding>& findings) {
    std::optional<std::string> month; // of the first slip, which is what UPHOSOKU goes with
    for (const auto& [file, name] : files) {
        if (!month && name.table != Table::uphosoku) {
            month = name.month;
        }
    }
    for (const auto& [file, name] : files) {
        if (row.months == Months::zero && name.month && *name.month != "000000") {
            findings.push_back(combination(
                file,
                "1表・2表・3表と送る利用者補足情報の対象年月は 000000 です。",
                "The month of UPHOSOKU is 000000 when it goes with tables 1 to 3."
            ));
        }
        if (row.months == Months::equal && name.month != month) {
            findings.push_back(combination(
                file,
                "対象年月の違うファイルが混在しています。月ごとに分けて送信してください。",
                "Files of different months are mixed. Send each month on its own."
            ));
        }
    }
}

void judge_set(const std::vector<Listed>& files, UnitVerdict& verdict) {
    const bool mixed_grammars = find_mixture(files, verdict.findings);
    TableSet present = 0;
    for (const auto& listed : files) {
        present |= bit(listed.name.table);
    }
    const bool doubled = find_doubled_tables(files, verdict.findings);
    if (find_orphans(files, present, verdict.findings) || doubled || mixed_grammars) {
        return;
    }
    const auto grammar = files.front().name.grammar;
    const auto* row = std::find_if(unit_rows.begin(), unit_rows.end(), [&](const UnitRow& r) {
        return is_unit(r, present, grammar);
    });
    if (row == unit_rows.end()) {
        verdict.findings.push_back(no_unit(files, present));
        return;
    }
    find_wrong_months(*row, files, verdict.findings);
    verdict.unit = std::string(row->id);
    verdict.kind = row->kind;
}

} // namespace

UnitVerdict check_unit(
    const std::vector<std::string>& names,
    const OfficeNumber& sender,
    const OfficeNumber& recipient,
    const UnitOptions& options
) {
    UnitVerdict verdict;
    std::vector<Listed> files;
    bool unreadable_standard_name = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto parsed = parse_file_name(names[i], options.accept_v3);
        if (const auto* fault = std::get_if<NameFault>(&parsed)) {
            verdict.findings.push_back(name_fault(i, *fault));
            unreadable_standard_name |= *fault == NameFault::bad_file_name;
        } else if (auto* name = std::get_if<StandardName>(&parsed)) {
            find_other_offices({i, *name}, sender, recipient, verdict.findings);
            files.push_back({i, std::move(*name)});
        }
    }
    find_equal_names(names, verdict.findings);
    // While a name is unreadable nobody can say which set it would complete.
    if (!files.empty() && !unreadable_standard_name) {
        judge_set(files, verdict);
    } else if (names.empty()) {
        verdict.findings.push_back(combination(0, "添付ファイルがありません。", "There is no file."));
    } else if (files.empty()) {
        verdict.unit = "P13";
    }
    if (!verdict.findings.empty()) {
        verdict.unit.clear();
        verdict.kind = UnitKind::other;
    }
    return verdict;
}

} // namespace relay::protocol::standard
