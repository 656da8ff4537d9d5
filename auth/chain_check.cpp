#include "auth/chain_check.hpp"

#include "auth/x509_fields.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>

namespace relay::auth {
namespace {

using namespace protocol::cms;

using ContextPtr = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;

/// The hash of a certificate's signature, SHA-256 or better; Ed25519 and Ed448 have theirs built in.
bool has_strong_signature(X509* certificate) {
    int digest = NID_undef;
    int kind = NID_undef;
    if (X509_get_signature_info(certificate, &digest, &kind, nullptr, nullptr) != 1) {
        return false;
    }
    return is_strong_digest(digest) || kind == NID_ED25519 || kind == NID_ED448;
}

/// OpenSSL does not refuse these by itself: versions that do not exist, weak hashes, weak keys of CAs. The trust
/// anchor's own signature means nothing.
bool is_strong_chain(STACK_OF(X509) * chain) {
    const int count = sk_X509_num(chain);
    for (int i = 0; i < count; ++i) {
        X509* certificate = sk_X509_value(chain, i);
        const bool anchor = i + 1 == count;
        if (X509_get_version(certificate) > X509_VERSION_3 || X509_get_version(certificate) < X509_VERSION_1) {
            return false;
        }
        if (!anchor && !has_strong_signature(certificate)) {
            return false;
        }
        EVP_PKEY* key = X509_get0_pubkey(certificate);
        if (i > 0 && (key == nullptr || EVP_PKEY_get_security_bits(key) < 112)) {
            return false;
        }
    }
    return true;
}

ChainVerdict verdict_of(int openssl_error) {
    switch (openssl_error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return ChainVerdict::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return ChainVerdict::not_yet_valid;
    case X509_V_ERR_CERT_REVOKED:
        return ChainVerdict::in_crl;
    default:
        return ChainVerdict::wrong_chain;
    }
}

int judge(int ok, X509_STORE_CTX* context) {
    if (ok == 1) {
        return 1;
    }
    const auto* crls = static_cast<const CrlSet*>(X509_STORE_CTX_get_app_data(context));
    const int error = X509_STORE_CTX_get_error(context);
    const X509* certificate = X509_STORE_CTX_get_current_cert(context);
    // An old CRL still says who was revoked, and so does one from a clock that is a little ahead.
    const bool crl_in_force = error == X509_V_ERR_CRL_HAS_EXPIRED || error == X509_V_ERR_CRL_NOT_YET_VALID;
    const bool without_crl = error == X509_V_ERR_UNABLE_TO_GET_CRL && certificate != nullptr &&
                             !crls->has_crl_of(X509_get_issuer_name(certificate));
    if (crl_in_force || without_crl) {
        X509_STORE_CTX_set_error(context, X509_V_OK);
        return 1;
    }
    return 0;
}

} // namespace

CheckedChain check_chain(X509_STORE* store, const CrlSet& crls, X509* leaf, STACK_OF(X509) * untrusted, Time now) {
    const ErrorQueueGuard queue;
    CheckedChain checked;
    ChainOutcome& outcome = checked.outcome;
    const ContextPtr context(X509_STORE_CTX_new());
    if (!context || X509_STORE_CTX_init(context.get(), store, leaf, untrusted) != 1) {
        return checked;
    }
    X509_STORE_CTX_set_app_data(context.get(), const_cast<CrlSet*>(&crls));
    X509_STORE_CTX_set_verify_cb(context.get(), &judge);
    X509_STORE_CTX_set_time(context.get(), 0, std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
    const int verified = X509_verify_cert(context.get());
    outcome.openssl_error = X509_STORE_CTX_get_error(context.get());
    if (verified != 1) {
        outcome.verdict = verdict_of(outcome.openssl_error);
        return checked;
    }
    if (X509_get_ext_by_NID(leaf, NID_name_constraints, -1) >= 0 && X509_check_ca(leaf) == 0) {
        outcome.openssl_error = X509_V_ERR_INVALID_EXTENSION; // name constraints belong to CAs (RFC 5280 §4.2.1.10)
        return checked;
    }
    STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
    if (!is_strong_chain(chain)) {
        outcome.verdict = ChainVerdict::weak;
        outcome.openssl_error = X509_V_ERR_CA_MD_TOO_WEAK;
        return checked;
    }
    outcome.from = Time::min();
    outcome.until = Time::max();
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        const auto from = to_time(X509_get0_notBefore(sk_X509_value(chain, i)));
        const auto until = to_time(X509_get0_notAfter(sk_X509_value(chain, i)));
        outcome.from = std::max(outcome.from, from.value_or(now));
        outcome.until = std::min(outcome.until, until.value_or(now));
    }
    for (int i = 1; i + 1 < sk_X509_num(chain); ++i) {
        X509* const between = sk_X509_value(chain, i);
        X509_up_ref(between);
        checked.between.emplace_back(between);
    }
    outcome.verdict = ChainVerdict::good;
    outcome.openssl_error = X509_V_OK;
    return checked;
}

} // namespace relay::auth
