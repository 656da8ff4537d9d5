// Resumption that never trusts more than a full handshake would: what hangs on an SSL_CTX, and the callbacks that ask
// it. Used by tls_context alone.
#pragma once

#include "auth/trust.hpp"
#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "server/http/session_cache.hpp"

#include <openssl/ssl.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace relay::server::http {

/// RFC 5077 §4: name, HMAC-SHA-256 key, AES-256-CBC key; a file is a sequence of these, the newest first.
struct TicketKey {
    std::array<std::uint8_t, 16> name;
    std::array<std::uint8_t, 32> hmac;
    std::array<std::uint8_t, 32> aes;
};
/// Error: internal with file and reason.
[[nodiscard]] protocol::Result<std::vector<TicketKey>> read_ticket_keys(const std::filesystem::path& file);

/// Immutable but for the cache, which is thread-safe.
struct ContextData {
    std::shared_ptr<const auth::Trust> trust;
    std::shared_ptr<SessionCache> sessions; ///< null but for stateful resumption
    std::vector<TicketKey> ticket_keys;     ///< empty: OpenSSL's own, of this process
};

/// Hangs `data` on the context, which lives as long as its connections.
void set_context_data(SSL_CTX* context, std::unique_ptr<ContextData> data);
[[nodiscard]] const ContextData& context_data(SSL_CTX* context);

/// `mode`: stateful, tickets or off. After set_context_data.
void set_resumption(SSL_CTX* context, std::string_view mode);

} // namespace relay::server::http
