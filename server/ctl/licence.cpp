// relayctl licence
#include "server/ctl/commands.hpp"

#include <memory>

namespace relay::server::ctl {

using nlohmann::ordered_json;
using protocol::OfficeNumber;

namespace {

struct Options {
    std::string number, from, until, on;
    std::string kind = "regular";
    bool json = false;
};

ordered_json facts_of(const storage::LicenceRow& row) {
    ordered_json out;
    out["grant"] = row.licence_id;
    out["office"] = row.office.str();
    out["kind"] = row.kind;
    out["from"] = protocol::to_string(row.from);
    out["until"] = protocol::to_string(row.until);
    return out;
}

Result<void> grant(Relay& relay, const Options& options) {
    const auto granted = ask(relay, [&](auto& accounts) {
        return accounts.grant_licence(
            *OfficeNumber::parse(options.number),
            *protocol::parse_day(options.from),
            *protocol::parse_day(options.until),
            options.kind
        );
    });
    if (!granted) {
        return granted.error();
    }
    say("grant " + std::to_string(*granted));
    return {};
}

Result<void> end(Relay& relay, const Options& options) {
    const auto cut = ask(relay, [&](auto& accounts) {
        return accounts.end_licence(*OfficeNumber::parse(options.number), *protocol::parse_day(options.on));
    });
    if (!cut) {
        return cut.error();
    }
    say(std::to_string(*cut) + (*cut == 1 ? " grant cut" : " grants cut"));
    return {};
}

Result<void> list(Relay& relay, const Options& options) {
    const auto office = OfficeNumber::parse(options.number);
    return list_found(
        relay, options.json, [&](auto& accounts) { return accounts.list_licences(office); }, facts_of
    );
}

} // namespace

void add_licence(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<Options>();
    auto* group = add_group(app, "licence", "Licences: an office is licensed on a day (Japan's) that any grant covers");

    auto* command = group->add_subcommand("grant", "Grant a licence; grants may overlap");
    command->add_option("number", options->number, "Office number")->required()->check(is_office_number());
    command->add_option("--from", options->from, "First licensed day")->required()->check(is_day());
    command->add_option("--until", options->until, "Last licensed day")->required()->check(is_day());
    command->add_option("--kind", options->kind, "regular or free-pass")
        ->capture_default_str()
        ->check(CLI::IsMember({"regular", "free-pass"}));
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return grant(relay, *options); });
    });

    command = group->add_subcommand("end", "Cut every grant that reaches beyond a day");
    command->add_option("number", options->number, "Office number")->required()->check(is_office_number());
    command->add_option("--on", options->on, "The last licensed day")->required()->check(is_day());
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return end(relay, *options); });
    });

    command = group->add_subcommand("list", "All grants");
    command->add_option("--office", options->number, "Of this office alone")->check(is_office_number());
    add_json_flag(*command, options->json);
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return list(relay, *options); });
    });
}

} // namespace relay::server::ctl
