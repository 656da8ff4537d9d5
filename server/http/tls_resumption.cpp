#include "server/http/tls_resumption.hpp"

#include "protocol/digest.hpp"
#include "protocol/whole_file.hpp"
#include "server/http/session_peer.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace relay::server::http {

namespace {

using protocol::Time;

constexpr std::string_view id_context = "careplan-relay";
constexpr auto longest_session = std::chrono::hours(24);

Time now() {
    return std::chrono::floor<protocol::Duration>(std::chrono::system_clock::now());
}

void free_context_data(void* /*parent*/, void* data, CRYPTO_EX_DATA* /*all*/, int /*index*/, long /*l*/, void* /*p*/) {
    const std::unique_ptr<ContextData> owned(static_cast<ContextData*>(data));
}

int data_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_context_data);
    return index;
}

/// As of now, with the verdict on its chain cached in Trust. The key's strength was judged in the full handshake that
/// made the session, under the same rules, so decoding the certificate again would buy nothing.
bool still_trusted(const auth::Trust& trust, SSL_SESSION* session) {
    const auto peer = packed_peer(session);
    if (!peer) {
        return false;
    }
    auth::Certificate certificate;
    certificate.der = protocol::to_bytes(peer->certificate_der);
    certificate.sha256 = protocol::Digest::of(peer->certificate_der);
    certificate.not_before = peer->not_before;
    certificate.not_after = peer->not_after;
    certificate.strong = true;
    return trust.verify(certificate, now()) == auth::ChainVerdict::good;
}

/// Packed, and living at most as long as its certificate. Nobody else has the session yet. False: it cannot be kept.
bool prepare_to_keep(SSL_SESSION* session) {
    const auto peer = pack_peer(session);
    const auto left =
        peer ? std::chrono::floor<std::chrono::seconds>(peer->not_after - now()) : std::chrono::seconds(0);
    const auto lifetime = std::clamp<std::chrono::seconds>(left, std::chrono::seconds(0), longest_session);
    SSL_SESSION_set_timeout(session, lifetime.count());
    return peer.has_value();
}

int begin_ticket(SSL* ssl, void* /*argument*/) {
    return prepare_to_keep(SSL_get_session(ssl)) ? 1 : 0;
}

SSL_TICKET_RETURN judge_ticket(
    SSL* ssl,
    SSL_SESSION* session,
    const unsigned char* /*name*/,
    std::size_t /*length*/,
    SSL_TICKET_STATUS status,
    void* /*argument*/
) {
    const bool readable = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    if (!readable || !still_trusted(*context_data(SSL_get_SSL_CTX(ssl)).trust, session)) {
        return SSL_TICKET_RETURN_IGNORE_RENEW; // the full handshake that follows gives the alert
    }
    // Clients use a ticket once (RFC 8446 C.4): every connection brings the next one.
    return SSL_TICKET_RETURN_USE_RENEW;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
    if (!prepare_to_keep(session)) {
        return 0;
    }
    context_data(SSL_get_SSL_CTX(ssl)).sessions->add(SessionPtr(session));
    return 1; // the reference is ours now
}

SSL_SESSION* find_session(SSL* ssl, const unsigned char* id, int length, int* copy) {
    *copy = 0; // the reference that is returned is OpenSSL's
    const std::string_view text(reinterpret_cast<const char*>(id), static_cast<std::size_t>(std::max(length, 0)));
    const ContextData& data = context_data(SSL_get_SSL_CTX(ssl));
    SessionPtr session = data.sessions->find(text);
    if (session && !still_trusted(*data.trust, session.get())) {
        data.sessions->remove(text);
        return nullptr;
    }
    return session.release();
}

void forget_session(SSL_CTX* context, SSL_SESSION* session) {
    context_data(context).sessions->remove(session_id(session));
}

/// Sets key and algorithm of one direction; 1 when that went well.
int use_ticket_key(const TicketKey& key, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
    std::array<char, 7> digest{"SHA256"};
    auto hmac = key.hmac;
    const std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, hmac.data(), hmac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    const bool good = EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.aes.data(), iv, encrypt) == 1 &&
                      EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
    return good ? 1 : -1;
}

/// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 good, 2 good but old, 0 unknown key.
int ticket_key(
    SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt
) {
    const auto& keys = context_data(SSL_get_SSL_CTX(ssl)).ticket_keys;
    if (encrypt == 1) {
        const TicketKey& newest = keys.front();
        if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) {
            return -1;
        }
        std::memcpy(name, newest.name.data(), newest.name.size());
        return use_ticket_key(newest, iv, cipher, mac, encrypt);
    }
    const auto known = std::find_if(keys.begin(), keys.end(), [&](const TicketKey& key) {
        return std::memcmp(key.name.data(), name, key.name.size()) == 0;
    });
    if (known == keys.end()) {
        return 0;
    }
    const int good = use_ticket_key(*known, iv, cipher, mac, encrypt);
    return good == 1 && known != keys.begin() ? 2 : good;
}

} // namespace

protocol::Result<std::vector<TicketKey>> read_ticket_keys(const std::filesystem::path& file) {
    const auto bytes = protocol::read_whole_file(file);
    if (!bytes || bytes->empty() || bytes->size() % sizeof(TicketKey) != 0) {
        return protocol::errors::internal("ticket keys file is no sequence of 80-byte keys: " + file.string());
    }
    std::vector<TicketKey> keys(bytes->size() / sizeof(TicketKey));
    std::memcpy(keys.data(), bytes->data(), bytes->size());
    return keys;
}

void set_context_data(SSL_CTX* context, std::unique_ptr<ContextData> data) {
    SSL_CTX_set_ex_data(context, data_index(), data.release());
}

const ContextData& context_data(SSL_CTX* context) {
    return *static_cast<const ContextData*>(SSL_CTX_get_ex_data(context, data_index()));
}

void set_resumption(SSL_CTX* context, std::string_view mode) {
    // Without an id context a resumed connection with a client certificate fails (SSL_CTX_set_session_id_context(3)).
    SSL_CTX_set_session_id_context(
        context, reinterpret_cast<const unsigned char*>(id_context.data()), static_cast<unsigned>(id_context.size())
    );
    SSL_CTX_set_timeout(context, std::chrono::seconds(longest_session).count());
    if (mode == "off") {
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(context, 0);
        return;
    }
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_session_ticket_cb(context, begin_ticket, judge_ticket, nullptr);
    if (mode == "tickets") {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        if (!context_data(context).ticket_keys.empty()) {
            SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticket_key);
        }
        return;
    }
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET); // in TLS 1.3: tickets that are only names of cached sessions
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    SSL_CTX_sess_set_get_cb(context, find_session);
    SSL_CTX_sess_set_remove_cb(context, forget_session);
}

} // namespace relay::server::http
