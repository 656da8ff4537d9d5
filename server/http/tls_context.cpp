#include "server/http/tls_context.hpp"

#include "auth/x509_fields.hpp"
#include "protocol/digest.hpp"
#include "protocol/whole_file.hpp"
#include "server/http/tls_resumption.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

namespace relay::server::http {

namespace {

using protocol::Result;
using std::filesystem::path;
using Settings = decltype(Config::tls);
using ContextPtr = std::shared_ptr<SSL_CTX>;

constexpr std::size_t most_sessions = 262'144;
constexpr std::string_view http_1_1 = "http/1.1";

/// What tells that a file was replaced or rewritten.
struct Stamp {
    std::int64_t size = -1;
    std::int64_t modified_ns = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
};
using Stamps = std::array<Stamp, 5>;

Stamp stamp_of(const path& file) {
    struct ::stat facts {};
    if (file.empty() || ::stat(file.c_str(), &facts) != 0) {
        return {};
    }
    return {facts.st_size, facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec, facts.st_ino};
}

Stamps stamps_of(const Settings& settings) {
    return {
        stamp_of(settings.certificate),
        stamp_of(settings.key),
        stamp_of(settings.client_ca),
        stamp_of(settings.client_crl),
        stamp_of(settings.ticket_keys_file)};
}

/// Tells whether trust changed, so that a renewed server certificate lets nobody be judged anew.
protocol::Digest content_digest(const path& client_ca, const path& crl) {
    protocol::Sha256 hash;
    for (const path& file : {client_ca, crl}) {
        const std::string content = protocol::read_whole_file(file).value_or("");
        hash.update(protocol::as_bytes(std::to_string(content.size()) + ":"));
        hash.update(protocol::as_bytes(content));
    }
    return hash.finish();
}

std::string last_error() {
    const unsigned long code = ERR_peek_last_error();
    const char* const reason = ERR_reason_error_string(code);
    ERR_clear_error();
    return reason == nullptr ? "unknown reason" : reason;
}

protocol::Error refuse(std::string_view what, const path& file) {
    return protocol::errors::internal(std::string(what) + " " + file.string() + ": " + last_error());
}

int choose_protocol(
    SSL* /*ssl*/,
    const unsigned char** chosen,
    unsigned char* length,
    const unsigned char* offered,
    unsigned int size,
    void* /*argument*/
) {
    const std::string_view all(reinterpret_cast<const char*>(offered), size);
    for (std::size_t at = 0; at < all.size();) {
        const auto name_size = static_cast<unsigned char>(all[at]);
        if (all.substr(at + 1, name_size) == http_1_1) {
            *chosen = offered + at + 1;
            *length = name_size;
            return SSL_TLSEXT_ERR_OK;
        }
        at += 1U + name_size;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

int verify_peer(X509_STORE_CTX* context, void* argument) {
    return static_cast<const auth::Trust*>(argument)->verify_peer(context) ? 1 : 0;
}

void demand_client_certificate(SSL_CTX* context, const auth::Trust& trust) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // The ContextData of this very SSL_CTX owns the Trust, which is never changed.
    SSL_CTX_set_cert_verify_callback(context, verify_peer, const_cast<auth::Trust*>(&trust));
    STACK_OF(X509_NAME)* const names = sk_X509_NAME_new_null();
    for (const protocol::Bytes& der : trust.ca_certificates()) {
        const unsigned char* at = der.data();
        if (X509_NAME* name = d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())); name != nullptr) {
            sk_X509_NAME_push(names, name);
        }
    }
    SSL_CTX_set_client_CA_list(context, names);
}

Result<ContextPtr> make_context(const Settings& settings, std::unique_ptr<ContextData> data) {
    ERR_clear_error();
    const ContextPtr context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) {
        return refuse("cannot make a TLS context for", settings.certificate);
    }
    SSL_CTX* const raw = context.get();
    SSL_CTX_set_min_proto_version(raw, settings.min_version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_options(
        raw,
        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF
    );
    SSL_CTX_set_mode(
        raw,
        SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS |
            SSL_MODE_NO_AUTO_CHAIN
    );
    // Without it OpenSSL would ask for an encrypted key's passphrase on the terminal, where nobody is.
    SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return -1; });
    if (SSL_CTX_use_certificate_chain_file(raw, settings.certificate.c_str()) != 1) {
        return refuse("cannot use the certificate", settings.certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(raw, settings.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return refuse("cannot use the private key", settings.key);
    }
    if (SSL_CTX_check_private_key(raw) != 1) {
        return refuse("the private key does not belong to", settings.certificate);
    }
    SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
    const auth::Trust& trust = *data->trust;
    set_context_data(raw, std::move(data));
    demand_client_certificate(raw, trust);
    set_resumption(raw, settings.resumption);
    return context;
}

} // namespace

