#include "storage/postgres/db_executor.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run_coro.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace relay;
using namespace relay::storage::postgres;
using protocol::ErrorCode;
using protocol::Result;
using test::run_coro;
using test::TestDatabase;

namespace {

Result<int> count_rows(pqxx::work& transaction) {
    return transaction.exec1("SELECT count(*) FROM notes")[0].as<int>();
}

Result<int> add_row(pqxx::work& transaction) {
    transaction.exec0("INSERT INTO notes VALUES ('x')");
    return 1;
}

std::unique_ptr<DbExecutor> start(const TestDatabase& database, DbExecutor::Limits limits = {}) {
    database.sql("CREATE TABLE notes (note text)");
    database.sql("GRANT ALL ON notes TO relay_app");
    auto executor = DbExecutor::start(database.options(1), limits, nullptr);
    REQUIRE(executor.has_value());
    return std::move(*executor);
}

/// Ends the connection of whoever commits a row of `notes`, once: the client cannot know whether it was committed.
void plant_broken_commit(const TestDatabase& database) {
    database.sql("CREATE TABLE fuse (burnt int)");
    database.sql("GRANT ALL ON fuse TO relay_app");
    database.sql("CREATE SEQUENCE once");
    database.sql("GRANT ALL ON SEQUENCE once TO relay_app");
    database.sql(
        "CREATE FUNCTION break_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('once') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$"
    );
    database.sql("CREATE CONSTRAINT TRIGGER break_commit AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED "
                 "FOR EACH ROW EXECUTE FUNCTION break_commit()");
}

} // namespace

TEST_CASE("Times of jobs are told more finely than the metrics' smallest buckets", "[storage]") {
    const TestDatabase database;
    std::vector<JobTime> worked;
    const auto executor = DbExecutor::start(database.options(1), {}, [&](const char*, JobTime, JobTime time, bool) {
        worked.push_back(time);
    });
    REQUIRE(executor.has_value());
    for (int i = 0; i < 10; ++i) {
        const Look<int> look = [](pqxx::transaction_base& work) -> Result<int> {
            return work.exec1("SELECT 1")[0].as<int>();
        };
        REQUIRE(run_coro((*executor)->submit_look<int>("look", look)).value() == 1);
    }
    (*executor)->stop();
    REQUIRE(worked.size() == 10);
    CHECK(std::any_of(worked.begin(), worked.end(), [](JobTime time) { return time.count() % 1000 != 0; }));
}

TEST_CASE("A job that succeeds is committed and one that returns an error is rolled back", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    CHECK(run_coro(executor->submit<int>("add", Access::write, add_row)).value() == 1);
    const auto refused =
        run_coro(executor->submit<int>("add", Access::write, [](pqxx::work& transaction) -> Result<int> {
            transaction.exec0("INSERT INTO notes VALUES ('y')");
            return protocol::errors::not_found();
        }));
    CHECK(refused.error().code == ErrorCode::not_found);
    CHECK(run_coro(executor->submit<int>("count", Access::read, count_rows)).value() == 1);
}

TEST_CASE("An SQL error is internal, names the query and tells no values of rows", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    database.sql("ALTER TABLE notes ADD CONSTRAINT notes_short CHECK (char_length(note) < 3)");
    const auto result =
        run_coro(executor->submit<int>("too long", Access::write, [](pqxx::work& transaction) -> Result<int> {
            transaction.exec0("INSERT INTO notes VALUES ('a secret')");
            return 1;
        }));
    REQUIRE(result.has_error());
    CHECK(result.error().code == ErrorCode::internal);
    CHECK_THAT(result.error().cause, Catch::Matchers::Contains("too long: 23514"));
    CHECK_THAT(result.error().cause, Catch::Matchers::Contains("notes_short"));
    CHECK_THAT(result.error().cause, !Catch::Matchers::Contains("secret"));
}

TEST_CASE("A read goes on over a lost connection", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    REQUIRE(run_coro(executor->submit<int>("count", Access::read, count_rows)).has_value());
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'careplan-relay'");
    CHECK(run_coro(executor->submit<int>("count", Access::read, count_rows)).value() == 0);
}

