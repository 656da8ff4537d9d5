// OpenSSL's handles as owned values, and what protocol.md asks of keys. Included by sources only, never by the
// public headers, so that OpenSSL's names stay out of them.
#pragma once

#include "protocol/bytes.hpp"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace relay::protocol::cms {

template <auto free_function>
struct Deleter {
    template <class T>
    void operator()(T* handle) const noexcept {
        free_function(handle);
    }
};

inline void free_certificates(STACK_OF(X509) * certificates) noexcept {
    sk_X509_pop_free(certificates, X509_free);
}
inline void free_openssl(void* memory) noexcept {
    OPENSSL_free(memory);
}

using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, Deleter<CMS_ContentInfo_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<X509_free>>;
using CertificatesPtr = std::unique_ptr<STACK_OF(X509), Deleter<free_certificates>>;
using PssPtr = std::unique_ptr<RSA_PSS_PARAMS, Deleter<RSA_PSS_PARAMS_free>>;
using OpensslBytes = std::unique_ptr<std::uint8_t, Deleter<free_openssl>>;

/// Empties the thread's error queue when it goes, whatever the outcome: a stale entry misleads the next SSL call.
class ErrorQueueGuard final {
public:
    ErrorQueueGuard() { ERR_clear_error(); }
    ~ErrorQueueGuard() { ERR_clear_error(); }
    ErrorQueueGuard(const ErrorQueueGuard&) = delete;
    ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

/// OpenSSL's last reason as text; "no reason given" when the queue is empty.
[[nodiscard]] std::string last_openssl_reason();

/// A read-only BIO over `bytes`, which must outlive it.
[[nodiscard]] BioPtr open_bio(BytesView bytes);

/// A passphrase callback for readers of PEM: OpenSSL's own one asks on the terminal, where nobody is.
[[nodiscard]] int refuse_passphrase(char* buffer, int size, int is_writing, void* context);

/// The first certificate and the private key of PEM texts; null when there is none or it is encrypted (no prompt).
[[nodiscard]] X509Ptr read_pem_certificate(std::string_view pem);
[[nodiscard]] KeyPtr read_pem_key(std::string_view pem);

/// DER of a certificate and of a Name; empty when OpenSSL cannot encode it.
[[nodiscard]] Bytes encode(const X509* certificate);
[[nodiscard]] Bytes encode(const X509_NAME* name);
/// Content octets of an INTEGER.
[[nodiscard]] Bytes content_octets(const ASN1_INTEGER* number);

/// RSA of 2048 bits and up, or EC over the named curve P-256 or P-384 (protocol.md §3, §4).
[[nodiscard]] bool is_strong_key(const EVP_PKEY* key) noexcept;
/// SHA-256, SHA-384 or SHA-512, by OpenSSL's NID.
[[nodiscard]] bool is_strong_digest(int nid) noexcept;

/// A signature by `key` under this AlgorithmIdentifier: RSA (PKCS #1 v1.5 or PSS) or ECDSA, with a strong digest.
/// `digest_nid`: the digest it must use, NID_undef for any. Plain rsaEncryption (RFC 3370 §3.2) needs a given digest.
[[nodiscard]] bool is_strong_signature(const X509_ALGOR* algorithm, const EVP_PKEY* key, int digest_nid) noexcept;

} // namespace relay::protocol::cms
