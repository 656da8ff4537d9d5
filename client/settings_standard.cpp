// The table [standard] of the client's file: the switches that the relay has under the same names.
#include "client/settings_standard.hpp"

#include "client/words.hpp"

namespace relay::client {
namespace {

Outcome<void> take_flag(const std::string& where, const toml::node& node, bool& flag) {
    const auto value = node.value<bool>();
    if (!value) {
        return usage_failure(where + words(" must be true or false", " は true か false にしてください"));
    }
    flag = *value;
    return {};
}

Outcome<void> take_day(const std::string& where, const toml::node& node, std::optional<protocol::Day>& day) {
    const auto text = node.value<std::string>();
    day = text ? protocol::parse_day(*text) : std::nullopt;
    if (!day && (!text || !text->empty())) {
        return usage_failure(
            where + words(" must be a day such as \"2027-01-31\"", " は \"2027-01-31\" のような日付にしてください")
        );
    }
    return {};
}

Outcome<void> take_units(const std::string& where, const toml::node& node, protocol::standard::UnitSet& units) {
    const auto text = node.value<std::string>();
    const auto parsed = text ? protocol::standard::parse_partial_units(*text) : std::nullopt;
    if (!parsed) {
        return usage_failure(where + words(" must name some of P1, P2 and P3", " は P1、P2、P3 から選んでください"));
    }
    units = *parsed;
    return {};
}

} // namespace

Outcome<void>
read_standard_table(const std::string& file, const toml::node& node, protocol::standard::UnitSettings& settings) {
    const auto* table = node.as_table();
    if (table == nullptr) {
        return usage_failure(file + words(": standard must be a table", ": standard は表（[standard]）にしてください"));
    }
    for (const auto& [name, value] : *table) {
        const auto where = file + ": standard." + std::string(name.str());
        Outcome<void> taken;
        if (name == "accept_v3") {
            taken = take_flag(where, value, settings.options.accept_v3);
        } else if (name == "lenient_names") {
            taken = take_flag(where, value, settings.options.lenient_names);
        } else if (name == "require_parts") {
            taken = take_flag(where, value, settings.options.require_parts);
        } else if (name == "v3_until") {
            taken = take_day(where, value, settings.v3_until);
        } else if (name == "partial_units") {
            taken = take_units(where, value, settings.options.partial_units);
        } else {
            taken = usage_failure(where + words(": unknown key", ": 知らない項目です"));
        }
        if (!taken) {
            return taken;
        }
    }
    return {};
}

} // namespace relay::client
