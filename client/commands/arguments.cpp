#include "client/commands/arguments.hpp"

#include "client/words.hpp"

namespace relay::client {

Outcome<Credentials> load_credentials(const Settings& settings) {
    if (auto complete = check_complete(settings); !complete) {
        return complete.error();
    }
    auto identity = Identity::load(settings.cert, settings.key);
    if (!identity) {
        return identity.error();
    }
    auto anchors = TrustAnchors::load(settings.trusted_ca());
    if (!anchors) {
        return anchors.error();
    }
    return Credentials{*std::move(identity), *std::move(anchors)};
}

Outcome<std::vector<Identity>> load_old_identities(const Settings& settings) {
    if (settings.old_certs.size() != settings.old_keys.size()) {
        return usage_failure(words(
            "--old-cert and --old-key go in pairs, in the same order",
            "--old-cert と --old-key は同じ順に同じ数だけ指定してください"
        ));
    }
    std::vector<Identity> old;
    for (std::size_t i = 0; i < settings.old_certs.size(); ++i) {
        auto identity = Identity::load(settings.old_certs[i], settings.old_keys[i]);
        if (!identity) {
            return identity.error();
        }
        old.push_back(*std::move(identity));
    }
    return old;
}

Outcome<protocol::OfficeNumber> parse_recipient(const SendOptions& options) {
    const auto number = protocol::OfficeNumber::parse(options.to);
    if (!number) {
        return usage_failure(
            words("--to: {0} is no office number", "--to: {0} は事業所番号（10桁）ではありません", {options.to})
        );
    }
    return *number;
}

} // namespace relay::client
