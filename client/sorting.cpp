#include "client/sorting.hpp"

#include "protocol/standard/file_name.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <variant>

namespace relay::client {
namespace {

using protocol::OfficeNumber;
using protocol::standard::StandardName;
using protocol::standard::Table;

/// What belongs into one unit has the same family (standard.md §2.1).
std::string family_of(const StandardName& name) {
    const auto month = name.month.value_or("");
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
        return "prevention";
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
    explicit Sorter(const OfficeNumber& sender) : sender_(sender) {}

    void add(const fs::path& path) {
        const auto name = path.filename().string();
        const auto parsed = protocol::standard::parse_file_name(name, true);
        if (const auto* standard_name = std::get_if<StandardName>(&parsed)) {
            add_standard(path, *standard_name);
        } else if (std::holds_alternative<protocol::standard::Attachment>(parsed)) {
            attachments_.push_back(path);
        } else {
            const auto fault = std::get<protocol::standard::NameFault>(parsed);
            const bool type = fault == protocol::standard::NameFault::file_type_not_allowed;
            result_.findings.push_back(
                name + (type ? ": files of this type cannot be sent" : ": not a name of the standard")
            );
        }
    }

    SortedFolder finish() {
        std::map<OfficeNumber, std::vector<fs::path>> on_their_own;
        for (const auto& path : attachments_) {
            place_attachment(path, on_their_own);
        }
        for (auto& [key, unit] : units_) {
            result_.units.push_back(std::move(unit));
        }
        for (auto& [office, files] : on_their_own) {
            result_.units.push_back({office, "", std::move(files)});
        }
        return std::move(result_);
    }

private:
    void add_standard(const fs::path& path, const StandardName& name) {
        if (name.sender != sender_) {
            result_.findings.push_back(path.filename().string() + ": its sending office is not " + sender_.str());
            return;
        }
        // The stamp first: it is the order in which units take effect.
        const UnitKey key{
            name.stamp,
            name.recipient,
            name.sender_code.value_or(""),
            name.recipient_code.value_or(""),
            static_cast<int>(name.grammar),
            family_of(name)};
        auto& unit = units_[key];
        unit.recipient = name.recipient;
        unit.stamp = name.stamp;
        unit.files.push_back(path);
    }

    void place_attachment(const fs::path& path, std::map<OfficeNumber, std::vector<fs::path>>& on_their_own) {
        auto offices = offices_in(path.filename().string());
        offices.erase(sender_);
        if (offices.size() != 1) {
            result_.findings.push_back(
                path.filename().string() +
                ": its name does not tell one office that it is for; send it with \"send --to\""
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

    const OfficeNumber& sender_;
    std::map<UnitKey, SortedUnit> units_;
    std::vector<fs::path> attachments_;
    SortedFolder result_;
};

} // namespace

SortedFolder sort_files(const std::vector<fs::path>& files, const OfficeNumber& sender) {
    auto in_order = files;
    std::sort(in_order.begin(), in_order.end());
    Sorter sorter(sender);
    for (const auto& path : in_order) {
        sorter.add(path);
    }
    return sorter.finish();
}

} // namespace relay::client
