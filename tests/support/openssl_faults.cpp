#include "tests/support/openssl_faults.hpp"

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdarg>
#include <cstring>

namespace relay::test {
namespace {

thread_local int calls_left = -1; // until the one that fails; below 0: none does
thread_local const char* failed_one = nullptr;

bool must_fail(const char* name) {
    if (calls_left < 0 || calls_left-- > 0) {
        return false;
    }
    failed_one = name;
    return true;
}

} // namespace

OpensslFault::OpensslFault(int nth) {
    calls_left = nth;
    failed_one = nullptr;
}

OpensslFault::~OpensslFault() {
    calls_left = -1;
}

const char* OpensslFault::failed() const {
    return failed_one;
}

} // namespace relay::test

using relay::test::must_fail;

// NOLINTBEGIN: the linker's --wrap asks for these names
#define FAULTY0(Result, failure, name)                                                                                 \
    extern "C" Result __real_##name();                                                                                 \
    extern "C" Result __wrap_##name() {                                                                                \
        return must_fail(#name) ? failure : __real_##name();                                                           \
    }
#define FAULTY1(Result, failure, name, A)                                                                              \
    extern "C" Result __real_##name(A);                                                                                \
    extern "C" Result __wrap_##name(A a) {                                                                             \
        return must_fail(#name) ? failure : __real_##name(a);                                                          \
    }
#define FAULTY2(Result, failure, name, A, B)                                                                           \
    extern "C" Result __real_##name(A, B);                                                                             \
    extern "C" Result __wrap_##name(A a, B b) {                                                                        \
        return must_fail(#name) ? failure : __real_##name(a, b);                                                       \
    }
#define FAULTY3(Result, failure, name, A, B, C)                                                                        \
    extern "C" Result __real_##name(A, B, C);                                                                          \
    extern "C" Result __wrap_##name(A a, B b, C c) {                                                                   \
        return must_fail(#name) ? failure : __real_##name(a, b, c);                                                    \
    }
#define FAULTY4(Result, failure, name, A, B, C, D)                                                                     \
    extern "C" Result __real_##name(A, B, C, D);                                                                       \
    extern "C" Result __wrap_##name(A a, B b, C c, D d) {                                                              \
        return must_fail(#name) ? failure : __real_##name(a, b, c, d);                                                 \
    }
#define FAULTY5(Result, failure, name, A, B, C, D, E)                                                                  \
    extern "C" Result __real_##name(A, B, C, D, E);                                                                    \
    extern "C" Result __wrap_##name(A a, B b, C c, D d, E e) {                                                         \
        return must_fail(#name) ? failure : __real_##name(a, b, c, d, e);                                              \
    }
#define FAULTY6(Result, failure, name, A, B, C, D, E, F)                                                               \
    extern "C" Result __real_##name(A, B, C, D, E, F);                                                                 \
    extern "C" Result __wrap_##name(A a, B b, C c, D d, E e, F f) {                                                    \
        return must_fail(#name) ? failure : __real_##name(a, b, c, d, e, f);                                           \
    }
#define FAULTY7(Result, failure, name, A, B, C, D, E, F, G)                                                            \
    extern "C" Result __real_##name(A, B, C, D, E, F, G);                                                              \
    extern "C" Result __wrap_##name(A a, B b, C c, D d, E e, F f, G g) {                                               \
        return must_fail(#name) ? failure : __real_##name(a, b, c, d, e, f, g);                                        \
    }

using ConfValues = LHASH_OF(CONF_VALUE);
using Certificates = STACK_OF(X509);