struct TlsContext::State {
    Settings settings;
    mutable std::mutex mutex; // guards what follows; held for copies only
    ContextPtr context;
    std::shared_ptr<const auth::Trust> trust;
    protocol::Digest trust_content;
    Stamps stamps{};
    std::atomic<std::uint64_t> generation{0};
    std::mutex reloading; // one reload at a time
    /// Of all contexts: each resumption is judged by the trust of the context that it happens in. Null but for stateful
    /// resumption.
    std::shared_ptr<SessionCache> sessions;
};

TlsContext::TlsContext(const Config& config) : state_(std::make_unique<State>()) {
    state_->settings = config.tls;
    if (config.tls.resumption == "stateful") {
        state_->sessions = std::make_shared<SessionCache>(most_sessions);
    }
}

TlsContext::~TlsContext() = default;

protocol::Result<void> TlsContext::reload() {
    const std::lock_guard one(state_->reloading);
    const Settings& settings = state_->settings;
    const Stamps stamps = stamps_of(settings);
    const protocol::Digest content = content_digest(settings.client_ca, settings.client_crl);
    auto data = std::make_unique<ContextData>();
    const bool same_trust = state_->trust != nullptr && content == state_->trust_content;
    data->sessions = state_->sessions;
    if (same_trust) {
        data->trust = state_->trust;
    } else {
        auto trust = auth::Trust::load(settings.client_ca, settings.client_crl, state_->trust.get());
        if (!trust) {
            return trust.error();
        }
        data->trust = std::move(*trust);
    }
    if (settings.resumption == "tickets" && !settings.ticket_keys_file.empty()) {
        auto keys = read_ticket_keys(settings.ticket_keys_file);
        if (!keys) {
            return keys.error();
        }
        data->ticket_keys = std::move(*keys);
    }
    auto trust = data->trust;
    auto context = make_context(settings, std::move(data));
    if (!context) {
        return context.error();
    }
    {
        const std::lock_guard lock(state_->mutex);
        state_->context = std::move(*context);
        state_->trust.swap(trust);
        state_->trust_content = content;
        state_->stamps = stamps;
        if (!same_trust) {
            state_->generation.fetch_add(1);
        }
    }
    if (!same_trust && trust) {
        trust->forget(); // the last connection that began under it may stay open for days
    }
    return {};
}

bool TlsContext::files_changed() const {
    const Stamps now = stamps_of(state_->settings);
    const std::lock_guard lock(state_->mutex);
    return now != state_->stamps;
}

std::shared_ptr<ssl_ctx_st> TlsContext::context() const {
    const std::lock_guard lock(state_->mutex);
    return state_->context;
}

std::shared_ptr<const auth::Trust> TlsContext::trust() const {
    const std::lock_guard lock(state_->mutex);
    return state_->trust;
}

std::pair<std::shared_ptr<const auth::Trust>, std::uint64_t> TlsContext::trust_and_generation() const {
    const std::lock_guard lock(state_->mutex);
    return {state_->trust, state_->generation.load()};
}

std::uint64_t TlsContext::trust_generation() const noexcept {
    return state_->generation.load();
}

protocol::Time TlsContext::certificate_not_after() const {
    const ContextPtr current = context();
    const X509* const leaf = current ? SSL_CTX_get0_certificate(current.get()) : nullptr;
    return leaf == nullptr ? protocol::Time() : auth::to_time(X509_get0_notAfter(leaf)).value_or(protocol::Time());
}

} // namespace relay::server::http
