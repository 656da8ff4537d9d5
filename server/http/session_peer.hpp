// What a TLS session keeps of its client. OpenSSL keeps the decoded certificate, over 3 kB for every connection and
// every session in the cache, and decodes it anew for every ticket. Ours is its DER and what each resumption asks for,
// in the session's application data (SSL_SESSION_set1_ticket_appdata(3)), which cache and tickets carry along.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <optional>

struct ssl_session_st;

namespace relay::server::http {

struct SessionPeer {
    protocol::Time not_before;
    protocol::Time not_after;
    std::optional<protocol::UserId> user_id; ///< of its only CN; nothing where that is no user ID
    protocol::BytesView certificate_der;     ///< lives as long as the session
};

/// Puts DER and facts in the decoded certificate's place; does nothing where that was done before. While the session
/// belongs to one connection alone. As packed_peer() then; nothing: no readable certificate, or no memory.
[[nodiscard]] std::optional<SessionPeer> pack_peer(ssl_session_st* session);

/// Nothing for a session that was not packed.
[[nodiscard]] std::optional<SessionPeer> packed_peer(ssl_session_st* session);

} // namespace relay::server::http
