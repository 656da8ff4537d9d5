// relayctl: operations on the relay's data, without a running server.
#include "server/ctl/commands.hpp"

#include <csignal>
#include <exception>
#include <iostream>
#include <string>

namespace {

constexpr int refused = 1;
constexpr int wrong_usage = 2;

int run(int argc, char** argv) {
    using namespace relay::server::ctl;
    CLI::App app("Operations of the care-plan relay: offices, users, certificates, licences, migrations.", "relayctl");
    std::string config_file;
    Commands commands;
    app.add_option("--config", config_file, "The server's configuration file")->required();
    app.require_subcommand(1);
    app.fallthrough();
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "relayctl: " + std::string(error.what()) + " (see --help)\n";
    });
    add_migrate(app, commands);
    add_office(app, commands);
    add_user(app, commands);
    add_ca(app, commands);
    add_certificate(app, commands);
    add_licence(app, commands);
    add_bundle(app, commands);
    add_objects(app, commands);
    add_stats(app, commands);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : wrong_usage;
    }
    auto relay = Relay::open(config_file);
    const auto done = relay ? commands.run(**relay) : Result<void>(relay.error());
    if (!done) {
        std::cerr << "relayctl: " << explain(done.error()) << '\n';
        return refused;
    }
    std::cout.flush();
    return std::cout ? 0 : refused;
}

} // namespace

int main(int argc, char** argv) {
    // A database connection that breaks is an error to be told, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run(argc, argv);
    } catch (const std::exception& failure) {
        std::cerr << "relayctl: " << failure.what() << '\n';
        return refused;
    }
}
