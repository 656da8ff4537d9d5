// Certificates: whom to trust, who one is oneself.
#pragma once

#include "client/crypto/openssl_handles.hpp"
#include "client/failure.hpp"
#include "client/files.hpp"
#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace relay::client {

/// A parsed X.509 certificate. Cheap to copy.
class Certificate {
public:
    /// The first certificate of the text.
    [[nodiscard]] static Outcome<Certificate> from_pem(std::string_view pem);
    [[nodiscard]] static Outcome<Certificate> from_der(protocol::BytesView der);

    [[nodiscard]] X509* get() const noexcept { return x509_.get(); }
    [[nodiscard]] protocol::Digest sha256() const;
    /// The subject's organizationIdentifier (2.5.4.97), where there is one.
    [[nodiscard]] std::optional<std::string> organization_identifier() const;

private:
    explicit Certificate(X509* owned) : x509_(owned, &X509_free) {}
    std::shared_ptr<X509> x509_;
};

/// The certificates that other offices' certificates must chain to.
class TrustAnchors {
public:
    [[nodiscard]] static Outcome<TrustAnchors> load(const fs::path& pem_file);
    /// Failure when the certificate does not chain to an anchor, judged at that moment.
    [[nodiscard]] Outcome<void> check(const Certificate& certificate, protocol::Time at) const;
    /// check(), and the office number in the certificate, where the CA put one there.
    [[nodiscard]] Outcome<void>
    check_office(const Certificate& certificate, const protocol::OfficeNumber& office, protocol::Time at) const;

private:
    explicit TrustAnchors(X509_STORE* owned) : store_(owned) {}
    Handle<X509_STORE> store_;
};

/// The office's own certificate and key.
struct Identity {
    std::string certificate_pem;
    std::string key_pem;
    Certificate certificate;
    Handle<EVP_PKEY> key;

    [[nodiscard]] static Outcome<Identity> load(const fs::path& certificate_file, const fs::path& key_file);
};

} // namespace relay::client
