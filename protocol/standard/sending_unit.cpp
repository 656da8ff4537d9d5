#include "protocol/standard/sending_unit.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

namespace relay::protocol::standard {
namespace {

struct Listed {
    std::size_t file;
    StandardName name;
};

/// Gathers what is wrong, in the order in which it is found.
class UnitCheck {
public:
    explicit UnitCheck(const UnitOptions& options) : options_(options) {}

    void read_names(const std::vector<std::string>& names);
    void find_equal_names(const std::vector<std::string>& names);
    void find_other_offices(const OfficeNumber& sender, const OfficeNumber& recipient);
    void judge_set();
    [[nodiscard]] UnitVerdict finish(std::size_t names) &&;

private:
    void find(Rule rule, std::size_t file, std::string ja, std::string en) {
        verdict_.findings.push_back({rule, file, 0, 0, std::move(ja), std::move(en)});
    }
    [[nodiscard]] bool find_mixture();
    [[nodiscard]] bool find_doubled_tables();
    [[nodiscard]] bool find_orphans();
    [[nodiscard]] bool is_unit(std::size_t index) const;
    [[nodiscard]] bool months_fit(const UnitRow& row) const;
    [[nodiscard]] const UnitRow* find_unit() const;
    void find_no_unit();
    void find_wrong_months(const UnitRow& row);
    void find_missing_parts(const UnitRow& row);

    UnitOptions options_;
    UnitVerdict verdict_;
    std::vector<Listed> files_;
    TableSet present_ = 0;
    bool unreadable_ = false;
};

void UnitCheck::read_names(const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto parsed = parse_file_name(names[i], {options_.accept_v3, options_.lenient_names});
        if (auto* name = std::get_if<StandardName>(&parsed)) {
            present_ |= bit(name->table);
            files_.push_back({i, std::move(*name)});
        } else if (const auto* faults = std::get_if<std::vector<NameFault>>(&parsed)) {
            for (const auto& fault : *faults) {
                verdict_.findings.push_back(describe_fault(fault, i));
                unreadable_ |= fault.rule != Rule::name_type;
            }
        }
    }
}

void UnitCheck::find_equal_names(const std::vector<std::string>& names) {
    const auto before = [](std::string_view a, std::string_view b) {
        return std::ranges::lexicographical_compare(a, b, [](char x, char y) {
            return upper_ascii(x) < upper_ascii(y);
        });
    };
    std::set<std::string_view, decltype(before)> seen;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!seen.insert(names[i]).second) {
            find(
                Rule::name_unique,
                i,
                "同じ名前のファイルが2つ以上あります。1つだけ添付してください。",
                "Another file has the same name. Attach it only once."
            );
        }
    }
}

void UnitCheck::find_other_offices(const OfficeNumber& sender, const OfficeNumber& recipient) {
    for (const auto& [file, name] : files_) {
        if (name.sender != sender) {
            find(
                Rule::unit_sender,
                file,
                "ファイル名の送信元事業所番号が、送信する事業所の番号（" + sender.str() + "）と違います。",
                "The sending office in the file name is not the office that sends, " + sender.str() + "."
            );
        }
        if (name.recipient != recipient) {
            find(
                Rule::unit_recipient,
                file,
                "ファイル名の送信先事業所番号が、宛先の事業所の番号（" + recipient.str() + "）と違います。",
                "The receiving office in the file name is not the office it is sent to, " + recipient.str() + "."
            );
        }
    }
}

