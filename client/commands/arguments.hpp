// What several commands make of their options and the settings before they begin.
#pragma once

#include "client/commands/commands.hpp"
#include "client/crypto/certificates.hpp"

#include <vector>

namespace relay::client {

/// Who one is oneself, and whom to trust.
struct Credentials {
    Identity identity;
    TrustAnchors anchors;
};
/// Failure also when the settings are not complete.
[[nodiscard]] Outcome<Credentials> load_credentials(const Settings& settings);

/// The office's certificates of before, whose keys still open what was encrypted for them.
[[nodiscard]] Outcome<std::vector<Identity>> load_old_identities(const Settings& settings);

/// The office number of --to.
[[nodiscard]] Outcome<protocol::OfficeNumber> parse_recipient(const SendOptions& options);

} // namespace relay::client
