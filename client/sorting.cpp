#include "client/sorting.hpp"

#include "client/settings.hpp"
#include "client/words.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

namespace relay::client {
namespace {

using protocol::OfficeNumber;
using protocol::standard::NameFault;
using protocol::standard::StandardName;
using protocol::standard::Table;

constexpr std::string_view prevention = "prevention";

/// What belongs into one unit has the same family (standard.md §2.1).
std::string family_of(const StandardName& name) {
    const auto month = (name.month ? name.month->str() : std::string());
    switch (name.table) {
    case Table::up1kyo:
    case Table::up2kyo:
    case Table::up3kyo:
        return "plan";
    case Table::uphosoku:
        return month == "000000" ? "plan" : "slips " + month;
    case Table::upplan:
    case Table::upsikyu:
        return "slips " + month;
    case Table::upkihon:
    case Table::upkihon_sub1:
    case Table::upkihon_sub2:
    case Table::upkihon_image:
    case Table::upyobo:
    case Table::upyobo_sub:
        return std::string(prevention);
    case Table::upjsk:
    case Table::dlt1kyo:
    case Table::dltplan:
    case Table::dltjsk:
    case Table::dltkihon:
    case Table::dltyobo:
        break;
    }
    return std::string(prefix_of(name.table)) + " " + month;
}

bool is_name_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// Every office number that stands in the name between other characters.
std::set<OfficeNumber> offices_in(const std::string& name) {
    std::set<OfficeNumber> found;
    for (std::size_t begin = 0; begin < name.size();) {
        std::size_t end = begin;
        while (end < name.size() && is_name_character(name[end])) {
            ++end;
        }
        if (const auto office = OfficeNumber::parse(name.substr(begin, end - begin))) {
            found.insert(*office);
        }
        begin = end + 1;
    }
    return found;
}

using UnitKey = std::tuple<std::string, OfficeNumber, std::string, std::string, int, std::string>;

class Sorter {
public:
    Sorter(const OfficeNumber& sender, const protocol::standard::UnitOptions& options)
        : sender_(sender),
          options_(options) {}

    void add(const fs::path& path) {
        const auto name = path.filename().string();
        const auto parsed = protocol::standard::parse_file_name(name, {options_.accept_v3, options_.lenient_names});
        if (const auto* standard_name = std::get_if<StandardName>(&parsed)) {
            add_standard(path, *standard_name);
        } else if (std::holds_alternative<protocol::standard::Attachment>(parsed)) {
            attachments_.push_back(path);
        } else {
            add_wrong(path, std::get<std::vector<NameFault>>(parsed));
        }
    }

    SortedFolder finish() {
        std::map<OfficeNumber, std::vector<fs::path>> on_their_own;
        for (const auto& path : attachments_) {
            place_attachment(path, on_their_own);
        }
        hold_back();
        for (auto& [key, unit] : units_) {
            result_.units.push_back(std::move(unit));
        }
        for (auto& [office, files] : on_their_own) {
            result_.units.push_back({office, "", std::move(files)});
        }
        return std::move(result_);
    }

private:
    void add_wrong(const fs::path& path, const std::vector<NameFault>& faults) {
        const bool japanese = in_japanese();
        std::string text;
        for (const auto& fault : faults) {
            const auto told = describe_fault(fault, 0);
            text += (text.empty() ? "" : " ") + (japanese ? told.text_ja : told.text_en);
        }
        result_.findings.push_back({path, std::move(text)});
        const auto& table = faults.front().table;
        const bool of_kihon = table && (children_of(Table::upkihon) & bit(*table)) != 0;
        const bool of_yobo = table && (children_of(Table::upyobo) & bit(*table)) != 0;
        if (of_kihon || of_yobo) {
            lost_parts_.push_back(path.filename().string());
        }
    }

    /// A unit lacks what it must have, and is refused for it; but nobody would miss a sub-table or an image.
    void hold_back() {
        for (const auto& name : lost_parts_) {
            for (auto& [key, unit] : units_) {
                const bool named =
                    name.find(unit.stamp) != std::string::npos || offices_in(name).contains(unit.recipient);
                if (named && family_of_unit(key) == prevention) {
                    unit.held_back = words(
                        "{0} seems to belong here, and its name is wrong",
                        "この送信単位のものらしい {0} のファイル名に誤りがあるため、送信しません",
                        {name}
                    );
                }
            }
        }
    }

    void add_standard(const fs::path& path, const StandardName& name) {
        if (name.sender != sender_) {
            result_.findings.push_back(
                {path,
                 words(
                     "its sending office is not {0}", "ファイル名の送信元の事業所が {0} ではありません", {sender_.str()}
                 )}
            );
            return;
        }
        // The stamp first: it is the order in which units take effect.
        const UnitKey key{
            name.sequence.str(),
            name.recipient,
            name.sender_code ? name.sender_code->str() : std::string(),
            name.recipient_code ? name.recipient_code->str() : std::string(),
            static_cast<int>(name.grammar),
            family_of(name)};
        auto& unit = units_[key];
        unit.recipient = name.recipient;
        unit.stamp = name.sequence.str();
        unit.files.push_back(path);
    }

    void place_attachment(const fs::path& path, std::map<OfficeNumber, std::vector<fs::path>>& on_their_own) {
        auto offices = offices_in(path.filename().string());
        offices.erase(sender_);
        if (offices.size() != 1) {
            result_.findings.push_back(
                {path,
                 words(
                     "its name does not tell one office that it is for; send it with \"send --to\"",
                     "ファイル名から宛先の事業所が一つに決まりません。「send --to 事業所番号」で送信してください"
                 )}
            );
            return;
        }
        const auto& office = *offices.begin();
        SortedUnit* only = nullptr;
        int count = 0;
        for (auto& [key, unit] : units_) {
            if (unit.recipient == office) {
                only = &unit;
                ++count;
            }
        }
        if (count == 1) {
            only->files.push_back(path);
        } else {
            on_their_own[office].push_back(path);
        }
    }

    static const std::string& family_of_unit(const UnitKey& key) { return std::get<5>(key); }

    const OfficeNumber& sender_;
    const protocol::standard::UnitOptions& options_;
    std::vector<std::string> lost_parts_;
    std::map<UnitKey, SortedUnit> units_;
    std::vector<fs::path> attachments_;
    SortedFolder result_;
};

} // namespace

SortedFolder sort_files(
    const std::vector<fs::path>& files, const OfficeNumber& sender, const protocol::standard::UnitOptions& options
) {
    auto in_order = files;
    std::sort(in_order.begin(), in_order.end());
    Sorter sorter(sender, options);
    for (const auto& path : in_order) {
        sorter.add(path);
    }
    return sorter.finish();
}

} // namespace relay::client
