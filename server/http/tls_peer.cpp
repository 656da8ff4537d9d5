#include "server/http/tls_peer.hpp"

#include "server/http/session_peer.hpp"

#include <openssl/ssl.h>

namespace relay::server::http {

std::optional<TlsPeer> TlsPeer::read(ssl_st* ssl, std::uint64_t trust_generation) {
    SSL_SESSION* const session = SSL_get_session(ssl);
    const auto packed = session != nullptr ? pack_peer(session) : std::nullopt;
    if (!packed) {
        return std::nullopt;
    }
    TlsPeer peer(ssl);
    peer.certificate_sha256 = protocol::Digest::of(packed->certificate_der);
    peer.user_id = packed->user_id;
    peer.not_after = packed->not_after;
    peer.trust_generation = trust_generation;
    return peer;
}

protocol::Bytes TlsPeer::certificate_der() const {
    const auto packed = packed_peer(SSL_get_session(ssl_));
    return packed ? protocol::to_bytes(packed->certificate_der) : protocol::Bytes();
}

} // namespace relay::server::http
