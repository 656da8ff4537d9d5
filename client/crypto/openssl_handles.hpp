// OpenSSL's objects as owners, and its error queue as text.
#pragma once

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <string>

namespace relay::client {

struct FreeOpenSsl {
    void operator()(BIO* p) const { BIO_free(p); }
    void operator()(X509* p) const { X509_free(p); }
    void operator()(X509_STORE* p) const { X509_STORE_free(p); }
    void operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(CMS_ContentInfo* p) const { CMS_ContentInfo_free(p); }
    void operator()(BIO_METHOD* p) const { BIO_meth_free(p); }
};

template <class T>
using Handle = std::unique_ptr<T, FreeOpenSsl>;

/// The last reason in the thread's error queue, which is then empty.
[[nodiscard]] std::string take_openssl_reason();

} // namespace relay::client
