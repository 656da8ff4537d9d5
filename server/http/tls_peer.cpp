#include "server/http/tls_peer.hpp"

#include "auth/x509_fields.hpp"

#include <openssl/ssl.h>

namespace relay::server::http {

std::optional<TlsPeer> TlsPeer::read(ssl_st* ssl, std::uint64_t trust_generation) {
    const X509* const certificate = SSL_get0_peer_certificate(ssl);
    const auto not_after = certificate == nullptr ? std::nullopt : auth::to_time(X509_get0_notAfter(certificate));
    if (!not_after) {
        return std::nullopt;
    }
    TlsPeer peer(ssl);
    peer.certificate_sha256 = protocol::Digest::of(protocol::BytesView(peer.certificate_der()));
    if (const auto name = auth::sole_common_name(X509_get_subject_name(certificate))) {
        peer.user_id = protocol::UserId::parse(*name);
    }
    peer.not_after = *not_after;
    peer.trust_generation = trust_generation;
    return peer;
}

protocol::Bytes TlsPeer::certificate_der() const {
    X509* const certificate = SSL_get0_peer_certificate(ssl_);
    unsigned char* encoded = nullptr;
    const int length = certificate == nullptr ? 0 : i2d_X509(certificate, &encoded);
    protocol::Bytes der;
    if (length > 0) {
        der.assign(encoded, encoded + length);
        OPENSSL_free(encoded);
    }
    return der;
}

} // namespace relay::server::http
