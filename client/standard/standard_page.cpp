// docs/standard.md, from the tables that the checks read.
#include "client/standard/conformance.hpp"

namespace relay::client {
namespace {

using namespace protocol::standard;

std::string forms_of(const TableRow& row) {
    auto forms = "`" + form_of_name(row.table, Grammar::v4, false) + "`";
    if (row.in_v3) {
        forms += "<br>3.x: `" + form_of_name(row.table, Grammar::v3, false) + "`";
    }
    return forms;
}

std::string number(int value) {
    return value == 0 ? "–" : std::to_string(value);
}

std::string tables_part() {
    std::string page =
        "## Files\n\n| kind | 名称 | what it is | file name | items in a row | in 3.x | key items (beside 2 and 3) |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n";
    for (const auto& row : all_tables()) {
        std::string keys;
        for (const auto& key : row.keys) {
            keys += (keys.empty() ? "" : ", ") + std::to_string(key.column);
        }
        page += "| " + std::string(row.prefix) + " | " + std::string(row.japanese) + " | " + std::string(row.english) +
                " | " + forms_of(row) + " | " + number(row.columns) + " | " + number(row.columns_v3) + " | " +
                (keys.empty() ? "–" : keys) + " |\n";
    }
    return page;
}

std::string versions_part() {
    std::string page =
        "\n## CSV versions\n\nAn unknown version is a warning, never a refusal.\n\n| value | edition | file names |\n"
        "| --- | --- | --- |\n";
    for (const auto& version : known_versions()) {
        page += "| " + std::string(version.value) + " | " + std::string(version.edition) + " | " +
                (version.grammar == Grammar::v3 ? "3.x" : "4.1") + " |\n";
    }
    return page;
}

std::string units_part() {
    std::string page = "\n## Sending units\n\nA bundle is one of these; PDFs, images and texts may go with each.\n\n"
                       "| unit | 種別 | versions | files | may go with them | may lack files where switched on |\n"
                       "| --- | --- | --- | --- | --- | --- |\n";
    for (const auto& unit : all_units()) {
        const std::string grammars = unit.grammars == Grammars::both ? "3.x, 4.1"
                                     : unit.grammars == Grammars::v3 ? "3.x"
                                                                     : "4.1";
        const auto extras = name_tables(unit.parts | unit.images, ", ");
        page += "| " + std::string(unit.id) + " | " + std::string(japanese_name_of(unit.kind)) + " | " + grammars +
                " | " + name_tables(unit.required, " + ") + " | " + (extras.empty() ? "–" : extras) + " | " +
                (unit.may_be_partial ? "yes" : "–") + " |\n";
    }
    return page + "| P13 | " + std::string(japanese_name_of(UnitKind::other)) +
           " | – | no CSV of the standard | – | – |\n";
}

std::string rules_part() {
    std::string page =
        "\n## Rules\n\nRules on names and units are checked by the relay and by `relay-client`; rules on content by "
        "`relay-client` alone, since the relay cannot read it.\n\n| rule | code | 規則 | rule in English |\n| --- | "
        "--- | --- | --- |\n";
    const auto cell = [](std::string_view text) {
        std::string escaped;
        for (const char c : text) {
            escaped += c == '|' ? "\\|" : std::string(1, c);
        }
        return escaped;
    };
    for (const auto& row : all_rules()) {
        const auto code = code_of(row.rule);
        page += "| `" + std::string(row.id) + "` | " +
                (code                                ? "`" + std::string(protocol::to_string(*code)) + "`"
                 : row.severity == Severity::warning ? "warning"
                                                     : "–") +
                " | " + cell(row.japanese) + " | " + cell(row.english) + " |\n";
    }
    return page;
}

} // namespace

std::string standard_page() {
    return "# The national standard, as it is checked\n\nMade by `relay-client standard` from the tables that relay "
           "and "
           "client check by; a test compares it.\n\n" +
           tables_part() + versions_part() + units_part() + rules_part();
}

} // namespace relay::client
