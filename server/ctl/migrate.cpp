// relayctl migrate
#include "server/ctl/commands.hpp"

#include "storage/postgres/schema.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace relay::server::ctl {

namespace postgres = storage::postgres;

namespace {

struct Options {
    std::filesystem::path folder;
    std::optional<int> to;
    bool dry_run = false;
    bool json = false;
};

/// Beside an installed program, else in the source tree it was built from.
std::filesystem::path default_folder() {
    std::error_code none;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", none);
    const auto installed = program.parent_path().parent_path() / "share" / "careplan-relay" / "migrations";
    return std::filesystem::is_directory(installed, none) ? installed : std::filesystem::path(RELAY_MIGRATIONS);
}

struct Target {
    std::vector<postgres::Migration> migrations;
    postgres::Schema schema;
};

/// The folder is read first: without it, nothing is asked of the database.
Result<Target> open_target(const Relay& relay, const Options& options) {
    auto migrations = relay.privileges().as_caller([&] {
        return postgres::read_migrations(options.folder.empty() ? default_folder() : options.folder);
    });
    if (!migrations) {
        return migrations.error();
    }
    if (relay.config().database.owner_url.empty()) {
        return protocol::errors::internal("database.owner_url is not set");
    }
    auto schema = postgres::Schema::connect(relay.config().database.owner_url);
    if (!schema) {
        return schema.error();
    }
    return Target{*std::move(migrations), *std::move(schema)};
}

Result<void> migrate(const Relay& relay, const Options& options) {
    auto target = open_target(relay, options);
    if (!target) {
        return target.error();
    }
    const auto applied = target->schema.migrate(target->migrations, options.to, options.dry_run);
    if (!applied) {
        return applied.error();
    }
    for (const auto& migration : *applied) {
        say((options.dry_run ? "would apply " : "applied ") + std::to_string(migration.number) + " " + migration.name);
    }
    if (applied->empty()) {
        say("nothing to apply");
    }
    return {};
}

Result<void> show_status(const Relay& relay, const Options& options) {
    auto target = open_target(relay, options);
    if (!target) {
        return target.error();
    }
    const auto states = target->schema.status(target->migrations);
    if (!states) {
        return states.error();
    }
    std::vector<nlohmann::ordered_json> rows;
    for (const auto& state : *states) {
        nlohmann::ordered_json row;
        row["number"] = state.number;
        row["name"] = state.name;
        row["applied_at"] = nullptr;
        if (state.applied_at) {
            row["applied_at"] = protocol::to_rfc3339(*state.applied_at);
        }
        row["state"] = state.file_missing ? "applied, file unknown" : state.applied_at ? "applied" : "missing";
        rows.push_back(std::move(row));
    }
    print_rows(rows, options.json);
    return {};
}

} // namespace

void add_migrate(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("migrate", "Bring the database's schema up to date, as database.owner_url");
    command->add_option("--to", options->to, "Apply no further than this number")->check(CLI::PositiveNumber);
    command->add_flag("--dry-run", options->dry_run, "Only say what would be applied");
    command->add_option("--migrations", options->folder, "Folder of the numbered SQL files");
    command->callback([command, options, &commands] {
        if (command->get_subcommands().empty()) {
            commands.choose([options](Relay& relay) { return migrate(relay, *options); });
        }
    });
    auto* status = command->add_subcommand("status", "Which migrations the database has");
    add_json_flag(*status, options->json);
    status->callback([options, &commands] {
        commands.choose([options](Relay& relay) { return show_status(relay, *options); });
    });
}

} // namespace relay::server::ctl
