#include "server/config.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace relay::server;
using relay::test::TemporaryFolder;

namespace {

ConfigReading read(const TemporaryFolder& folder, std::string_view text, const Environment& environment = {}) {
    return read_config(folder.write("relay.toml", text), environment);
}

std::set<std::string> names(const std::vector<ConfigProblem>& problems) {
    std::set<std::string> all;
    for (const ConfigProblem& problem : problems) {
        all.insert(problem.key);
    }
    return all;
}

} // namespace

TEST_CASE("an empty file gives the defaults of the documentation", "[server]") {
    const TemporaryFolder folder;
    const auto reading = read(folder, "");
    REQUIRE(reading.problems.empty());
    const Config& config = reading.config;
    CHECK(config.server.listen.host == "0.0.0.0");
    CHECK(config.server.listen.port == 8443);
    CHECK(config.server.admin_listen.port == 9090);
    CHECK(config.tls.resumption == "stateful");
    CHECK(config.limits.inline_payload == 262144);
    CHECK(config.bundles.expire_after == std::chrono::hours(24 * 93));
    CHECK(config.passwords.memory == 19LL * 1024 * 1024);
}

TEST_CASE("durations, sizes, endpoints and flags are read in their written forms", "[server]") {
    const TemporaryFolder folder;
    const auto reading = read(folder, R"(
server.listen = "[::1]:0"
server.admin_listen = ""
server.drain = "500ms"
tls.min_version = 1.2
limits.memory = "64MiB"
limits.chunk_size = 65536
limits.requests_per_second = "0"
claims.partial_lapse = "15m"
[bundles]
expire_after = "3d"
[standard]
accept_v3 = "false"
v3_until = "2027-01-31"
partial_units = "P3, P1"
require_parts = true
[clients.minimum]
relay-client = "1.2"
)");
    REQUIRE(reading.problems.empty());
    const Config& config = reading.config;
    CHECK(config.server.listen.host == "::1");
    CHECK(config.server.listen.port == 0);
    CHECK(config.server.admin_listen.host.empty());
    CHECK(config.server.drain == std::chrono::milliseconds(500));
    CHECK(config.tls.min_version == "1.2");
    CHECK(config.limits.memory == 64LL << 20);
    CHECK(config.limits.chunk_size == 65536);
    CHECK(config.limits.requests_per_second == 0);
    CHECK(config.claims.partial_lapse == std::chrono::minutes(15));
    CHECK(config.bundles.expire_after == std::chrono::hours(72));
    CHECK_FALSE(config.standard.options.accept_v3);
    CHECK(config.standard.v3_until == relay::protocol::parse_day("2027-01-31"));
    CHECK(config.standard.options.partial_units == relay::protocol::standard::parse_partial_units("P1,P3"));
    CHECK(config.standard.options.require_parts);
    CHECK_FALSE(config.standard.options.lenient_names);
    CHECK(config.minimum_clients.at("relay-client") == "1.2");
}

TEST_CASE("every unknown key and every bad value is named, all at once", "[server]") {
    const TemporaryFolder folder;
    const auto reading = read(folder, R"(
colour = "red"
server.listen = "nowhere"
server.drain = "soon"
server.log_level = "loud"
server.threads = -1
tls.certificate = 5
limits.memory = "12 MB"
limits.chunk_size = "1GiB"
limits.connections = [1]
limits.memroy = 5
standard.accept_v3 = "yes"
standard.v3_until = "2027-02-30"
standard.partial_units = "P4"
sessions.lifetime = 480
clients.minimum.x = "new"
)");
    CHECK(
        names(reading.problems) ==
        std::set<std::string>{
            "colour",
            "server.listen",
            "server.drain",
            "server.log_level",
            "server.threads",
            "tls.certificate",
            "limits.memory",
            "limits.chunk_size",
            "limits.connections",
            "limits.memroy",
            "standard.accept_v3",
            "standard.v3_until",
            "standard.partial_units",
            "sessions.lifetime",
            "clients.minimum.x"}
    );
    CHECK(reading.problems.size() == 15);
}