TEST_CASE("A read goes on over a lost connection of which libpqxx tells by an exception of no type", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    int runs = 0;
    const auto lost_at = [&](int last) -> Job<int> {
        return [&runs, last](pqxx::work& transaction) -> Result<int> {
            if (++runs > last) {
                return count_rows(transaction);
            }
            CHECK_THROWS(transaction.exec("SELECT pg_terminate_backend(pg_backend_pid())"));
            throw std::runtime_error("Could not obtain client encoding.");
        };
    };
    CHECK(run_coro(executor->submit<int>("count", Access::read, lost_at(1))).value() == 0);
    CHECK(runs == 2);
    runs = 0;
    const auto twice = run_coro(executor->submit<int>("count", Access::read, lost_at(2)));
    REQUIRE(twice.has_error());
    CHECK(twice.error().code == ErrorCode::unavailable);
    runs = 0;
    const auto write = run_coro(executor->submit<int>("count", Access::write, lost_at(1)));
    REQUIRE(write.has_error());
    CHECK(write.error().code == ErrorCode::internal);
    CHECK(runs == 1);
}

TEST_CASE("A write whose connection broke before its commit is carried out once", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    int runs = 0;
    const auto result =
        run_coro(executor->submit<int>("add", Access::write, [&](pqxx::work& transaction) -> Result<int> {
            const auto added = add_row(transaction);
            if (++runs == 1) {
                transaction.exec("SELECT pg_terminate_backend(pg_backend_pid())");
            }
            return added;
        }));
    CHECK(result.has_value());
    CHECK(runs == 2);
    CHECK(run_coro(executor->submit<int>("count", Access::read, count_rows)).value() == 1);
}

TEST_CASE("A write whose commit is in doubt is internal and not repeated", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    plant_broken_commit(database);
    const auto result = run_coro(executor->submit<int>("add", Access::write, add_row));
    REQUIRE(result.has_error());
    CHECK(result.error().code == ErrorCode::internal);
    CHECK(run_coro(executor->submit<int>("count", Access::read, count_rows)).value() == 0);
}

TEST_CASE("An idempotent write whose commit is in doubt is repeated", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    plant_broken_commit(database);
    CHECK(run_coro(executor->submit<int>("add", Access::idempotent_write, add_row)).has_value());
    CHECK(run_coro(executor->submit<int>("count", Access::read, count_rows)).value() == 1);
}

TEST_CASE("The database asks after its clients, so that a dead one's locks end within half a minute", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    const auto told = [](pqxx::work& transaction) -> Result<int> {
        return transaction
            .exec1("SELECT count(*) FROM pg_settings WHERE source = 'client' AND name IN ('tcp_keepalives_idle',"
                   " 'tcp_keepalives_interval', 'tcp_keepalives_count', 'tcp_user_timeout',"
                   " 'idle_in_transaction_session_timeout')")[0]
            .as<int>();
    };
    CHECK(run_coro(executor->submit<int>("settings", Access::read, told)).value() == 5);
}

TEST_CASE("What fails after a commit in doubt leaves the doubt, whatever it fails of", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    plant_broken_commit(database);
    int runs = 0;
    const auto add_once = [&](pqxx::work& transaction) -> Result<int> {
        if (++runs > 1) {
            return protocol::errors::unavailable("a lock was not to be had");
        }
        return add_row(transaction);
    };
    CHECK(
        run_coro(executor->submit<int>("add", Access::idempotent_write, add_once)).error().code == ErrorCode::internal
    );
    CHECK(runs == 2);
}

TEST_CASE("A transaction that lost against others is tried again, and in the end unavailable", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    const int failures = GENERATE(3, 4);
    int runs = 0;
    const auto result =
        run_coro(executor->submit<int>("add", Access::write, [&](pqxx::work& transaction) -> Result<int> {
            if (++runs <= failures) {
                transaction.exec("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$");
            }
            return 1;
        }));
    CHECK(result.has_value() == (failures == 3));
    CHECK(runs == 4);
}