/// What must be the same over a unit, compared with its first file. True when grammars are mixed.
bool UnitCheck::find_mixture() {
    const auto& first = files_.front().name;
    bool mixed_grammars = false;
    for (const auto& [file, name] : files_) {
        if (name.grammar != first.grammar) {
            mixed_grammars = true;
            find(
                Rule::unit_grammar,
                file,
                "標準仕様の版が違うファイル名が混在しています。同じ版のファイルだけを添付してください。",
                "File names of different versions of the standard are mixed. Attach files of one version."
            );
            continue; // codes differ then, too
        }
        if (name.sender_code != first.sender_code || name.recipient_code != first.recipient_code) {
            find(
                Rule::unit_service_codes,
                file,
                "サービス種類コードの違うファイルが混在しています。送信単位ごとに分けて送信してください。",
                "Files with different service codes are mixed. Send each sending unit on its own."
            );
        }
        if (name.sequence != first.sequence) {
            find(
                Rule::unit_sequence,
                file,
                "ファイル連番（作成日時）の違うファイルが混在しています。送信単位ごとに分けて送信してください。",
                "Files with different sequence numbers (time stamps) are mixed. Send each sending unit on its own."
            );
        }
    }
    return mixed_grammars;
}

bool UnitCheck::find_doubled_tables() {
    const auto before = verdict_.findings.size();
    TableSet seen = 0;
    for (const auto& [file, name] : files_) {
        if (name.is_csv() && (seen & bit(name.table)) != 0) {
            find(
                Rule::unit_table_once,
                file,
                "同じ種類（" + std::string(japanese_name_of(name.table)) + "）のファイルは1つだけ添付できます。",
                "Only one " + std::string(prefix_of(name.table)) + " file can be in one sending unit."
            );
        }
        seen |= bit(name.table);
    }
    return verdict_.findings.size() != before;
}

bool UnitCheck::find_orphans() {
    const auto before = verdict_.findings.size();
    for (const auto& [file, name] : files_) {
        for (const auto parent : {Table::upkihon, Table::upyobo}) {
            if ((children_of(parent) & bit(name.table)) != 0 && (present_ & bit(parent)) == 0) {
                find(
                    Rule::unit_parent,
                    file,
                    "別表と画像は、" + std::string(japanese_name_of(parent)) + "（" + std::string(prefix_of(parent)) +
                        "）と一緒に添付してください。",
                    "Sub-tables and images go together with their parent, " + std::string(prefix_of(parent)) + "."
                );
            }
        }
    }
    return verdict_.findings.size() != before;
}

bool UnitCheck::is_unit(std::size_t index) const {
    const auto& row = all_units()[index];
    const bool partial = (options_.partial_units >> index & 1U) != 0;
    const bool complete = partial || (present_ & row.required) == row.required;
    return row.speaks(files_.front().name.grammar) && complete && (present_ & ~row.all()) == 0;
}

bool UnitCheck::months_fit(const UnitRow& row) const {
    return std::none_of(files_.begin(), files_.end(), [&](const Listed& listed) {
        const auto& month = listed.name.month;
        return month && (month->view() == no_month) != (row.months == Months::zero);
    });
}

/// Where incomplete units are taken, UPHOSOKU alone may be of two of them, and its month tells which.
const UnitRow* UnitCheck::find_unit() const {
    const UnitRow* found = nullptr;
    const auto units = all_units();
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (is_unit(i) && (found == nullptr || (!months_fit(*found) && months_fit(units[i])))) {
            found = &units[i];
        }
    }
    return found;
}

void UnitCheck::find_no_unit() {
    const auto grammar = files_.front().name.grammar;
    const UnitRow* nearest = nullptr; // the unit that only lacks files, with the fewest lacking
    const auto lacking = [&](const UnitRow& row) { return __builtin_popcount(row.required & ~present_); };
    for (const auto& row : all_units()) {
        const bool contains_all = (present_ & ~row.all()) == 0;
        if (row.speaks(grammar) && contains_all && (nearest == nullptr || lacking(row) < lacking(*nearest))) {
            nearest = &row;
        }
    }
    std::string ja = "ファイルの組み合わせが正しくありません。CSVファイルの組み合わせを確認してください。";
    std::string en = "These files are not a permitted combination. Check which CSV files belong together.";
    if (nearest != nullptr) {
        const TableSet missing = nearest->required & ~present_;
        ja += "不足: " + name_tables(missing, "、");
        en += " Missing: " + name_tables(missing, ", ") + ".";
    }
    const auto rule = nearest != nullptr ? Rule::unit_complete : Rule::unit_combination;
    find(rule, files_.front().file, std::move(ja), std::move(en));
}

