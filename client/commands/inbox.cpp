#include "client/commands/arguments.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/crypto/certificates.hpp"
#include "client/crypto/envelope.hpp"
#include "client/words.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace relay::client {
namespace {

/// Waits until the inbox is not empty, in polls of at most a minute.
Outcome<void> wait_for_any(Session& session, int seconds) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::seconds(seconds);
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::seconds>(end - Clock::now()).count();
        if (left <= 0) {
            return {};
        }
        Request request;
        request.wait_seconds = static_cast<int>(std::min<std::int64_t>(left, 60));
        request.path = "/v1/inbox?limit=1&wait=" + std::to_string(request.wait_seconds);
        const auto response = session.send(request);
        if (!response) {
            return response.error();
        }
        if (!member_of(Json::parse(response->body, nullptr, false), "bundles").empty()) {
            return {};
        }
    }
}

std::string message_of(const Json& bundle, const Keys& keys) {
    const auto cover = protocol::from_base64(text_at(bundle, "cover"));
    if (!cover || cover->empty()) {
        return {};
    }
    const auto plain = decrypt_bytes(*cover, keys);
    return plain ? std::string(protocol::as_text(*plain))
                 : words("(the message cannot be read: {0})", "（送付状を読めません: {0}）", {plain.error().text});
}

} // namespace

Outcome<void> run_inbox(const Settings& settings, const InboxOptions& options) {
    if (auto complete = check_complete(settings); !complete) {
        return complete;
    }
    const auto identity = Identity::load(settings.cert, settings.key);
    if (!identity) {
        return identity.error();
    }
    const auto old = load_old_identities(settings);
    if (!old) {
        return old.error();
    }
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    if (options.wait_seconds > 0 && options.state == "waiting") {
        if (auto waited = wait_for_any(*session, options.wait_seconds); !waited) {
            return waited;
        }
    }
    auto inbox = read_all_pages(*session, "/v1/inbox", "state=" + options.state);
    if (!inbox) {
        return inbox.error();
    }
    for (auto& bundle : (*inbox)["bundles"]) {
        const auto message = message_of(bundle, Keys(*identity, *old));
        add_kind(bundle);
        if (!settings.json) {
            std::cout << describe_bundle(bundle, "sender") << '\n';
            print_indented(message);
        } else if (!message.empty()) {
            bundle["message"] = message;
        }
    }
    if (settings.json) {
        std::cout << pretty(*inbox) << '\n';
    } else if (member_of(*inbox, "bundles").empty()) {
        std::cout << words("nothing there", "該当するデータはありません") << '\n';
    }
    return {};
}

} // namespace relay::client
