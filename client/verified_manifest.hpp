// The sender's word, checked by oneself: signature, certificate, office and form.
#pragma once

#include "client/crypto/certificates.hpp"
#include "client/failure.hpp"
#include "protocol/digest.hpp"
#include "protocol/manifest.hpp"

#include <string_view>

namespace relay::client {

struct VerifiedManifest {
    protocol::Manifest manifest;
    protocol::Digest sha256; ///< of the manifest's bytes
};

/// `signed_manifest`: base64. content_failure when signature or form are wrong or the manifest is for another bundle or
/// office; a local failure when only the signer is not trusted, since that may be a wrong --client-ca.
[[nodiscard]] Outcome<VerifiedManifest> verify_manifest(
    std::string_view signed_manifest,
    const protocol::BundleId& bundle_id,
    const protocol::OfficeNumber& recipient,
    const TrustAnchors& anchors
);

} // namespace relay::client
