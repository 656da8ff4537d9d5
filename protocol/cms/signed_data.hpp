// CMS SignedData (RFC 5652) with CAdES-BES attributes, as protocol.md §4 wants manifests and receipts signed.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"

#include <string>
#include <string_view>

namespace relay::protocol::cms {

struct SignedContent {
    Bytes content;            ///< the encapsulated bytes, as signed
    Bytes signer_certificate; ///< DER of the certificate that the SignerInfo names
    Digest signer_sha256;     ///< SHA-256 of that DER
};

/// Verifies form and signature: DER or BER, eContentType id-data with content, exactly one SignerInfo, the signer's
/// certificate included, digest SHA-256/384/512, RSA ≥ 2048 (PKCS #1 v1.5 or PSS) or ECDSA P-256/P-384, signed
/// attributes content-type, message-digest, signing-time and signing-certificate-v2 naming that very certificate,
/// nothing behind the structure. Whether the signer may sign is not asked here (auth/trust, registry).
/// Error: bad_signature, with the reason in `cause`.
[[nodiscard]] Result<SignedContent> verify(BytesView signed_data);

/// Signs like `openssl cms -sign -cades -nodetach -binary -outform DER` (client side). PEM texts.
/// Error: internal with OpenSSL's reason.
[[nodiscard]] Result<Bytes> sign(BytesView content, std::string_view certificate_pem, std::string_view key_pem);

} // namespace relay::protocol::cms
