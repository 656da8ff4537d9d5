// A certificate's facts, decoded once: who it names, until when, and how messages name it as a recipient.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relay::auth {

using protocol::Bytes;
using protocol::BytesView;
using protocol::Digest;
using protocol::Result;
using protocol::Time;

struct Certificate {
    Bytes der;
    Digest sha256;                          ///< over the DER; the certificate's name everywhere
    std::optional<std::string> common_name; ///< only when the subject has exactly one CN
    Time not_before;
    Time not_after;
    Bytes issuer_der;     ///< the issuer Name as encoded
    Bytes serial;         ///< content octets of the serial INTEGER
    Bytes key_identifier; ///< subject key identifier; empty when there is none
    bool strong = false; ///< version 3, RSA ≥ 2048 or P-256 or P-384, signed with SHA-256 or better, clientAuth where
                         ///< an EKU is given (protocol.md §3)

    [[nodiscard]] bool valid_at(Time now) const noexcept { return not_before <= now && now <= not_after; }
};

/// Error: malformed_request with the reason in `cause`.
[[nodiscard]] Result<Certificate> read_certificate(BytesView der);
/// The first certificate of a PEM text.
[[nodiscard]] Result<Certificate> read_certificate_pem(std::string_view pem);
[[nodiscard]] std::string to_pem(BytesView der); ///< empty when OpenSSL cannot

} // namespace relay::auth
