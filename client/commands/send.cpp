#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/directory.hpp"
#include "client/packing.hpp"
#include "client/sending.hpp"
#include "client/standard/checking.hpp"

#include <iostream>

namespace relay::client {

Outcome<void> run_send(const Settings& settings, const SendOptions& options) {
    const auto number = protocol::OfficeNumber::parse(options.to);
    if (!number) {
        return usage_failure("--to: " + options.to + " is no office number");
    }
    if (auto complete = check_complete(settings); !complete) {
        return complete;
    }
    const auto identity = Identity::load(settings.cert, settings.key);
    if (!identity) {
        return identity.error();
    }
    const auto anchors = TrustAnchors::load(settings.trusted_ca());
    if (!anchors) {
        return anchors.error();
    }
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    const std::vector<fs::path> files(options.files.begin(), options.files.end());
    if (auto checked = check_before_sending(files, session->office(), *number, settings.standard, options.depth());
        !checked) {
        return checked;
    }
    const auto recipient = look_up(*session, *anchors, *number);
    if (!recipient) {
        return recipient.error();
    }
    for (const auto& warning : recipient->warnings) {
        std::cerr << "relay-client: " << for_terminal(warning) << '\n';
    }
    const auto message = cover_letter_for(*number, options.cover);
    if (!message) {
        return message.error();
    }
    const auto folder = TemporaryFolder::make();
    if (!folder) {
        return folder.error();
    }
    const auto bundle =
        pack(files, *message, session->office(), *recipient, *identity, session->limits(), folder->path());
    if (!bundle) {
        return bundle.error();
    }
    const auto accepted = send_bundle(*session, *bundle);
    if (!accepted) {
        return accepted.error();
    }
    if (settings.json) {
        std::cout << pretty(*accepted) << '\n';
    } else {
        std::cout << "sent " << bundle->manifest.bundle_id.str() << " to " << number->str() << ' '
                  << for_terminal(recipient->name) << " (" << files.size() << " files)\n";
    }
    return {};
}

} // namespace relay::client
