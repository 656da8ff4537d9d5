// relayctl office
#include "server/ctl/commands.hpp"

#include <memory>

namespace relay::server::ctl {

using nlohmann::ordered_json;
using protocol::OfficeNumber;

namespace {

struct Options {
    std::string number, name, prefecture;
    std::vector<std::string> services;
    bool json = false;
};

ordered_json facts_of(const storage::OfficeFacts& facts) {
    ordered_json out;
    out["number"] = facts.office.number.str();
    out["prefecture"] = facts.office.prefecture;
    out["state"] = facts.office.closed ? "closed" : "open";
    out["added_at"] = protocol::to_rfc3339(facts.added_at);
    out["closed_at"] = nullptr;
    if (facts.closed_at) {
        out["closed_at"] = protocol::to_rfc3339(*facts.closed_at);
    }
    out["services"] = facts.services;
    out["name"] = facts.office.name;
    return out;
}

Result<void> add(Relay& relay, const Options& options) {
    storage::NewOffice office;
    office.number = *OfficeNumber::parse(options.number);
    office.name = options.name;
    office.prefecture = options.prefecture.empty() ? options.number.substr(0, 2) : options.prefecture;
    office.services = options.services;
    return ask(relay, [&](auto& accounts) { return accounts.add_office(office); });
}

Result<void> list(Relay& relay, const Options& options) {
    return list_found(
        relay, options.json, [](auto& accounts) { return accounts.list_offices(); }, facts_of
    );
}

Result<void> show(Relay& relay, const Options& options) {
    const auto number = *OfficeNumber::parse(options.number);
    return show_found(
        relay, options.json, [&](auto& accounts) { return accounts.find_office(number); }, facts_of
    );
}

Result<void> close(Relay& relay, const Options& options) {
    return ask(relay, [&](auto& accounts) { return accounts.close_office(*OfficeNumber::parse(options.number)); });
}

} // namespace

void add_office(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<Options>();
    auto* group = add_group(app, "office", "Care offices");
    auto* command = group->add_subcommand("add", "Add an office");
    command->add_option("number", options->number, "Office number")->required()->check(is_office_number());
    command->add_option("--name", options->name, "Name")->required();
    command->add_option("--prefecture", options->prefecture, "Two digits; by default the number's first two")
        ->check(is_prefecture());
    command->add_option("--service", options->services, "Service codes");
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return add(relay, *options); });
    });

    command = group->add_subcommand("list", "All offices");
    add_json_flag(*command, options->json);
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return list(relay, *options); });
    });

    command = group->add_subcommand("show", "One office");
    command->add_option("number", options->number, "Office number")->required()->check(is_office_number());
    add_json_flag(*command, options->json);
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return show(relay, *options); });
    });

    command = group->add_subcommand("close", "Close an office: its users' sessions end, nothing can be sent to it");
    command->add_option("number", options->number, "Office number")->required()->check(is_office_number());
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return close(relay, *options); });
    });
}

} // namespace relay::server::ctl