TEST_CASE("A full queue refuses at once and a stopped executor leaves nobody waiting", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database, DbExecutor::Limits{1});
    const std::function sleep = [](pqxx::work& transaction) -> Result<int> {
        transaction.exec("SELECT pg_sleep(0.3)");
        return 1;
    };
    boost::asio::io_context context;
    std::vector<ErrorCode> refused;
    int done = 0;
    for (int i = 0; i < 6; ++i) {
        boost::asio::co_spawn(
            context.get_executor(),
            executor->submit<int>("sleep", Access::read, sleep),
            [&](std::exception_ptr, Result<int> result) {
                result ? void(++done) : refused.push_back(result.error().code);
            }
        );
    }
    context.run_for(std::chrono::seconds(10));
    CHECK(done >= 1);
    CHECK(done + static_cast<int>(refused.size()) == 6);
    CHECK(refused.size() >= 4);
    CHECK(std::all_of(refused.begin(), refused.end(), [](ErrorCode code) { return code == ErrorCode::unavailable; }));
    executor->stop();
    CHECK(run_coro(executor->submit<int>("sleep", Access::read, sleep)).error().code == ErrorCode::unavailable);
}

TEST_CASE("The registry is read while every worker is busy and the queue is full", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database, DbExecutor::Limits{1});
    const std::function sleep = [](pqxx::work& transaction) -> Result<int> {
        transaction.exec("SELECT pg_sleep(1)");
        return 1;
    };
    boost::asio::io_context context;
    std::vector<std::string> ended;
    const auto begin = [&](const std::string& name, Awaitable<Result<int>> job) {
        boost::asio::co_spawn(
            context.get_executor(),
            std::move(job),
            [&, name](std::exception_ptr, const Result<int>& result) {
                ended.push_back(name + (result ? "" : " refused"));
            }
        );
    };
    begin("at work", executor->submit<int>("sleep", Access::read, sleep));
    context.run_for(std::chrono::milliseconds(200));
    begin("waits", executor->submit<int>("sleep", Access::read, sleep));
    begin("third", executor->submit<int>("sleep", Access::read, sleep));
    begin("registry", executor->submit_registry<int>("count", count_rows));
    context.run_for(std::chrono::seconds(10));
    CHECK(ended == std::vector<std::string>{"third refused", "registry", "at work", "waits"});
}

TEST_CASE("The auditors' connection reads the views and nothing else", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    const auto read = [&](const std::string& table) {
        return run_coro(executor->submit_audit<int>("audit", [table](pqxx::work& transaction) -> Result<int> {
            return transaction.exec1("SELECT count(*) FROM " + table)[0].as<int>();
        }));
    };
    CHECK(read("audit_events").value() == 0);
    CHECK(read("audit_bundles").value() == 0);
    for (const char* table : {"bundles", "payload_chunks", "bundle_manifests", "passwords", "sessions", "events"}) {
        CAPTURE(table);
        CHECK(read(table).error().code == ErrorCode::internal);
    }
}

TEST_CASE("Prepared statements are known to every connection, later ones too", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    static constexpr Query first[] = {{"test_first", "SELECT 1 + $1::int"}};
    static constexpr Query second[] = {{"test_second", "SELECT 2 + $1::int"}};
    const auto ask = [&](const char* name) {
        return run_coro(executor->submit<int>(name, Access::read, [name](pqxx::work& transaction) -> Result<int> {
            return transaction.exec_prepared1(name, 40)[0].as<int>();
        }));
    };
    executor->add_queries(first);
    CHECK(ask("test_first").value() == 41);
    executor->add_queries(second);
    CHECK(ask("test_second").value() == 42);
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'careplan-relay'");
    CHECK(ask("test_first").value() == 41);
}

TEST_CASE("While the database is down calls end quickly, and they work again after it came back", "[storage]") {
    const TestDatabase database;
    const auto executor = start(database);
    auto& cluster = test::PostgresCluster::instance();
    REQUIRE(run_coro(executor->submit<int>("count", Access::read, count_rows)).has_value());
    cluster.crash();
    CHECK(run_coro(executor->submit<int>("count", Access::read, count_rows)).error().code == ErrorCode::unavailable);
    CHECK(run_coro(executor->submit<int>("count", Access::read, count_rows)).error().code == ErrorCode::unavailable);
    cluster.start();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    auto answer = run_coro(executor->submit<int>("count", Access::read, count_rows));
    while (answer.has_error() && std::chrono::steady_clock::now() < deadline) {
        answer = run_coro(executor->submit<int>("count", Access::read, count_rows));
    }
    CHECK(answer.has_value());
}
