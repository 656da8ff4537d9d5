// relayctl ca: our own certification authority.
#include "server/ctl/certificate.hpp"
#include "server/ctl/commands.hpp"

namespace relay::server::ctl {

namespace {

Result<void> init(const Relay& relay) {
    const auto& directory = relay.config().ca.directory;
    if (directory.empty()) {
        return protocol::errors::internal("ca.directory is not set");
    }
    const auto authority = auth::Authority::create(directory, now());
    if (!authority) {
        return authority.error();
    }
    say("made a CA in " + directory.string());
    return {};
}

} // namespace

void add_ca(CLI::App& app, Commands& commands) {
    auto* group = add_group(app, "ca", "Our own CA, for the embedded stack, tests and small installations");
    auto* command = group->add_subcommand("init", "Make key, certificate and an empty CRL in ca.directory");
    command->callback([&commands] { commands.choose([](Relay& relay) { return init(relay); }); });
    command = group->add_subcommand("crl", "Write the CRL anew, good for another 7 days");
    command->callback([&commands] { commands.choose([](Relay& relay) { return write_crl(relay); }); });
}

} // namespace relay::server::ctl
