#include "storage/postgres/schema.hpp"
#include "tests/support/postgres_cluster.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

using namespace relay;
using namespace relay::storage::postgres;
using protocol::ErrorCode;
using test::TestDatabase;

namespace {

class MigrationFolder {
public:
    MigrationFolder() {
        std::string pattern = "/tmp/relay-migrations-XXXXXX";
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path = pattern;
        std::filesystem::copy(RELAY_MIGRATIONS, path);
    }
    ~MigrationFolder() { std::filesystem::remove_all(path); }
    MigrationFolder(const MigrationFolder&) = delete;
    MigrationFolder& operator=(const MigrationFolder&) = delete;

    void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
    /// The n-th migration behind those that there are.
    void add(int n, const std::string& name, const std::string& text) const {
        const std::string number = std::to_string(needed_schema + n);
        write(std::string(4 - number.size(), '0') + number + "_" + name + ".sql", text);
    }
    std::vector<Migration> read() const { return read_migrations(path).value(); }

    std::filesystem::path path;
    int ours = 0;
};

} // namespace

TEST_CASE("Migrations are applied once, in order, up to the number asked for", "[storage]") {
    const TestDatabase database;
    const MigrationFolder folder;
    folder.add(1, "second", "CREATE TABLE second (a int);");
    folder.add(2, "third", "CREATE TABLE third (a int); INSERT INTO third SELECT a FROM second;");
    auto schema = Schema::connect(database.owner_url()).value();
    CHECK(schema.migrate(folder.read(), std::nullopt, true).value().size() == 2);
    CHECK(schema_version(database.url()).value() == needed_schema);
    CHECK(schema.migrate(folder.read(), needed_schema + 1, false).value().size() == 1);
    CHECK(schema_version(database.url()).value() == needed_schema + 1);
    const auto states = schema.status(folder.read()).value();
    REQUIRE(states.size() == needed_schema + 2);
    CHECK(states[needed_schema].applied_at.has_value());
    CHECK_FALSE(states[needed_schema + 1].applied_at.has_value());
    CHECK(schema.migrate(folder.read(), std::nullopt, false).value().size() == 1);
    CHECK(schema.migrate(folder.read(), std::nullopt, false).value().empty());
    CHECK(check_schema(database.url()).has_value());
}

TEST_CASE("A migration that fails leaves nothing of itself", "[storage]") {
    const TestDatabase database;
    const MigrationFolder folder;
    folder.add(1, "second", "CREATE TABLE second (a int); SELECT 1/0;");
    auto schema = Schema::connect(database.owner_url()).value();
    const auto result = schema.migrate(folder.read(), std::nullopt, false);
    REQUIRE(result.has_error());
    CHECK_THAT(
        result.error().cause, Catch::Matchers::Contains("migration " + std::to_string(needed_schema + 1) + " (second)")
    );
    CHECK(database.sql("SELECT to_regclass('second') IS NULL")[0][0].as<bool>());
    CHECK(schema_version(database.url()).value() == needed_schema);
}

TEST_CASE("A migration that waits for a table's lock gives way to others, and comes again", "[storage]") {
    const TestDatabase database;
    const MigrationFolder folder;
    folder.add(1, "second", "ALTER TABLE bundles ADD COLUMN second int;");
    pqxx::connection dump(database.owner_url());
    auto reading = std::make_unique<pqxx::work>(dump);
    reading->exec0("LOCK TABLE bundles IN ACCESS SHARE MODE");
    const auto waits = [&](bool wanted) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (database.sql("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")[0][0].as<bool>() != wanted) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
        }
    };
    auto schema = Schema::connect(database.owner_url()).value();
    bool applied = false;
    {
        const std::jthread migrating([&] { applied = schema.migrate(folder.read(), std::nullopt, false).has_value(); });
        waits(true);
        waits(false);
        waits(true);
        reading.reset();
    }
    CHECK(applied);
}

TEST_CASE("A migration that was changed after it had been applied is refused", "[storage]") {
    const TestDatabase database;
    const MigrationFolder folder;
    folder.write("0001_relay.sql", "SELECT 1;");
    auto schema = Schema::connect(database.owner_url()).value();
    CHECK(schema.status(folder.read()).error().code == ErrorCode::malformed_request);
    CHECK(schema.migrate(folder.read(), std::nullopt, false).error().code == ErrorCode::malformed_request);
}

TEST_CASE("Names that are not NNNN_words.sql and gaps in the numbers are refused", "[storage]") {
    for (const char* name : {"2_second.sql", "0002second.sql", "9999_behind_a_gap.sql", "0002_.sql", "second.sql"}) {
        CAPTURE(name);
        const MigrationFolder folder;
        folder.write(name, "SELECT 1;");
        CHECK(read_migrations(folder.path).has_error());
    }
    CHECK(read_migrations("/tmp/relay-no-such-folder").error().code == ErrorCode::not_found);
}

TEST_CASE("A database without a schema, or none at all, is told from one that is ready", "[storage]") {
    const TestDatabase database;
    const auto empty = test::PostgresCluster::instance().url("postgres", "relay_app");
    CHECK(schema_version(empty).value() == 0);
    CHECK_THAT(check_schema(empty).error().cause, Catch::Matchers::Contains("relayctl migrate"));
    CHECK(check_schema("host=/tmp/relay-no-such-folder").error().code == ErrorCode::unavailable);
    CHECK(check_schema("host=/tmp unknown_word=1").error().code == ErrorCode::malformed_request);
    CHECK(check_schema(database.url()).has_value());
}

TEST_CASE("The server's role can neither change events nor the list of migrations", "[storage]") {
    const TestDatabase database;
    pqxx::connection app(database.url());
    for (const char* statement :
         {"UPDATE events SET type = 'x'",
          "DELETE FROM events",
          "TRUNCATE events",
          "UPDATE log_leaves SET index = 1",
          "DELETE FROM log_leaves",
          "DELETE FROM schema_migrations",
          "CREATE TABLE mine (a int)"}) {
        CAPTURE(statement);
        pqxx::nontransaction transaction(app);
        CHECK_THROWS_AS(transaction.exec(statement), pqxx::insufficient_privilege);
    }
}
