// The commands of relayctl: each group adds its own to the command line and says what is to be done when one is chosen.
#pragma once

#include "server/ctl/relay.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relay::server::ctl {

/// What a chosen command does; an Error becomes one line on standard error and exit 1.
using Command = std::function<Result<void>(Relay&)>;

class Commands final {
public:
    void choose(Command command) { chosen_ = std::move(command); }
    [[nodiscard]] Result<void> run(Relay& relay) const { return chosen_(relay); }

private:
    Command chosen_;
};

void add_migrate(CLI::App& app, Commands& commands);
void add_office(CLI::App& app, Commands& commands);
void add_user(CLI::App& app, Commands& commands);
void add_ca(CLI::App& app, Commands& commands);
void add_certificate(CLI::App& app, Commands& commands);
void add_licence(CLI::App& app, Commands& commands);
void add_bundle(CLI::App& app, Commands& commands);
void add_objects(CLI::App& app, Commands& commands);
void add_stats(CLI::App& app, Commands& commands);

/// A group such as `office`, of which one command must be given.
[[nodiscard]] CLI::App* add_group(CLI::App& app, const std::string& name, const std::string& description);
/// A command of a group; `act` runs, with the options as they were given, when it is chosen.
template <class Options>
CLI::App* add_command(
    CLI::App& group,
    Commands& commands,
    const std::shared_ptr<Options>& options,
    const char* name,
    const char* what,
    Result<void> (*act)(Relay&, const Options&)
) {
    auto* command = group.add_subcommand(name, what);
    command->callback([options, act, &commands] {
        commands.choose([options, act](Relay& relay) { return act(relay, *options); });
    });
    return command;
}
/// Adds `--json`.
void add_json_flag(CLI::App& command, bool& json);

// Checks of options, so that wrong forms are wrong usage (exit 2):
[[nodiscard]] CLI::Validator is_office_number();
[[nodiscard]] CLI::Validator is_prefecture();
[[nodiscard]] CLI::Validator is_user_id();
[[nodiscard]] CLI::Validator is_day();
[[nodiscard]] CLI::Validator is_digest();

/// Rows of facts: a table for people, with the members' names as heads, or a JSON array. Every row has the same
/// members in the same order; absent ones are null, and left out of the JSON.
void print_rows(const std::vector<nlohmann::ordered_json>& rows, bool json);
/// One thing: a line for each member, or a JSON object.
void print_facts(const nlohmann::ordered_json& facts, bool json);
/// What `find` gets from the accounts, a storage::AccountAdmin&.
template <class Find>
auto ask(Relay& relay, Find find) -> decltype(find(**relay.accounts())) {
    const auto accounts = relay.accounts();
    if (!accounts) {
        return accounts.error();
    }
    return find(**accounts);
}
/// Prints the one thing that `find` gets, as `facts_of` tells it.
template <class Find, class FactsOf>
Result<void> show_found(Relay& relay, bool json, Find find, FactsOf facts_of) {
    const auto found = ask(relay, find);
    if (!found) {
        return found.error();
    }
    print_facts(facts_of(*found), json);
    return {};
}
/// The same for many.
template <class Find, class FactsOf>
Result<void> list_found(Relay& relay, bool json, Find find, FactsOf facts_of) {
    const auto found = ask(relay, find);
    if (!found) {
        return found.error();
    }
    std::vector<nlohmann::ordered_json> rows;
    for (const auto& one : *found) {
        rows.push_back(facts_of(one));
    }
    print_rows(rows, json);
    return {};
}
/// Plain words to standard output.
void say(std::string_view line);
/// An error as one line for people.
[[nodiscard]] std::string explain(const protocol::Error& error);

} // namespace relay::server::ctl
