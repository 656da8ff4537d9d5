#include "auth/trust.hpp"

#include "auth/chain_check.hpp"
#include "protocol/whole_file.hpp"

#include <openssl/pem.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace relay::auth {
namespace {

using namespace protocol::cms;

using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;

constexpr int max_depth = 8;
constexpr std::size_t max_cached = 200'000;
constexpr std::size_t max_intermediates = 64;
constexpr unsigned long crl_flags =
    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS;

/// Reads every object of a kind in a PEM file with `read`; false when the file breaks off or holds something
/// unreadable.
template <class Read>
bool read_all(std::string_view pem, Read read) {
    const BioPtr bio = open_bio(protocol::as_bytes(pem));
    while (bio && read(bio.get())) {
    }
    const unsigned long code = ERR_peek_last_error();
    const bool at_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return at_end;
}

} // namespace

std::string_view to_string(ChainVerdict verdict) noexcept {
    switch (verdict) {
    case ChainVerdict::good:
        return "good";
    case ChainVerdict::wrong_chain:
        return "wrong_chain";
    case ChainVerdict::expired:
        return "expired";
    case ChainVerdict::not_yet_valid:
        return "not_yet_valid";
    case ChainVerdict::in_crl:
        return "in_crl";
    case ChainVerdict::weak:
        return "weak";
    }
    return "unknown";
}

struct Trust::State {
    StorePtr store{X509_STORE_new()};
    std::vector<Bytes> ca_subjects;
    CrlSet crls;
    std::optional<Time> first_next_update;

    mutable std::shared_mutex guard;
    mutable std::unordered_map<Digest, ChainOutcome> cache;
    mutable std::vector<X509Ptr> intermediates; ///< of good chains, the latest last; each verification judges them anew

    Result<void> add_authorities(const std::filesystem::path& path);
    Result<void> add_crls(const std::filesystem::path& path);
    [[nodiscard]] std::optional<ChainOutcome> find(const Digest& digest, Time now) const;
    void keep(const Digest& digest, CheckedChain checked) const;
    void keep_intermediate(X509Ptr certificate) const;
    void add_intermediates(STACK_OF(X509) * untrusted) const;
};

Result<void> Trust::State::add_authorities(const std::filesystem::path& path) {
    const ErrorQueueGuard queue;
    const std::optional<std::string> pem = protocol::read_whole_file(path);
    if (!pem) {
        return protocol::errors::internal("client CA file cannot be read: " + path.string());
    }
    const bool whole = read_all(*pem, [this](BIO* bio) {
        const X509Ptr certificate(PEM_read_bio_X509(bio, nullptr, refuse_passphrase, nullptr));
        if (!certificate) {
            return false;
        }
        Bytes subject = encode(X509_get_subject_name(certificate.get()));
        if (subject.empty() || X509_STORE_add_cert(store.get(), certificate.get()) != 1) {
            return false;
        }
        if (std::ranges::find(ca_subjects, subject) == ca_subjects.end()) {
            ca_subjects.push_back(std::move(subject));
        }
        return true;
    });
    if (!whole || ca_subjects.empty()) {
        return protocol::errors::internal("client CA file has no certificate or an unreadable one: " + path.string());
    }
    return {};
}

Result<void> Trust::State::add_crls(const std::filesystem::path& path) {
    const ErrorQueueGuard queue;
    const std::optional<std::string> pem = protocol::read_whole_file(path);
    if (!pem) {
        return protocol::errors::internal("client CRL file cannot be read: " + path.string());
    }
    const bool whole = read_all(*pem, [this](BIO* bio) {
        CrlPtr crl(PEM_read_bio_X509_CRL(bio, nullptr, refuse_passphrase, nullptr));
        if (!crl) {
            return false;
        }
        crls.add(std::move(crl));
        return true;
    });
    if (!whole || crls.empty()) {
        return protocol::errors::internal("client CRL file has no CRL or an unreadable one: " + path.string());
    }
    crls.add_to(store.get());
    first_next_update = crls.first_next_update();
    return {};
}

std::optional<ChainOutcome> Trust::State::find(const Digest& digest, Time now) const {
    const std::shared_lock lock(guard);
    const auto found = cache.find(digest);
    if (found == cache.end() || now < found->second.from || now > found->second.until) {
        return std::nullopt;
    }
    return found->second;
}

void Trust::State::keep(const Digest& digest, CheckedChain checked) const {
    // Only what no other intermediate and no later moment can change.
    if (checked.outcome.verdict != ChainVerdict::good) {
        return;
    }
    const std::unique_lock lock(guard);
    if (cache.size() >= max_cached) {
        cache.clear();
    }
    cache.insert_or_assign(digest, checked.outcome);
    for (X509Ptr& certificate : checked.between) {
        keep_intermediate(std::move(certificate));
    }
}

