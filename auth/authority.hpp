// Our own certification authority, for the embedded stack, tests and small installations (relayctl ca, certificate).
// A folder: ca.pem, ca.key (0600), ca.crl, serial numbers are random.
#pragma once

#include "auth/certificate.hpp"
#include "protocol/ids.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st; // EVP_PKEY, so that OpenSSL stays out of this header

namespace relay::auth {

enum class KeyType : std::uint8_t { p256, rsa2048 };

struct IssuedCertificate {
    std::string key_pem;   ///< empty when made from a CSR
    std::string chain_pem; ///< leaf, then CA
    Certificate certificate;
};

struct RevokedEntry {
    Bytes serial; ///< content octets
    Time at;
    std::string reason; ///< keyCompromise, superseded, … or empty
};

class Authority {
public:
    /// Makes key (P-256), self-signed certificate and an empty CRL; refuses when ca.key is there.
    [[nodiscard]] static Result<Authority> create(const std::filesystem::path& directory, Time now);
    [[nodiscard]] static Result<Authority> open(const std::filesystem::path& directory);

    /// Subject CN = user ID, organizationIdentifier (2.5.4.97) = office number where given; clientAuth and
    /// emailProtection; digitalSignature, keyEncipherment (RSA) or keyAgreement (EC). notBefore is an hour back.
    [[nodiscard]] Result<IssuedCertificate> issue(
        const protocol::UserId& user,
        const std::optional<protocol::OfficeNumber>& office,
        KeyType type,
        int days,
        Time now
    ) const;
    /// From a PKCS #10 request (PEM): its key and nothing else; CN must be the user's, key strong. Error:
    /// malformed_request.
    [[nodiscard]] Result<IssuedCertificate> sign_request(
        std::string_view csr_pem,
        const protocol::UserId& user,
        const std::optional<protocol::OfficeNumber>& office,
        int days,
        Time now
    ) const;
    /// Writes ca.crl anew (temporary name, fsync, rename) with exactly these entries; nextUpdate 7 days on.
    [[nodiscard]] Result<void> write_crl(const std::vector<RevokedEntry>& revoked, Time now) const;
    /// Whether this CA issued it (by issuer name).
    [[nodiscard]] bool issued(const Certificate& certificate) const;
    [[nodiscard]] const std::string& certificate_pem() const noexcept { return certificate_pem_; }

private:
    Authority(std::filesystem::path directory, std::string certificate_pem, std::string key_pem);
    [[nodiscard]] Result<IssuedCertificate> issue_for_key(
        const protocol::UserId& user,
        const std::optional<protocol::OfficeNumber>& office,
        evp_pkey_st* key,
        int days,
        Time now
    ) const;
    std::filesystem::path directory_;
    std::string certificate_pem_;
    std::string key_pem_;
};

} // namespace relay::auth
