// The certificate of the connection, as accounts see it: what TLS verified, and whether the relay knows it.
#pragma once

#include "auth/certificate.hpp"
#include "server/accounts/registry.hpp"
#include "storage/account_store.hpp"

#include <functional>
#include <optional>

namespace relay::server::accounts {

/// From TLS alone, never from a header.
struct PeerCertificate {
    Digest sha256;
    std::optional<UserId> user_id;        ///< of its only CN; nothing where that is no user ID
    std::function<protocol::Bytes()> der; ///< asked only when it is to be registered

    [[nodiscard]] protocol::Actor actor() const { return {user_id ? user_id->str() : std::string(), sha256}; }
};

/// The state of a certificate that TLS accepted (protocol.md §3). Thread-safe.
class CertificateCheck {
public:
    /// `register_unknown`: certificates.register_unknown. Both must outlive it.
    CertificateCheck(Registry& registry, storage::AccountStore& store, bool register_unknown)
        : registry_(registry),
          store_(store),
          register_unknown_(register_unknown) {}

    /// Registered for its CN, not revoked, within its dates, user and office open. An unknown one is looked up anew,
    /// and registered on first use where that is on. The CRL is not asked here.
    /// Errors: wrong_certificate, certificate_revoked, unavailable.
    [[nodiscard]] Awaitable<Result<void>> check(PeerCertificate peer, Time now);
    /// The same from memory alone; for parked polls.
    [[nodiscard]] Result<void> check_known(const PeerCertificate& peer, Time now) const;

private:
    Awaitable<Result<void>> register_on_first_use(const PeerCertificate& peer, Time now);

    Registry& registry_;
    storage::AccountStore& store_;
    bool register_unknown_;
};

/// What is registered of a certificate; also for relayctl. `now` becomes registered_at unless the store knows better.
[[nodiscard]] storage::CertificateRow
registration_of(const auth::Certificate& certificate, const UserId& user_id, Time now);

} // namespace relay::server::accounts
