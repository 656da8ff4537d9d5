// relayctl objects: what the payload store and the database have lost of each other, and whose the store is.
#include "server/ctl/commands.hpp"

#include "server/config_values.hpp"
#include "server/mailbox/object_sweep.hpp"
#include "server/mailbox/store_guard.hpp"
#include "storage/objects/make_payload_store.hpp"
#include "storage/postgres/pg_object_index.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>

namespace relay::server::ctl {

using nlohmann::ordered_json;

namespace {

struct Options {
    bool dry_run = false;
    std::string older_than = "48h";
    bool json = false;
};

Result<std::unique_ptr<storage::PayloadStore>> open_store(const Config& config) {
    storage::objects::StoreOptions options;
    options.access_key = config.objects.access_key;
    options.secret_key = config.objects.secret_key;
    options.ca_file = config.objects.ca.string();
    options.timeout = config.objects.timeout;
    options.connections = 4;
    return storage::objects::make_payload_store(config.objects.url, options);
}

/// The store and what the database knows of it, for as long as a command runs.
struct Stores {
    std::unique_ptr<storage::postgres::DbExecutor> executor;
    std::unique_ptr<storage::postgres::PgObjectIndex> index;
    std::unique_ptr<mailbox::StoreGuard> payloads;
};

Result<Stores> open_stores(const Config& config) {
    auto store = open_store(config);
    if (!store) {
        return store.error();
    }
    storage::postgres::PgOptions database;
    database.url = config.database.url;
    database.connections = 1;
    auto executor = storage::postgres::DbExecutor::start(database);
    if (!executor) {
        return executor.error();
    }
    Stores stores;
    stores.executor = std::move(*executor);
    stores.index = std::make_unique<storage::postgres::PgObjectIndex>(*stores.executor);
    stores.payloads = std::make_unique<mailbox::StoreGuard>(std::move(*store), *stores.index);
    return stores;
}

Awaitable<Result<void>> run_to_end(mailbox::StoreGuard& payloads, mailbox::ObjectSweep& sweep) {
    auto ours = co_await payloads.check();
    if (!ours) {
        co_return ours;
    }
    while (true) {
        const auto done = co_await sweep.step();
        if (!done) {
            co_return done.error();
        }
        if (*done) {
            co_return Result<void>();
        }
    }
}

template <class Task>
Result<void> run(const Task& task) {
    boost::asio::io_context context;
    std::optional<Result<void>> outcome;
    boost::asio::co_spawn(context.get_executor(), task, [&](const std::exception_ptr& thrown, Result<void> result) {
        if (!thrown) {
            outcome.emplace(std::move(result));
        }
    });
    context.run();
    return outcome ? *outcome : Result<void>(protocol::errors::internal("the command broke off"));
}

ordered_json facts_of(const mailbox::SweepReport& report, bool dry_run) {
    ordered_json facts;
    facts["objects"] = report.objects;
    facts["rows"] = report.rows;
    facts["orphaned_objects"] = report.orphaned_objects;
    facts["removed"] = report.removed;
    facts["young_objects"] = report.young_objects;
    facts["rows_without_object"] = report.rows_without_object;
    facts["dry_run"] = dry_run;
    return facts;
}

void tell(const mailbox::SweepReport& report, const Options& options) {
    auto facts = facts_of(report, options.dry_run);
    if (options.json) {
        facts["orphans"] = report.orphans;
        facts["lost"] = ordered_json::array();
    }
    for (const auto& row : report.lost) {
        const auto bundle = row.bundle_id ? row.bundle_id->str() : std::string("unknown");
        if (options.json) {
            facts["lost"].push_back({{"bundle_id", bundle}, {"chunk", row.n}, {"object", row.key}});
        } else {
            say("LOST: bundle " + bundle + " chunk " + std::to_string(row.n) + " object " + row.key);
        }
    }
    print_facts(facts, options.json);
}

Result<void> sweep(Relay& relay, const Options& options) {
    const auto stores = open_stores(relay.config());
    if (!stores) {
        return stores.error();
    }
    const mailbox::SweepWishes wishes{!options.dry_run, *parse_duration(options.older_than)};
    mailbox::ObjectSweep sweep(*stores->payloads, *stores->index, now, wishes);
    const auto outcome = run([&] { return run_to_end(*stores->payloads, sweep); });
    if (!outcome) {
        return outcome.error();
    }
    tell(sweep.report(), options);
    const auto lost = sweep.report().rows_without_object;
    if (lost > 0) {
        return protocol::errors::internal(
            std::to_string(lost) + " chunks have lost their objects; nothing was dropped"
        );
    }
    return {};
}

struct NoOptions {};

Result<void> adopt(Relay& relay, const NoOptions& /*options*/) {
    const auto stores = open_stores(relay.config());
    if (!stores) {
        return stores.error();
    }
    return run([&] { return stores->payloads->adopt(); });
}

} // namespace

void add_objects(CLI::App& app, Commands& commands) {
    auto* group = add_group(app, "objects", "The payload store");
    const auto options = std::make_shared<Options>();
    auto* command = add_command(
        *group,
        commands,
        options,
        "sweep",
        "Compares store and database; removes objects that no row knows, and tells of chunks without an object (exit "
        "1)",
        sweep
    );
    command->add_flag("--dry-run", options->dry_run, "Remove nothing");
    command->add_option("--older-than", options->older_than, "Only objects that old are called orphans (default 48h)")
        ->check([](const std::string& text) { return parse_duration(text) ? "" : "must be a duration such as 48h"; });
    add_json_flag(*command, options->json);
    add_command(
        *group,
        commands,
        std::make_shared<NoOptions>(),
        "adopt",
        "Makes the store that objects.url names this relay's own, whatever it holds: after it was moved or lost",
        adopt
    );
}

} // namespace relay::server::ctl
