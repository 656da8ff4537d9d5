// What the commands about certificates share.
#pragma once

#include "server/ctl/relay.hpp"

#include <string>

namespace relay::server::ctl {

struct CertificateOptions {
    std::string user_id, key_type = "p256", csr, file, out, sha256, reason = "unspecified", expiring;
    int days = 365;
    bool json = false;
};

// The commands of the same names:
[[nodiscard]] Result<void> issue_certificate(Relay& relay, const CertificateOptions& options);
[[nodiscard]] Result<void> sign_certificate(Relay& relay, const CertificateOptions& options);
[[nodiscard]] Result<void> import_certificate(Relay& relay, const CertificateOptions& options);
[[nodiscard]] Result<void> list_certificates(Relay& relay, const CertificateOptions& options);
[[nodiscard]] Result<void> revoke_certificate(Relay& relay, const CertificateOptions& options);
/// The CRL of our own CA anew: every revoked certificate that it issued and that has not expired.
[[nodiscard]] Result<void> write_crl(Relay& relay);
[[nodiscard]] bool has_authority(const Relay& relay);

} // namespace relay::server::ctl
