#include "server/accounts/peer_certificate.hpp"

#include "protocol/cms/issuer_serial.hpp"
#include "server/ops/log.hpp"

#include <utility>

namespace relay::server::accounts {

using protocol::Error;
using protocol::ErrorCode;

Awaitable<Result<void>> CertificateCheck::check(PeerCertificate peer, Time now) {
    if (!registry_.fresh(Registry::Clock::now())) {
        co_return protocol::errors::unavailable("the registry is older than 5 s");
    }
    if (peer.user_id && !registry_.has_certificate(peer.sha256)) {
        const auto refreshed = co_await registry_.refresh_on_miss();
        if (!refreshed) {
            co_return refreshed;
        }
        if (register_unknown_ && !registry_.has_certificate(peer.sha256) && registry_.is_open(*peer.user_id)) {
            const auto registered = co_await register_on_first_use(peer, now);
            if (!registered) {
                co_return registered;
            }
        }
    }
    co_return check_known(peer, now);
}

Result<void> CertificateCheck::check_known(const PeerCertificate& peer, Time now) const {
    if (!registry_.fresh(Registry::Clock::now())) {
        return protocol::errors::unavailable("the registry is older than 5 s");
    }
    if (!peer.user_id) {
        return Error(ErrorCode::wrong_certificate, "the certificate's CN is no user ID");
    }
    return registry_.check_peer(*peer.user_id, peer.sha256, now);
}

Awaitable<Result<void>> CertificateCheck::register_on_first_use(const PeerCertificate& peer, Time now) {
    const auto der = peer.der ? peer.der() : protocol::Bytes();
    const auto certificate = auth::read_certificate(der);
    if (!certificate || certificate->sha256 != peer.sha256 || certificate->common_name != peer.user_id->str() ||
        !certificate->strong || !certificate->valid_at(now)) {
        co_return Result<void>(); // stays unknown, and is refused as such
    }
    auto row = registration_of(*certificate, *peer.user_id, now);
    const auto registered = co_await store_.register_certificate(std::move(row), certificate->der);
    if (!registered) {
        co_return registered;
    }
    ops::log(ops::Level::info, "certificate_registered_on_first_use", {{"certificate", peer.sha256.hex()}});
    const auto refreshed = co_await registry_.refresh_on_miss();
    co_return refreshed;
}

storage::CertificateRow registration_of(const auth::Certificate& certificate, const UserId& user_id, Time now) {
    storage::CertificateRow row;
    row.sha256 = certificate.sha256;
    row.user_id = user_id;
    row.not_before = certificate.not_before;
    row.not_after = certificate.not_after;
    row.registered_at = now;
    row.issuer_serial = protocol::cms::issuer_serial_digest(certificate.issuer_der, certificate.serial);
    row.key_identifier = certificate.key_identifier;
    return row;
}

} // namespace relay::server::accounts
