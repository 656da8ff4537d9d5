#include "tests/support/postgres_cluster.hpp"

#include "storage/postgres/schema.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <grp.h>
#include <pwd.h>
#include <stdexcept>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace relay::test {

namespace {

constexpr const char* binaries = "/usr/lib/postgresql/15/bin/";
constexpr const char* template_name = "relay_template";

constexpr std::string_view settings = R"(
listen_addresses = ''
max_connections = 100
fsync = off
full_page_writes = off
shared_buffers = 32MB
jit = off
timezone = 'UTC'
autovacuum = off
log_min_messages = warning
)";

const passwd& account() {
    static const passwd* const entry = [] {
        const passwd* found = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid());
        return found != nullptr ? found : getpwnam("nobody");
    }();
    if (entry == nullptr) {
        throw std::runtime_error("no unprivileged user to run PostgreSQL as");
    }
    return *entry;
}

/// In the child: becomes the account, and dies with the test process.
void become_account(const passwd& who, const char* directory) {
    if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(who.pw_gid) != 0 || setuid(who.pw_uid) != 0)) {
        _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT); // after setuid, which clears it
    if (chdir(directory) != 0) {
        _exit(126);
    }
}

pid_t spawn(const std::vector<std::string>& command, const std::filesystem::path& directory) {
    const passwd& who = account();
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    const std::string log = (directory / "log").string();
    const pid_t child = fork();
    if (child == 0) {
        become_account(who, directory.c_str());
        if (std::freopen(log.c_str(), "a", stdout) == nullptr || dup2(STDOUT_FILENO, STDERR_FILENO) < 0) {
            _exit(126);
        }
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    if (child < 0) {
        throw std::runtime_error("fork failed");
    }
    return child;
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

std::string read_log(const std::filesystem::path& directory) {
    std::ifstream log(directory / "log");
    return {std::istreambuf_iterator<char>(log), {}};
}

} // namespace

PostgresCluster& PostgresCluster::instance() {
    static PostgresCluster cluster;
    return cluster;
}

PostgresCluster::PostgresCluster() {
    std::string pattern = "/tmp/relay-pg-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("no temporary folder for PostgreSQL");
    }
    directory_ = pattern;
    if (geteuid() == 0 && chown(directory_.c_str(), account().pw_uid, account().pw_gid) != 0) {
        throw std::runtime_error("cannot give the temporary folder to " + std::string(account().pw_name));
    }
    initialise();
}

PostgresCluster::~PostgresCluster() {
    if (server_ > 0) {
        kill(server_, SIGQUIT);
        wait_for(server_);
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void PostgresCluster::initialise() {
    const std::string data = (directory_ / "data").string();
    const std::vector<std::string> initdb = {
        std::string(binaries) + "initdb",
        "-D",
        data,
        "-U",
        "relay_owner",
        "--auth=trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-instructions",
    };
    if (wait_for(spawn(initdb, directory_)) != 0) {
        throw std::runtime_error("initdb failed: " + read_log(directory_));
    }
    std::ofstream(directory_ / "data" / "postgresql.conf", std::ios::app)
        << settings << "unix_socket_directories = '" << directory_.string() << "'\n";
    start();
    run_sql("postgres", std::string("CREATE DATABASE ") + template_name);
    auto schema = storage::postgres::Schema::connect(url(template_name, "relay_owner"));
    const auto migrations = storage::postgres::read_migrations(RELAY_MIGRATIONS);
    if (schema.has_error() || migrations.has_error()) {
        throw std::runtime_error((schema.has_error() ? schema.error() : migrations.error()).cause);
    }
    const auto applied = schema->migrate(*migrations, std::nullopt, false);
    if (applied.has_error()) {
        throw std::runtime_error(applied.error().cause);
    }
}

void PostgresCluster::start() {
    server_ = spawn({std::string(binaries) + "postgres", "-D", (directory_ / "data").string()}, directory_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline && waitpid(server_, nullptr, WNOHANG) == 0) {
        try {
            const pqxx::connection answered(url("postgres", "relay_owner"));
            return;
        } catch (const pqxx::failure&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    throw std::runtime_error("PostgreSQL did not start: " + read_log(directory_));
}

void PostgresCluster::crash() {
    kill(server_, SIGQUIT);
    wait_for(server_);
    server_ = -1;
}

std::string PostgresCluster::url(const std::string& database, const std::string& role) const {
    return "host=" + directory_.string() + " dbname=" + database + " user=" + role;
}

void PostgresCluster::run_sql(const std::string& database, const std::string& sql) const {
    pqxx::connection connection(url(database, "relay_owner"));
    pqxx::nontransaction(connection).exec(sql);
}

std::string PostgresCluster::create_database() {
    const std::string name = "relay_test_" + std::to_string(++databases_);
    run_sql("postgres", "CREATE DATABASE " + name + " TEMPLATE " + template_name);
    return name;
}

void PostgresCluster::drop_database(const std::string& name) {
    try {
        run_sql("postgres", "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    } catch (const pqxx::failure&) { // the server is down in tests of faults; the folder goes as a whole
    }
}

storage::postgres::PgOptions TestDatabase::options(int connections) const {
    storage::postgres::PgOptions options;
    options.url = url();
    options.connections = connections;
    return options;
}

pqxx::result TestDatabase::sql(const std::string& statement) const {
    pqxx::connection connection(owner_url());
    return pqxx::nontransaction(connection).exec(statement);
}

} // namespace relay::test
