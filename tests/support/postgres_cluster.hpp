// A private PostgreSQL cluster for the tests of one executable: made on first use in a temporary folder, on a unix
// socket, as an unprivileged user, torn down at exit (and when the test process dies).
#pragma once

#include "storage/postgres/pg_options.hpp"

#include <pqxx/pqxx>

#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>

namespace relay::test {

class PostgresCluster final {
public:
    /// Throws std::runtime_error with the reason when PostgreSQL 15 cannot be started.
    [[nodiscard]] static PostgresCluster& instance();
    ~PostgresCluster();
    PostgresCluster(const PostgresCluster&) = delete;
    PostgresCluster& operator=(const PostgresCluster&) = delete;

    [[nodiscard]] std::string url(const std::string& database, const std::string& role) const;
    /// A new database with all migrations applied (copied from a template); its name.
    [[nodiscard]] std::string create_database();
    void drop_database(const std::string& name);
    /// Every process of the server ends at once, connections included; start() recovers.
    void crash();
    void start();

private:
    PostgresCluster();
    void initialise();
    void run_sql(const std::string& database, const std::string& sql) const;

    std::filesystem::path directory_;
    pid_t server_ = -1;
    int databases_ = 0;
};

/// A migrated database of its own, dropped at the end of the scope.
class TestDatabase final {
public:
    TestDatabase() : name_(PostgresCluster::instance().create_database()) {}
    ~TestDatabase() { PostgresCluster::instance().drop_database(name_); }
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;

    /// As the server connects.
    [[nodiscard]] std::string url() const { return PostgresCluster::instance().url(name_, "relay_app"); }
    /// As relayctl migrate connects.
    [[nodiscard]] std::string owner_url() const { return PostgresCluster::instance().url(name_, "relay_owner"); }
    [[nodiscard]] storage::postgres::PgOptions options(int connections = 2) const;
    /// One statement as the owner; its rows.
    pqxx::result sql(const std::string& statement) const;

private:
    std::string name_;
};

} // namespace relay::test
