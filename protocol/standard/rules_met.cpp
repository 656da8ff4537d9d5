// Which rules a set of names gives occasion to keep: what a report calls seen.
#include "protocol/standard/sending_unit.hpp"

#include <variant>

namespace relay::protocol::standard {
namespace {

void meet(RuleSet& met, std::initializer_list<Rule> rules) {
    for (const auto rule : rules) {
        met.set(index_of(rule));
    }
}

void meet_name(RuleSet& met, const StandardName& name) {
    meet(met, {Rule::name_prefix, Rule::name_extension, Rule::name_parts, Rule::name_office, Rule::name_sequence});
    if (name.grammar == Grammar::v4) {
        meet(met, {Rule::name_service_code});
    } else {
        meet(met, {Rule::name_v3_ended});
    }
    if (name.month) {
        meet(met, {Rule::name_month});
    }
    if (name.image_number) {
        meet(met, {Rule::name_image_number});
    }
}

void meet_unit(RuleSet& met, const std::vector<StandardName>& files, const UnitOptions& options) {
    meet(met, {Rule::unit_sender, Rule::unit_recipient, Rule::unit_complete, Rule::unit_combination});
    if (files.size() > 1) {
        meet(met, {Rule::unit_grammar, Rule::unit_service_codes, Rule::unit_sequence, Rule::unit_table_once});
    }
    TableSet present = 0;
    for (const auto& name : files) {
        present |= bit(name.table);
    }
    const auto has = [&](TableSet set) { return (present & set) != 0; };
    if (has(children_of(Table::upkihon) | children_of(Table::upyobo))) {
        meet(met, {Rule::unit_parent});
    }
    if (options.require_parts && has(bit(Table::upkihon) | bit(Table::upyobo))) {
        meet(met, {Rule::unit_parts});
    }
    if (has(bit(Table::uphosoku)) && has(bit(Table::up1kyo) | bit(Table::up2kyo) | bit(Table::up3kyo))) {
        meet(met, {Rule::unit_supplement_month});
    }
    if (files.size() > 1 && has(bit(Table::upplan) | bit(Table::upsikyu))) {
        meet(met, {Rule::unit_month});
    }
}

} // namespace

RuleSet rules_met(const std::vector<std::string>& names, const UnitOptions& options) {
    RuleSet met;
    std::vector<StandardName> files;
    meet(met, {Rule::unit_not_empty});
    for (const auto& text : names) {
        meet(met, {Rule::name_general, Rule::name_type});
        const auto parsed = parse_file_name(text, {options.accept_v3, options.lenient_names});
        if (const auto* name = std::get_if<StandardName>(&parsed)) {
            meet_name(met, *name);
            files.push_back(*name);
        } else if (const auto* faults = std::get_if<std::vector<NameFault>>(&parsed)) {
            for (const auto& fault : *faults) {
                meet(met, {fault.rule});
            }
        }
    }
    if (names.size() > 1) {
        meet(met, {Rule::name_unique});
    }
    if (!files.empty()) {
        meet_unit(met, files, options);
    }
    return met;
}

} // namespace relay::protocol::standard
