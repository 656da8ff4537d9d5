// The CRLs of tls.client_crl, of each scope the newest. Included by sources only.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/cms/openssl.hpp"
#include "protocol/time.hpp"

#include <map>
#include <optional>
#include <tuple>

namespace relay::auth {

using CrlPtr = std::unique_ptr<X509_CRL, protocol::cms::Deleter<X509_CRL_free>>;

class CrlSet {
public:
    /// Operators append to the file, so old and new CRLs of a CA may stand side by side: the newest wins.
    void add(CrlPtr crl);
    [[nodiscard]] bool empty() const noexcept { return crls_.empty(); }
    [[nodiscard]] bool has_crl_of(const X509_NAME* issuer) const;
    void add_to(X509_STORE* store) const;
    /// The earliest nextUpdate of all.
    [[nodiscard]] std::optional<protocol::Time> first_next_update() const;

private:
    /// Issuer, authority key identifier, issuing distribution point, whether it is a delta (RFC 5280 §5.2).
    using Scope = std::tuple<protocol::Bytes, protocol::Bytes, protocol::Bytes, bool>;
    [[nodiscard]] static Scope scope_of(const X509_CRL* crl);
    std::map<Scope, CrlPtr> crls_;
};

} // namespace relay::auth
