// relayctl user
#include "server/ctl/commands.hpp"

#include "server/accounts/passwords.hpp"

#include <memory>

namespace relay::server::ctl {

using nlohmann::ordered_json;
using protocol::OfficeNumber;
using protocol::UserId;

namespace {

struct Options {
    std::string user_id, office, role;
    bool password_stdin = false;
    bool temporary = false;
    bool permanent = false;
    bool json = false;
};

protocol::Error refuse(std::string why) {
    return protocol::Error(protocol::ErrorCode::malformed_request, std::move(why));
}

ordered_json facts_of(const storage::UserFacts& facts) {
    const auto time = [](const std::optional<protocol::Time>& at) {
        return at ? ordered_json(protocol::to_rfc3339(*at)) : ordered_json();
    };
    ordered_json out;
    out["user_id"] = facts.user.user_id.str();
    out["role"] = protocol::to_string(facts.user.role);
    out["office"] = facts.user.office ? ordered_json(facts.user.office->str()) : ordered_json();
    out["state"] = facts.user.closed ? "closed" : facts.locked_until ? "locked" : "open";
    out["added_at"] = protocol::to_rfc3339(facts.added_at);
    out["closed_at"] = time(facts.closed_at);
    out["locked_until"] = time(facts.locked_until);
    out["password_set_at"] = time(facts.password_set_at);
    out["temporary"] = facts.temporary;
    return out;
}

/// From standard input, by the rules, hashed.
Result<std::string> read_new_hash(const Relay& relay) {
    const auto password = read_password();
    if (!password) {
        return password.error();
    }
    auto findings = accounts::check_new_password(*password, {});
    if (!findings.empty()) {
        return protocol::Error(protocol::ErrorCode::bad_password, std::move(findings));
    }
    return auth::hash_password(*password, accounts::PasswordPolicy::of(relay.config()).cost);
}

Result<void> add(Relay& relay, const Options& options) {
    storage::NewUser user;
    user.user_id = *UserId::parse(options.user_id);
    const auto role = user.user_id.role();
    if (!role) {
        return refuse("user IDs that begin with HD belong to billing agents and are refused");
    }
    if (!options.role.empty() && options.role != protocol::to_string(*role)) {
        return refuse(options.user_id + " is a user ID of the role " + std::string(protocol::to_string(*role)));
    }
    if ((*role == protocol::Role::office) == options.office.empty()) {
        return refuse(options.office.empty() ? "--office is missing" : "--office is for users of offices alone");
    }
    if (!options.office.empty()) {
        user.office = OfficeNumber::parse(options.office);
    }
    auto hash = read_new_hash(relay);
    if (!hash) {
        return hash.error();
    }
    user.password_hash = std::move(*hash);
    user.temporary = options.temporary;
    return ask(relay, [&](auto& accounts) { return accounts.add_user(user); });
}

Result<void> set_password(Relay& relay, const Options& options) {
    const auto hash = read_new_hash(relay);
    if (!hash) {
        return hash.error();
    }
    const auto user_id = *UserId::parse(options.user_id);
    return ask(relay, [&](auto& accounts) { return accounts.set_password(user_id, *hash, !options.permanent); });
}

Result<void> unlock(Relay& relay, const Options& options) {
    return ask(relay, [&](auto& accounts) { return accounts.unlock_user(*UserId::parse(options.user_id)); });
}

Result<void> close(Relay& relay, const Options& options) {
    return ask(relay, [&](auto& accounts) { return accounts.close_user(*UserId::parse(options.user_id)); });
}

Result<void> list(Relay& relay, const Options& options) {
    return list_found(
        relay, options.json, [](auto& accounts) { return accounts.list_users(); }, facts_of
    );
}

Result<void> show(Relay& relay, const Options& options) {
    const auto user_id = *UserId::parse(options.user_id);
    return show_found(
        relay, options.json, [&](auto& accounts) { return accounts.find_user(user_id); }, facts_of
    );
}

void add_user_id(CLI::App& command, Options& options) {
    command.add_option("id", options.user_id, "User ID")->required()->check(is_user_id());
}

void add_password_stdin(CLI::App& command, Options& options) {
    command.add_flag("--password-stdin", options.password_stdin, "Read the password from standard input, one line")
        ->required();
}

} // namespace

void add_user(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<Options>();
    auto* group = add_group(app, "user", "Users: of offices (KJ), auditors (AU), operators (OP)");

    auto* command = add_command(*group, commands, options, "add", "Add a user", &add);
    add_user_id(*command, *options);
    command->add_option("--office", options->office, "The office it is the account of")->check(is_office_number());
    command->add_option("--role", options->role, "Must agree with the user ID")
        ->check(CLI::IsMember({"office", "auditor", "operator"}));
    add_password_stdin(*command, *options);
    command->add_flag("--temporary", options->temporary, "The password must be changed before the first sign-in");

    command = add_command(
        *group, commands, options, "password", "Set a temporary password; ends sessions and a lock", &set_password
    );
    add_user_id(*command, *options);
    add_password_stdin(*command, *options);
    command->add_flag("--permanent", options->permanent, "It need not be changed");

    command = add_command(*group, commands, options, "unlock", "End a lock after wrong passwords", &unlock);
    add_user_id(*command, *options);
    command = add_command(*group, commands, options, "close", "Close an account for good; its sessions end", &close);
    add_user_id(*command, *options);
    command = add_command(*group, commands, options, "list", "All users", &list);
    add_json_flag(*command, options->json);
    command = add_command(*group, commands, options, "show", "One user", &show);
    add_user_id(*command, *options);
    add_json_flag(*command, options->json);
}

} // namespace relay::server::ctl
