// careplan-relay: serve, check-config, health, version.
#include "protocol/error.hpp"
#include "protocol/whole_file.hpp"
#include "server/app.hpp"
#include "server/config.hpp"
#include "server/config_checks.hpp"
#include "server/ops/health_client.hpp"
#include "server/ops/log.hpp"
#include "server/ops/privileges.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <iostream>
#include <string>

namespace relay::server {

namespace {

int complain(const std::string& why) {
    std::cerr << "careplan-relay: " << why << '\n';
    return 1;
}

/// True: there are none.
bool tell_problems(const std::vector<ConfigProblem>& problems) {
    for (const auto& problem : problems) {
        std::cerr << problem.key << ": " << problem.what << '\n';
    }
    return problems.empty();
}

int serve(const std::string& file) {
    auto privileges = ops::Privileges::lower(file);
    if (!privileges) {
        return complain(privileges.error().cause);
    }
    // The file that the command line names is the caller's affair; the files that it names in turn are the owner's, who
    // may have written it.
    const auto text = privileges->as_caller([&] { return protocol::read_whole_file(file); });
    if (!text) {
        return complain("cannot read " + file);
    }
    auto reading = read_config_text(file, *text);
    if (!tell_problems(reading.problems)) {
        return 1;
    }
    const bool serving = tell_problems(check_serving(reading.config));
    if (!tell_problems(check_values(reading.config)) || !serving) {
        return 1;
    }
    const auto dropped = privileges->drop();
    if (!dropped) {
        return complain(dropped.error().cause);
    }
    ops::start_log(reading.config.server.log_level);
    protocol::Result<void> ended;
    {
        App app(std::move(reading.config));
        ended = app.run();
    }
    if (!ended) {
        ops::log(ops::Level::error, "not_started", {{"cause", ended.error().cause}});
    }
    ops::stop_log();
    return ended ? 0 : complain(ended.error().cause);
}

int check_config(const std::string& file, bool keys) {
    if (keys) {
        for (const auto& key : describe_keys()) {
            std::cout << key.name << " = " << key.default_value << '\n';
        }
        return 0;
    }
    const auto reading = read_config(file);
    return tell_problems(reading.problems) && tell_problems(check_values(reading.config)) ? 0 : 1;
}

int health(const std::string& file) {
    const auto reading = read_config(file);
    if (!tell_problems(reading.problems)) {
        return 1;
    }
    const auto answered = ops::ask_health(reading.config.server.admin_listen);
    return answered ? 0 : complain(answered.error().cause);
}

int run(int argc, char** argv) {
    CLI::App cli{
        "The exchange platform for care plans: an HTTPS server for care offices and auditors.", "careplan-relay"};
    cli.require_subcommand(1);
    std::string file;
    bool keys = false;
    auto* serve_command = cli.add_subcommand(
        "serve", "Serve until SIGTERM, which drains; SIGHUP reloads certificates, CRL and log level"
    );
    serve_command->add_option("--config", file, "TOML file")->required();
    auto* check_command = cli.add_subcommand("check-config", "Name every bad key, one a line");
    auto* check_file = check_command->add_option("--config", file, "TOML file");
    check_command->add_flag("--keys", keys, "List all keys with their defaults instead")->excludes(check_file);
    auto* health_command = cli.add_subcommand("health", "Ask the server's own admin listener; for containers");
    health_command->add_option("--config", file, "TOML file")->required();
    auto* version_command = cli.add_subcommand("version", "Print the version");
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = cli.exit(error);
        return code == 0 ? 0 : 2;
    }
    if (*serve_command) {
        return serve(file);
    }
    if (*check_command) {
        if (!keys && file.empty()) {
            std::cerr << "careplan-relay: check-config needs --config FILE or --keys\n";
            return 2;
        }
        return check_config(file, keys);
    }
    if (*health_command) {
        return health(file);
    }
    if (*version_command) {
        std::cout << "careplan-relay " << RELAY_VERSION << '\n';
    }
    return 0;
}

} // namespace

} // namespace relay::server

int main(int argc, char** argv) {
    // OpenSSL writes to sockets with plain write(): a client that resets must not end the process.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return relay::server::run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "careplan-relay: " << error.what() << '\n';
        return 1;
    }
}