// clang-format off
FAULTY0(X509*, nullptr, X509_new)
FAULTY0(X509_CRL*, nullptr, X509_CRL_new)
FAULTY0(X509_REVOKED*, nullptr, X509_REVOKED_new)
FAULTY0(X509_STORE_CTX*, nullptr, X509_STORE_CTX_new)
FAULTY0(ASN1_INTEGER*, nullptr, ASN1_INTEGER_new)
FAULTY0(ASN1_ENUMERATED*, nullptr, ASN1_ENUMERATED_new)
FAULTY0(EVP_MD_CTX*, nullptr, EVP_MD_CTX_new)
FAULTY1(BIO*, nullptr, BIO_new, const BIO_METHOD*)
FAULTY1(EVP_PKEY*, nullptr, X509_get_pubkey, X509*)
FAULTY1(Certificates*, nullptr, CMS_get1_certs, CMS_ContentInfo*)
FAULTY1(int, 0, X509_CRL_sort, X509_CRL*)
FAULTY1(int, 0, EVP_PKEY_verify_init, EVP_PKEY_CTX*)
FAULTY2(int, 0, RAND_bytes, unsigned char*, int)
FAULTY2(BIO*, nullptr, BIO_new_mem_buf, const void*, int)
FAULTY2(ASN1_INTEGER*, nullptr, BN_to_ASN1_INTEGER, const BIGNUM*, ASN1_INTEGER*)
FAULTY2(ASN1_TIME*, nullptr, ASN1_TIME_set, ASN1_TIME*, time_t)
FAULTY2(int, 0, ASN1_TIME_to_tm, const ASN1_TIME*, tm*)
FAULTY2(int, 0, ASN1_ENUMERATED_set, ASN1_ENUMERATED*, long)
FAULTY2(int, 0, ASN1_INTEGER_set_int64, ASN1_INTEGER*, int64_t)
FAULTY2(int, -1, ASN1_STRING_to_UTF8, unsigned char**, const ASN1_STRING*)
FAULTY2(int, 0, X509_set_serialNumber, X509*, ASN1_INTEGER*)
FAULTY2(int, 0, X509_set_version, X509*, long)
FAULTY2(int, 0, X509_set_issuer_name, X509*, const X509_NAME*)
FAULTY2(int, 0, X509_set1_notBefore, X509*, const ASN1_TIME*)
FAULTY2(int, 0, X509_set1_notAfter, X509*, const ASN1_TIME*)
FAULTY2(int, 0, X509_set_pubkey, X509*, EVP_PKEY*)
FAULTY2(int, 0, X509_check_private_key, const X509*, const EVP_PKEY*)
FAULTY2(int, 0, X509_REVOKED_set_serialNumber, X509_REVOKED*, ASN1_INTEGER*)
FAULTY2(int, 0, X509_REVOKED_set_revocationDate, X509_REVOKED*, ASN1_TIME*)
FAULTY2(int, 0, X509_CRL_set_version, X509_CRL*, long)
FAULTY2(int, 0, X509_CRL_set_issuer_name, X509_CRL*, const X509_NAME*)
FAULTY2(int, 0, X509_CRL_set1_lastUpdate, X509_CRL*, const ASN1_TIME*)
FAULTY2(int, 0, X509_CRL_set1_nextUpdate, X509_CRL*, const ASN1_TIME*)
FAULTY2(int, 0, X509_CRL_add0_revoked, X509_CRL*, X509_REVOKED*)
FAULTY2(int, 0, PEM_write_bio_X509_CRL, BIO*, const X509_CRL*)
FAULTY2(int, -1, i2d_X509, const X509*, unsigned char**)
FAULTY2(int, -1, i2d_ASN1_INTEGER, const ASN1_INTEGER*, unsigned char**)
FAULTY2(int, -1, i2d_CMS_ContentInfo, const CMS_ContentInfo*, unsigned char**)
FAULTY2(int, 0, EVP_PKEY_CTX_set_rsa_padding, EVP_PKEY_CTX*, int)
FAULTY2(int, 0, EVP_PKEY_CTX_set_signature_md, EVP_PKEY_CTX*, const EVP_MD*)
FAULTY3(BIGNUM*, nullptr, BN_bin2bn, const unsigned char*, int, BIGNUM*)
FAULTY3(int, 0, X509_add_ext, X509*, X509_EXTENSION*, int)
FAULTY3(int, 0, X509_CRL_add_ext, X509_CRL*, X509_EXTENSION*, int)
FAULTY3(int, 0, X509_sign, X509*, EVP_PKEY*, const EVP_MD*)
FAULTY3(int, 0, X509_CRL_sign, X509_CRL*, EVP_PKEY*, const EVP_MD*)
FAULTY3(int, 0, X509_NAME_get0_der, const X509_NAME*, const unsigned char**, size_t*)
FAULTY3(X509*, nullptr, d2i_X509, X509**, const unsigned char**, long)
FAULTY3(CMS_ContentInfo*, nullptr, d2i_CMS_ContentInfo, CMS_ContentInfo**, const unsigned char**, long)
FAULTY3(int, 0, EVP_DigestInit_ex2, EVP_MD_CTX*, const EVP_MD*, const OSSL_PARAM*)
FAULTY3(int, 0, EVP_DigestUpdate, EVP_MD_CTX*, const void*, size_t)
FAULTY3(int, 0, EVP_DigestFinal_ex, EVP_MD_CTX*, unsigned char*, unsigned int*)
FAULTY3(int, 0, EVP_PKEY_get_int_param, const EVP_PKEY*, const char*, int*)
FAULTY3(EVP_PKEY_CTX*, nullptr, EVP_PKEY_CTX_new_from_pkey, OSSL_LIB_CTX*, EVP_PKEY*, const char*)
FAULTY4(X509_EXTENSION*, nullptr, X509V3_EXT_conf_nid, ConfValues*, X509V3_CTX*, int, const char*)
FAULTY4(X509*, nullptr, PEM_read_bio_X509, BIO*, X509**, pem_password_cb*, void*)
FAULTY4(X509_REQ*, nullptr, PEM_read_bio_X509_REQ, BIO*, X509_REQ**, pem_password_cb*, void*)
FAULTY4(EVP_PKEY*, nullptr, PEM_read_bio_PrivateKey, BIO*, EVP_PKEY**, pem_password_cb*, void*)
FAULTY4(int, 0, X509_STORE_CTX_init, X509_STORE_CTX*, X509_STORE*, X509*, Certificates*)
FAULTY4(int, 0, EVP_PKEY_get_group_name, const EVP_PKEY*, char*, size_t, size_t*)
FAULTY4(int, 0, CMS_final, CMS_ContentInfo*, BIO*, BIO*, unsigned int)
FAULTY5(int, 0, X509_get_signature_info, X509*, int*, int*, int*, uint32_t*)
FAULTY5(int, 0, X509_REVOKED_add1_ext_i2d, X509_REVOKED*, int, void*, int, unsigned long)
FAULTY5(int, 0, X509_CRL_add1_ext_i2d, X509_CRL*, int, void*, int, unsigned long)
FAULTY5(CMS_SignerInfo*, nullptr, CMS_add1_signer, CMS_ContentInfo*, X509*, EVP_PKEY*, const EVP_MD*, unsigned int)
FAULTY5(CMS_ContentInfo*, nullptr, CMS_sign, X509*, EVP_PKEY*, Certificates*, BIO*, unsigned int)
FAULTY6(int, 0, EVP_Digest, const void*, size_t, unsigned char*, unsigned int*, const EVP_MD*, ENGINE*)
FAULTY7(int, 0, X509_NAME_add_entry_by_NID, X509_NAME*, int, int, const unsigned char*, int, int, int)
FAULTY7(int, 0, PEM_write_bio_PKCS8PrivateKey, BIO*, const EVP_PKEY*, const EVP_CIPHER*, const char*, int, pem_password_cb*, void*)
// clang-format on

// FAULTY(, , EVP_PKEY_Q_keygen): takes the curve's name or the size in bits.
extern "C" EVP_PKEY* __real_EVP_PKEY_Q_keygen(OSSL_LIB_CTX*, const char*, const char*, ...);
extern "C" EVP_PKEY* __wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX* library, const char* queries, const char* type, ...) {
    if (must_fail("EVP_PKEY_Q_keygen")) {
        return nullptr;
    }
    std::va_list rest;
    va_start(rest, type);
    EVP_PKEY* made = std::strcmp(type, "RSA") == 0
                         ? __real_EVP_PKEY_Q_keygen(library, queries, type, va_arg(rest, std::size_t))
                         : __real_EVP_PKEY_Q_keygen(library, queries, type, va_arg(rest, char*));
    va_end(rest);
    return made;
}
// NOLINTEND
