// For whom to encrypt: the recipient's certificates from the relay's directory, checked by oneself.
#pragma once

#include "client/crypto/certificates.hpp"
#include "client/failure.hpp"
#include "client/session.hpp"
#include "protocol/ids.hpp"

#include <string>
#include <vector>

namespace relay::client {

struct Recipient {
    protocol::OfficeNumber number;
    std::string name;
    std::vector<Certificate> certificates; ///< 1 to 20, each chained to the trusted CA and of that office
    std::vector<std::string> warnings;     ///< of certificates that were left out
};

/// Failure when the office is unknown or has no certificate that can be trusted.
[[nodiscard]] Outcome<Recipient>
look_up(Session& session, const TrustAnchors& anchors, const protocol::OfficeNumber& number);

} // namespace relay::client