void Trust::State::keep_intermediate(X509Ptr certificate) const {
    const auto same = [&](const X509Ptr& known) { return X509_cmp(known.get(), certificate.get()) == 0; };
    if (std::ranges::any_of(intermediates, same)) {
        return;
    }
    if (intermediates.size() >= max_intermediates) {
        intermediates.erase(intermediates.begin());
    }
    intermediates.push_back(std::move(certificate));
}

void Trust::State::add_intermediates(STACK_OF(X509) * untrusted) const {
    const std::shared_lock lock(guard);
    for (const X509Ptr& certificate : intermediates) {
        X509_up_ref(certificate.get());
        if (sk_X509_push(untrusted, certificate.get()) <= 0) {
            X509_free(certificate.get());
        }
    }
}

Trust::Trust(std::unique_ptr<State> state) : state_(std::move(state)) {
}
Trust::~Trust() = default;

Result<std::shared_ptr<const Trust>>
Trust::load(const std::filesystem::path& client_ca, const std::filesystem::path& crl, const Trust* before) {
    const ErrorQueueGuard queue;
    auto state = std::make_unique<State>();
    if (auto added = state->add_authorities(client_ca); !added) {
        return added.error();
    }
    X509_VERIFY_PARAM* parameters = X509_STORE_get0_param(state->store.get());
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
    X509_VERIFY_PARAM_set_depth(parameters, max_depth);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_POLICY_CHECK); // else critical policy rules are passed over
    if (!crl.empty()) {
        if (auto added = state->add_crls(crl); !added) {
            return added.error();
        }
        X509_VERIFY_PARAM_set_flags(parameters, crl_flags);
    }
    if (before != nullptr) {
        const std::shared_lock lock(before->state_->guard);
        for (const X509Ptr& certificate : before->state_->intermediates) {
            X509_up_ref(certificate.get());
            state->intermediates.emplace_back(certificate.get());
        }
    }
    return std::shared_ptr<const Trust>(new Trust(std::move(state)));
}

ChainVerdict Trust::verify(const Certificate& certificate, Time now, const std::vector<Bytes>& intermediates) const {
    if (!certificate.strong) {
        return ChainVerdict::weak;
    }
    if (now < certificate.not_before) {
        return ChainVerdict::not_yet_valid;
    }
    if (now > certificate.not_after) {
        return ChainVerdict::expired;
    }
    if (const auto known = state_->find(certificate.sha256, now)) {
        return known->verdict;
    }
    const ErrorQueueGuard queue;
    const auto decode = [](const Bytes& der) {
        const std::uint8_t* at = der.data();
        return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    };
    const X509Ptr leaf = decode(certificate.der);
    const CertificatesPtr untrusted(sk_X509_new_null());
    for (const Bytes& der : intermediates) {
        if (X509Ptr further = decode(der)) {
            sk_X509_push(untrusted.get(), further.release());
        }
    }
    state_->add_intermediates(untrusted.get());
    auto checked = check_chain(store(), state_->crls, leaf.get(), untrusted.get(), now);
    const ChainVerdict verdict = checked.outcome.verdict;
    state_->keep(certificate.sha256, std::move(checked));
    return verdict;
}

bool Trust::is_known_good(const Digest& sha256, Time now) const {
    return state_->find(sha256, now).has_value(); // nothing else is kept
}

void Trust::forget() const {
    std::unordered_map<Digest, ChainOutcome> dropped; // freed outside the lock
    const std::unique_lock lock(state_->guard);
    dropped.swap(state_->cache);
}

bool Trust::verify_peer(x509_store_ctx_st* context) const {
    const auto refuse = [context](int error) {
        X509_STORE_CTX_set_error(context, error);
        return false;
    };
    X509* leaf = X509_STORE_CTX_get0_cert(context);
    if (leaf == nullptr) {
        return refuse(X509_V_ERR_UNSPECIFIED);
    }
    const Bytes der = encode(leaf);
    const Digest digest = Digest::of(BytesView(der));
    const Time now = std::chrono::floor<protocol::Duration>(std::chrono::system_clock::now());
    if (state_->find(digest, now)) {
        X509_STORE_CTX_set_error(context, X509_V_OK);
        return true;
    }
    const auto certificate = read_certificate(der);
    if (!certificate) {
        return refuse(X509_V_ERR_CERT_REJECTED);
    }
    if (!certificate->strong) {
        return refuse(X509_V_ERR_EE_KEY_TOO_SMALL);
    }
    auto checked = check_chain(store(), state_->crls, leaf, X509_STORE_CTX_get0_untrusted(context), now);
    const ChainOutcome outcome = checked.outcome;
    state_->keep(digest, std::move(checked));
    if (outcome.verdict != ChainVerdict::good) {
        return refuse(outcome.openssl_error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : outcome.openssl_error);
    }
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return true;
}

x509_store_st* Trust::store() const noexcept {
    return state_->store.get();
}

bool Trust::crl_overdue(Time now) const noexcept {
    return state_->first_next_update.has_value() && now > *state_->first_next_update;
}

const std::vector<Bytes>& Trust::ca_certificates() const noexcept {
    return state_->ca_subjects;
}

} // namespace relay::auth