void UnitCheck::find_wrong_months(const UnitRow& row) {
    std::optional<ServiceMonth> month; // of the first slip, which is what UPHOSOKU goes with
    for (const auto& [file, name] : files_) {
        if (!month && name.table != Table::uphosoku) {
            month = name.month;
        }
    }
    for (const auto& [file, name] : files_) {
        if (row.months == Months::zero && name.month && name.month->view() != no_month) {
            find(
                Rule::unit_supplement_month,
                file,
                "1表・2表・3表と送る利用者補足情報の対象年月は 000000 です。",
                "The month of UPHOSOKU is 000000 when it goes with tables 1 to 3."
            );
        }
        if (row.months == Months::equal && name.month && name.month->view() == no_month) {
            find(
                Rule::name_month,
                file,
                "対象年月 000000 は、1表・2表・3表と送る利用者補足情報だけに使います。",
                "The month 000000 stands only in an UPHOSOKU that goes with tables 1 to 3."
            );
        } else if (row.months == Months::equal && month && name.month != month) {
            find(
                Rule::unit_month,
                file,
                "対象年月の違うファイルが混在しています。月ごとに分けて送信してください。",
                "Files of different months are mixed. Send each month on its own."
            );
        }
    }
}

void UnitCheck::find_missing_parts(const UnitRow& row) {
    const TableSet missing = options_.require_parts ? row.parts & ~present_ : 0;
    if (missing != 0) {
        find(
            Rule::unit_parts,
            files_.front().file,
            "別表が不足しています: " + name_tables(missing, "、"),
            "Sub-tables are missing: " + name_tables(missing, ", ") + "."
        );
    }
}

void UnitCheck::judge_set() {
    if (files_.empty()) {
        return;
    }
    const bool mixed_grammars = find_mixture();
    const bool doubled = find_doubled_tables();
    // While a name is unreadable nobody can say which set it would complete.
    if (unreadable_ || find_orphans() || doubled || mixed_grammars) {
        return;
    }
    const auto* row = find_unit();
    if (row == nullptr) {
        find_no_unit();
        return;
    }
    find_wrong_months(*row);
    find_missing_parts(*row);
    verdict_.unit = std::string(row->id);
    verdict_.kind = row->kind;
}

UnitVerdict UnitCheck::finish(std::size_t names) && {
    if (names == 0) {
        find(Rule::unit_not_empty, 0, "添付ファイルがありません。", "There is no file.");
    } else if (files_.empty()) {
        verdict_.unit = "P13";
    }
    if (!verdict_.findings.empty()) {
        verdict_.unit.clear();
        verdict_.kind = UnitKind::other;
    }
    return std::move(verdict_);
}

} // namespace

UnitOptions UnitSettings::at(Time now) const {
    UnitOptions holding = options;
    holding.accept_v3 = options.accept_v3 && (!v3_until || day_in_japan(now) <= *v3_until);
    return holding;
}

UnitVerdict check_unit(
    const std::vector<std::string>& names,
    const OfficeNumber& sender,
    const OfficeNumber& recipient,
    const UnitOptions& options
) {
    UnitCheck check(options);
    check.read_names(names);
    check.find_other_offices(sender, recipient);
    check.find_equal_names(names);
    check.judge_set();
    return std::move(check).finish(names.size());
}

UnitKind kind_of(const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto parsed = parse_file_name(name, {true, true});
        if (const auto* standard_name = std::get_if<StandardName>(&parsed)) {
            return prefix_of(standard_name->table).starts_with("DLT") ? UnitKind::deletion : UnitKind::registration;
        }
    }
    return UnitKind::other;
}

} // namespace relay::protocol::standard
