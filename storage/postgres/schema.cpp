#include "storage/postgres/schema.hpp"

#include "protocol/whole_file.hpp"
#include "storage/postgres/connections.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/schema_queries.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>
#include <utility>

namespace relay::storage::postgres {

using protocol::Error;
using protocol::ErrorCode;
using protocol::Result;
namespace sql = schema_queries;

namespace {

constexpr std::size_t number_digits = 4;

// Whoever waits for a table's lock holds up everybody behind it, running servers first. So a migration waits a moment
// only, and comes again: behind a pg_dump, say, for two minutes.
constexpr const char* lock_briefly = "SET LOCAL lock_timeout = '3s'";
constexpr int lock_retries = 24;
constexpr std::chrono::seconds lock_pause{2};

Error refused(std::string cause) {
    return Error(ErrorCode::malformed_request, std::move(cause));
}

Result<Migration> read_migration(const std::filesystem::path& file) {
    const std::string stem = file.stem().string();
    Migration migration;
    const auto digits_end = std::from_chars(stem.data(), stem.data() + stem.size(), migration.number).ptr;
    const bool named = stem.size() > number_digits + 1 && digits_end == stem.data() + number_digits;
    if (!named || stem[number_digits] != '_' || migration.number < 1) {
        return refused(file.string() + ": a migration is named NNNN_words.sql");
    }
    migration.name = stem.substr(number_digits + 1);
    migration.sql = protocol::read_whole_file(file).value_or("");
    if (migration.sql.empty()) {
        return refused(file.string() + ": cannot be read, or is empty");
    }
    migration.sha256 = protocol::Digest::of(migration.sql);
    return migration;
}

struct Applied {
    int number = 0;
    std::string name;
    protocol::Digest sha256;
    protocol::Time applied_at;
};

std::vector<Applied> read_applied(pqxx::work& transaction) {
    std::vector<Applied> all;
    if (!transaction.exec1(sql::has_table.sql)[0].as<bool>()) {
        return all;
    }
    for (const auto& row : transaction.exec(sql::applied.sql)) {
        all.push_back(Applied{
            row["number"].as<int>(),
            row["name"].as<std::string>(),
            digest_of(row["sha256"]),
            time_of(row["applied_at"]),
        });
    }
    return all;
}

/// Nothing, or why the applied files and those of the folder do not belong together.
std::optional<Error> compare(const std::vector<Migration>& migrations, const std::vector<Applied>& applied) {
    for (const Applied& done : applied) {
        const auto file = std::find_if(migrations.begin(), migrations.end(), [&](const Migration& m) {
            return m.number == done.number;
        });
        if (file != migrations.end() && file->sha256 != done.sha256) {
            return refused(
                "migration " + std::to_string(done.number) + " (" + done.name +
                ") was changed after it had been applied"
            );
        }
    }
    return std::nullopt;
}

} // namespace

Result<std::vector<Migration>> read_migrations(const std::filesystem::path& folder) {
    std::error_code failure;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        if (entry->path().extension() == ".sql") {
            files.push_back(entry->path());
        }
    }
    if (failure) {
        return protocol::errors::not_found(folder.string() + ": " + failure.message());
    }
    std::sort(files.begin(), files.end());
    std::vector<Migration> migrations;
    for (const auto& file : files) {
        auto migration = read_migration(file);
        if (migration.has_error()) {
            return migration.error();
        }
        if (static_cast<std::size_t>(migration->number) != migrations.size() + 1) {
            return refused(file.string() + ": the numbers of migrations have no gap and are there once");
        }
        migrations.push_back(std::move(*migration));
    }
    return migrations;
}

struct Schema::Connection {
    std::unique_ptr<pqxx::connection> pq;
};