TEST_CASE("text that is no TOML is told with its line", "[server]") {
    const TemporaryFolder folder;
    const auto reading = read(folder, "a = 1\nb = = 2\n");
    REQUIRE(reading.problems.size() == 1);
    CHECK(reading.problems.front().what.find("line 2") != std::string::npos);
    CHECK(read_config(folder.path() / "missing.toml", {}).problems.size() == 1);
}

TEST_CASE("an environment variable overrides the file, and an unknown one of a section is named", "[server]") {
    const TemporaryFolder folder;
    const auto reading = read(
        folder,
        "limits.burst = 7\nclients.minimum.relay-client = \"1\"\n",
        {{"RELAY_LIMITS_BURST", "9"},
         {"RELAY_SERVER_ADMIN_LISTEN", ""},
         {"RELAY_CLIENTS_MINIMUM_RELAY_CLIENT", "2.0"},
         {"RELAY_LIMITS_BRUST", "1"},
         {"RELAY_BIN", "/x"},
         {"RELAY_REQUIRE_DB", "1"},
         {"RELAY_TEST_DATABASE_URL", "x"}}
    );
    CHECK(names(reading.problems) == std::set<std::string>{"RELAY_LIMITS_BRUST"});
    CHECK(reading.config.limits.burst == 9);
    CHECK(reading.config.server.admin_listen.host.empty());
    CHECK(reading.config.minimum_clients == std::map<std::string, std::string>{{"relay-client", "2.0"}});
}

TEST_CASE("every key can be set by its variable", "[server]") {
    const TemporaryFolder folder;
    for (const KeyDescription& key : describe_keys()) {
        if (key.default_value.empty()) {
            continue;
        }
        INFO(key.name);
        CHECK(read(folder, "", {{key.variable, key.default_value}}).problems.empty());
        CHECK_FALSE(key.meaning.empty());
        CHECK(read(folder, "", {{key.variable, std::string(1, '\1')}}).problems.size() == 1);
    }
}

TEST_CASE("a secret may come from a file, but not from two places", "[server]") {
    const TemporaryFolder folder;
    folder.write("secret", "s3cret\n");
    const auto reading = read(folder, "objects.secret_key_file = \"secret\"\ndatabase.url_file = \"secret\"\n");
    REQUIRE(reading.problems.empty());
    CHECK(reading.config.objects.secret_key == "s3cret");
    CHECK(reading.config.database.url == "s3cret");
    CHECK(
        names(read(folder, "objects.secret_key = \"a\"\nobjects.secret_key_file = \"secret\"\n").problems) ==
        std::set<std::string>{"objects.secret_key_file"}
    );
    CHECK(
        names(read(folder, "objects.secret_key_file = \"gone\"\n").problems) ==
        std::set<std::string>{"objects.secret_key_file"}
    );
    CHECK(
        names(read(folder, "objects.secret_key_file = \".\"\n").problems) ==
        std::set<std::string>{"objects.secret_key_file"}
    );
    const auto overridden =
        read(folder, "objects.secret_key_file = \"secret\"\n", {{"RELAY_OBJECTS_SECRET_KEY", "other"}});
    CHECK(overridden.problems.empty());
    CHECK(overridden.config.objects.secret_key == "other");
}

TEST_CASE("relative paths begin at the configuration file's folder", "[server]") {
    const TemporaryFolder folder;
    const auto reading = read(folder, "tls.certificate = \"pki/../server.pem\"\ntls.key = \"/etc/relay/server.key\"\n");
    CHECK(reading.config.tls.certificate == folder.path() / "server.pem");
    CHECK(reading.config.tls.key == "/etc/relay/server.key");
}

TEST_CASE("what serving cannot do without is named", "[server]") {
    CHECK(
        names(check_serving(Config())) ==
        std::set<std::string>{"tls.certificate", "tls.key", "tls.client_ca", "database.url", "objects.url"}
    );
}
