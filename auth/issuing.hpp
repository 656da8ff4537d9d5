// Certificates and CRLs of our own CA, built and signed. Included by sources only.
#pragma once

#include "auth/authority.hpp"
#include "protocol/cms/openssl.hpp"

#include <string>
#include <vector>

namespace relay::auth {

using RequestPtr = std::unique_ptr<X509_REQ, protocol::cms::Deleter<X509_REQ_free>>;

struct LeafNames {
    std::string common_name;
    std::string organization_identifier; ///< empty: none
};

/// The makers give null or an empty text when OpenSSL fails; its reason is in its queue.
[[nodiscard]] protocol::cms::X509Ptr make_root(EVP_PKEY* key, Time now);
/// Ends no later than the issuer.
[[nodiscard]] protocol::cms::X509Ptr make_leaf(
    const LeafNames& names, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key, protocol::Duration lifetime, Time now
);
[[nodiscard]] std::string
make_crl(const std::vector<RevokedEntry>& revoked, X509* issuer, EVP_PKEY* issuer_key, Time now);

[[nodiscard]] std::string private_key_pem(EVP_PKEY* key);

} // namespace relay::auth