Schema::Schema(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {
}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

Result<Schema> Schema::connect(const std::string& owner_url) {
    auto pq = open_connection(owner_url, "-c client_min_messages=warning", "relayctl migrate");
    if (pq.has_error()) {
        return pq.error();
    }
    auto connection = std::make_unique<Connection>();
    connection->pq = std::move(*pq);
    return Schema(std::move(connection));
}

Result<std::vector<MigrationState>> Schema::status(const std::vector<Migration>& migrations) {
    const auto job = [&](pqxx::work& transaction) -> Result<std::vector<MigrationState>> {
        const auto applied = read_applied(transaction);
        if (auto error = compare(migrations, applied)) {
            return std::move(*error);
        }
        std::vector<MigrationState> states;
        for (const Applied& done : applied) {
            const bool missing = std::none_of(migrations.begin(), migrations.end(), [&](const Migration& m) {
                return m.number == done.number;
            });
            states.push_back(MigrationState{done.number, done.name, done.applied_at, missing});
        }
        for (const Migration& m : migrations) {
            if (applied.empty() || m.number > applied.back().number) {
                states.push_back(MigrationState{m.number, m.name, std::nullopt, false});
            }
        }
        return states;
    };
    return run_transaction<std::vector<MigrationState>>(*connection_->pq, "migrate status", job);
}

Result<std::vector<Migration>>
Schema::migrate(const std::vector<Migration>& migrations, std::optional<int> to, bool dry_run) {
    pqxx::connection& pq = *connection_->pq;
    auto locked = run_transaction<void>(pq, "migrate lock", [](pqxx::work& transaction) -> Result<void> {
        transaction.exec(sql::lock.sql);
        return {};
    });
    if (locked.has_error()) {
        return locked.error();
    }
    const auto states = status(migrations);
    if (states.has_error()) {
        return states.error();
    }
    std::vector<Migration> done;
    for (const MigrationState& state : *states) {
        if (state.applied_at || state.number > to.value_or(state.number)) {
            continue;
        }
        const Migration& next = migrations[static_cast<std::size_t>(state.number - 1)];
        const std::string doing = "migration " + std::to_string(next.number) + " (" + next.name + ")";
        const auto apply = [&](pqxx::work& transaction) -> Result<void> {
            transaction.exec(lock_briefly);
            transaction.exec(sql::create_table.sql);
            transaction.exec(next.sql);
            transaction.exec_params(sql::record.sql, next.number, next.name, to_bytea(next.sha256));
            transaction.exec(sql::restrict_rights.sql);
            return {};
        };
        if (!dry_run) {
            auto applied = run_transaction<void>(pq, doing.c_str(), apply);
            const auto may_come = [&] {
                return applied.has_error() && applied.error().code == ErrorCode::unavailable && pq.is_open();
            };
            for (int again = 0; again < lock_retries && may_come(); ++again) {
                std::this_thread::sleep_for(lock_pause);
                applied = run_transaction<void>(pq, doing.c_str(), apply);
            }
            if (applied.has_error()) {
                return applied.error();
            }
        }
        done.push_back(next);
    }
    const auto unlocked = run_transaction<void>(pq, "migrate unlock", [](pqxx::work& transaction) -> Result<void> {
        transaction.exec(sql::unlock.sql);
        return {};
    });
    return unlocked.has_error() ? Result<std::vector<Migration>>(unlocked.error()) : done;
}

Result<int> schema_version(const std::string& url) {
    auto connection = open_connection(url, call_settings, "careplan-relay");
    if (connection.has_error()) {
        return connection.error();
    }
    return run_transaction<int>(**connection, "schema version", [](pqxx::work& transaction) -> Result<int> {
        if (!transaction.exec1(sql::has_table.sql)[0].as<bool>()) {
            return 0;
        }
        return transaction.exec1(sql::version.sql)[0].as<int>();
    });
}

Result<void> check_schema(const std::string& url) {
    const auto version = schema_version(url);
    if (version.has_error()) {
        return version.error();
    }
    if (*version < needed_schema) {
        return protocol::errors::unavailable(
            "the database has schema " + std::to_string(*version) + ", this program needs " +
            std::to_string(needed_schema) + ": run relayctl migrate"
        );
    }
    return {};
}

} // namespace relay::storage::postgres
