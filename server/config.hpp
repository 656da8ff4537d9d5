// The configuration: one struct, read from TOML and RELAY_SECTION_KEY variables (commands.md). Values are checked when
// read.
#pragma once

#include "protocol/standard/sending_unit.hpp"
#include "protocol/time.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace relay::server {

using protocol::Duration;

struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
};

struct Config {
    std::filesystem::path file; ///< where it was read from

    struct {
        Endpoint listen{"0.0.0.0", 8443};
        Endpoint admin_listen{"127.0.0.1", 9090}; ///< empty host: off
        Endpoint enrol_listen;                    ///< empty host: off
        Duration drain = std::chrono::seconds(30);
        std::string log_level = "info";
        int threads = 0; ///< 0: number of cores
    } server;
    struct {
        std::filesystem::path certificate, key, client_ca, client_crl, ticket_keys_file;
        std::string min_version = "1.3";
        std::string resumption = "stateful"; ///< stateful, tickets, off
    } tls;
    struct {
        std::filesystem::path directory;
    } ca;
    struct {
        std::string url, owner_url, audit_url;
        int connections = 8;
    } database;
    struct {
        std::string url, access_key, secret_key;
        std::filesystem::path ca; ///< empty: the system's
        Duration timeout = std::chrono::seconds(20);
        int connections = 256;
    } objects;
    struct {
        std::int64_t inline_payload = 262144;
        std::int64_t chunk_size = 16LL << 20;
        std::int64_t payload_size = 1LL << 30;
        int connections = 200000;
        std::int64_t memory = 512LL << 20;
        int requests_per_second = 50;
        int burst = 200;
        std::int64_t outstanding_upload_bytes = 4LL << 30;
    } limits;
    struct {
        Duration partial_lapse = std::chrono::minutes(15);
        Duration sent_lapse = std::chrono::hours(24);
    } claims;
    struct {
        Duration expire_after = std::chrono::hours(24 * 93);
        Duration unfinished_upload = std::chrono::hours(24);
    } bundles;
    struct {
        Duration lifetime = std::chrono::hours(8);
        int lock_after = 3;
        Duration lock_for = std::chrono::minutes(30);
    } sessions;
    struct {
        Duration lifetime = std::chrono::hours(24 * 180);
        std::int64_t memory = 19LL << 20;
        int passes = 2;
        int threads = 1;
    } passwords;
    struct {
        bool register_unknown = false;
    } certificates;
    struct {
        std::filesystem::path key_file;
        std::string origin;
    } log;
    protocol::standard::UnitSettings standard;
    std::map<std::string, std::string> minimum_clients; ///< clients.minimum.<name>
};

struct ConfigProblem {
    std::string key;
    std::string what;
};

/// Reads FILE and the environment; every bad or unknown key is in `problems`, and then the Config must not be used.
struct ConfigReading {
    Config config;
    std::vector<ConfigProblem> problems;
};
[[nodiscard]] ConfigReading read_config(const std::filesystem::path& file);

/// The same with the variables given, instead of those of the process.
using Environment = std::map<std::string, std::string>;
[[nodiscard]] ConfigReading read_config(const std::filesystem::path& file, const Environment& environment);

/// What `serve` cannot do without and relayctl can: certificate, key, client CA, database, objects.
[[nodiscard]] std::vector<ConfigProblem> check_serving(const Config& config);

/// One row per key, in the order of the documentation; `clients.minimum.<name>` stands for all of its kind.
struct KeyDescription {
    std::string name;
    std::string variable;      ///< RELAY_SECTION_KEY
    std::string default_value; ///< as it would be written in the file; empty: none
    std::string meaning;
};
[[nodiscard]] std::vector<KeyDescription> describe_keys();

} // namespace relay::server
