// CMS SignedData (CAdES-BES) of one office, as `openssl cms -sign -cades -nodetach -binary` makes it, and payloads
// encrypted for an office.
#pragma once

#include "tests/bench/identity.hpp"

#include <string>
#include <string_view>

namespace relay::bench {

/// Not thread-safe.
class Signer {
public:
    explicit Signer(const Identity& identity);

    /// DER of a SignedData that encapsulates `content`; SHA-256 with the office's key. Throws std::runtime_error.
    [[nodiscard]] std::string sign(std::string_view content) const;

private:
    [[nodiscard]] std::string raw_signature(std::string_view attributes) const;

    protocol::cms::KeyPtr key_;
    std::string certificate_der_;
    std::string signer_id_;           ///< IssuerAndSerialNumber
    std::string signing_certificate_; ///< the attribute signing-certificate-v2
    std::string algorithm_;           ///< the signature's AlgorithmIdentifier
    std::unique_ptr<EVP_PKEY_CTX, protocol::cms::Deleter<EVP_PKEY_CTX_free>> context_;
};

/// DER of an AuthEnvelopedData (AES-256-GCM) of random bytes, about `size` bytes long. Nobody opens it: what matters to
/// the relay is its head and its length. Throws std::runtime_error.
[[nodiscard]] std::string seal_random(std::size_t size, const Identity& recipient);

/// SHA-256 as 32 bytes, and as 64 hex digits.
[[nodiscard]] std::string sha256(std::string_view data);
[[nodiscard]] std::string sha256_hex(std::string_view data);

} // namespace relay::bench
