// relayctl bundle and stats: facts only, no payload ever.
#include "server/ctl/commands.hpp"

#include "protocol/bundle_state.hpp"

#include <memory>

namespace relay::server::ctl {

using nlohmann::ordered_json;

namespace {

struct Options {
    std::string bundle_id, office, state;
    int limit = 100;
    bool json = false;
};

ordered_json facts_of(const storage::BundleFacts& facts) {
    const auto time = [](const std::optional<protocol::Time>& at) {
        return at ? ordered_json(protocol::to_rfc3339(*at)) : ordered_json();
    };
    ordered_json out;
    out["bundle_id"] = facts.bundle_id.str();
    out["state"] = protocol::to_string(facts.state);
    out["confirmation"] = facts.confirmation ? ordered_json(*facts.confirmation) : ordered_json();
    out["sender"] = facts.sender.str();
    out["recipient"] = facts.recipient.str();
    out["payload_size"] = facts.payload_size;
    out["chunks"] = facts.chunk_count;
    out["created_at"] = protocol::to_rfc3339(facts.created_at);
    out["reserved_at"] = protocol::to_rfc3339(facts.reserved_at);
    out["accepted_at"] = time(facts.accepted_at);
    out["expires_at"] = time(facts.expires_at);
    out["claimed_at"] = time(facts.claimed_at);
    out["sent_at"] = time(facts.sent_at);
    out["fetched_at"] = time(facts.fetched_at);
    out["rejected_at"] = time(facts.rejected_at);
    out["withdrawn_at"] = time(facts.withdrawn_at);
    out["expired_at"] = time(facts.expired_at);
    out["manifest_sha256"] = facts.manifest_sha256.hex();
    return out;
}

Result<void> show(Relay& relay, const Options& options) {
    const auto bundle_id = *protocol::BundleId::parse(options.bundle_id);
    return show_found(
        relay, options.json, [&](auto& accounts) { return accounts.find_bundle(bundle_id); }, facts_of
    );
}

Result<void> list(Relay& relay, const Options& options) {
    const auto office = *protocol::OfficeNumber::parse(options.office);
    const auto state = protocol::parse_bundle_state(options.state);
    const auto find = [&](auto& accounts) { return accounts.list_bundles(office, state, options.limit); };
    return list_found(relay, options.json, find, [&](const storage::BundleFacts& bundle) {
        auto row = facts_of(bundle);
        if (!options.json) {
            for (const char* detail :
                 {"manifest_sha256", "created_at", "reserved_at", "sent_at", "withdrawn_at", "expired_at", "chunks"}) {
                row.erase(detail);
            }
        }
        return row;
    });
}

ordered_json stats_of(const storage::RelayStats& stats) {
    ordered_json out;
    out["open_offices"] = stats.open_offices;
    out["open_users"] = stats.open_users;
    out["valid_certificates"] = stats.valid_certificates;
    out["running_sessions"] = stats.running_sessions;
    for (const auto& [state, count] : stats.bundles) {
        out["bundles_" + state] = count;
    }
    out["payload_bytes"] = stats.payload_bytes;
    out["pending_objects"] = stats.pending_objects;
    out["events"] = stats.events;
    out["log_size"] = stats.log_size;
    return out;
}

Result<void> show_stats(Relay& relay, const Options& options) {
    return show_found(
        relay, options.json, [](auto& accounts) { return accounts.stats(); }, stats_of
    );
}

CLI::Validator is_bundle_id() {
    return CLI::Validator(
        [](std::string& text) {
            return protocol::BundleId::parse(text) ? std::string() : "'" + text + "' is not a lower-case UUID";
        },
        ""
    );
}

CLI::Validator is_state() {
    return CLI::Validator(
        [](std::string& text) {
            return text == "all" || protocol::parse_bundle_state(text) ? std::string()
                                                                       : "'" + text + "' is not a state";
        },
        ""
    );
}

} // namespace

void add_bundle(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<Options>();
    auto* group = add_group(app, "bundle", "Bundles: who, when and in what state");

    auto* command = group->add_subcommand("show", "One bundle");
    command->add_option("id", options->bundle_id, "Bundle ID")->required()->check(is_bundle_id());
    add_json_flag(*command, options->json);
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return show(relay, *options); });
    });

    command = group->add_subcommand("list", "Sent or received by an office, newest first");
    command->add_option("--office", options->office, "Office number")->required()->check(is_office_number());
    command->add_option("--state", options->state, "One state, or all")->check(is_state());
    command->add_option("--limit", options->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    add_json_flag(*command, options->json);
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return list(relay, *options); });
    });
}

void add_stats(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("stats", "How many offices, bundles and events there are");
    add_json_flag(*command, options->json);
    command->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return show_stats(relay, *options); });
    });
}

} // namespace relay::server::ctl
