// Keys and certificates made on the spot, good and bad ones, for tests of signatures, recipients and trust.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/cms/openssl.hpp"
#include "protocol/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::test {

using protocol::Bytes;
using protocol::BytesView;
using protocol::cms::KeyPtr;
using protocol::cms::X509Ptr;

enum class KeyKind { rsa1024, rsa2048, p256, p384, p521, secp256k1, ed25519 };

/// A fresh key; RSA keys are made once per process, since that takes long.
[[nodiscard]] KeyPtr make_key(KeyKind kind);

/// 2026-11-20T00:00:00Z, the day on which tests happen.
[[nodiscard]] protocol::Time test_now();

struct TestCertificate {
    X509Ptr certificate;
    KeyPtr key;

    [[nodiscard]] Bytes der() const;
    [[nodiscard]] std::string pem() const;
    [[nodiscard]] std::string key_pem() const;
    [[nodiscard]] Bytes issuer_der() const;
    [[nodiscard]] Bytes serial() const; ///< content octets
};

struct CertificateRecipe {
    std::vector<std::string> common_names{"KJ000000000001"};
    KeyKind key = KeyKind::p256;
    const EVP_PKEY* same_key = nullptr;      ///< instead of a fresh one
    const TestCertificate* issuer = nullptr; ///< null: self-signed
    bool ca = false;
    long serial = 0; ///< 0: random
    int version = 3;
    protocol::Time not_before = test_now() - std::chrono::hours(24);
    protocol::Time not_after = test_now() + std::chrono::hours(24 * 365);
    std::string digest = "SHA256";
    bool key_identifier = true;
    std::vector<std::pair<int, std::string>> extensions{}; ///< NID and value as in openssl.cnf
};

[[nodiscard]] TestCertificate make_certificate(const CertificateRecipe& recipe = {});

struct CrlRecipe {
    std::vector<const TestCertificate*> revoked{};
    protocol::Time last_update = test_now() - std::chrono::hours(1);
    protocol::Time next_update = test_now() + std::chrono::hours(24 * 7);
};
[[nodiscard]] std::string make_crl_pem(const TestCertificate& issuer, const CrlRecipe& recipe);

/// Bytes of a memory BIO.
[[nodiscard]] Bytes take_bytes(BIO* bio);

} // namespace relay::test
