#include "tests/support/test_pki.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <map>
#include <memory>
#include <stdexcept>

namespace relay::test {
namespace {

using protocol::cms::BioPtr;
using protocol::cms::Deleter;

using CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Deleter<ASN1_INTEGER_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Deleter<ASN1_TIME_free>>;

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::runtime_error(std::string("test PKI: ") + what + ": " + protocol::cms::last_openssl_reason());
    }
}

TimePtr asn1_time(protocol::Time time) {
    return TimePtr(
        ASN1_TIME_set(nullptr, std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count())
    );
}

KeyPtr share(EVP_PKEY* key) {
    EVP_PKEY_up_ref(key);
    return KeyPtr(key);
}

EVP_PKEY* rsa_key(std::size_t bits) {
    static std::map<std::size_t, KeyPtr> keys;
    KeyPtr& key = keys[bits];
    if (!key) {
        key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
    }
    return key.get();
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

template <class Write>
std::string to_pem(Write write) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    require(write(bio.get()) == 1, "PEM");
    const Bytes bytes = take_bytes(bio.get());
    return std::string(protocol::as_text(bytes));
}

} // namespace

Bytes take_bytes(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return protocol::to_bytes(protocol::as_bytes({data, static_cast<std::size_t>(size)}));
}

protocol::Time test_now() {
    return *protocol::parse_rfc3339("2026-11-20T00:00:00Z");
}

KeyPtr make_key(KeyKind kind) {
    KeyPtr key;
    switch (kind) {
    case KeyKind::rsa1024:
        key = share(rsa_key(1024));
        break;
    case KeyKind::rsa2048:
        key = share(rsa_key(2048));
        break;
    case KeyKind::p256:
        key.reset(EVP_EC_gen("P-256"));
        break;
    case KeyKind::p384:
        key.reset(EVP_EC_gen("P-384"));
        break;
    case KeyKind::p521:
        key.reset(EVP_EC_gen("P-521"));
        break;
    case KeyKind::secp256k1:
        key.reset(EVP_EC_gen("secp256k1"));
        break;
    case KeyKind::ed25519:
        key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
        break;
    }
    require(key != nullptr, "key");
    return key;
}

Bytes TestCertificate::der() const {
    Bytes out(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)));
    std::uint8_t* at = out.data();
    i2d_X509(certificate.get(), &at);
    return out;
}

std::string TestCertificate::pem() const {
    return to_pem([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
}

std::string TestCertificate::key_pem() const {
    return to_pem([this](BIO* bio) {
        return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

Bytes TestCertificate::issuer_der() const {
    const std::uint8_t* der = nullptr;
    std::size_t size = 0;
    require(X509_NAME_get0_der(X509_get_issuer_name(certificate.get()), &der, &size) == 1, "issuer");
    return {der, der + size};
}

Bytes TestCertificate::serial() const {
    std::uint8_t* der = nullptr;
    const int size = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate.get()), &der);
    const protocol::cms::OpensslBytes owned(der);
    require(size > 2, "serial");
    return {der + 2, der + size};
}

TestCertificate make_certificate(const CertificateRecipe& recipe) {
    TestCertificate made{X509Ptr(X509_new()), nullptr};
    made.key = recipe.same_key == nullptr ? make_key(recipe.key)
                                          : KeyPtr(EVP_PKEY_dup(const_cast<EVP_PKEY*>(recipe.same_key)));
    X509* certificate = made.certificate.get();
    X509_set_version(certificate, recipe.version - 1);
    std::uint64_t serial = static_cast<std::uint64_t>(recipe.serial);
    if (serial == 0) {
        require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "random");
        serial >>= 1U;
    }
    require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1, "serial");
    X509_NAME* subject = X509_get_subject_name(certificate);
    for (const std::string& name : recipe.common_names) {
        X509_NAME_add_entry_by_txt(
            subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0
        );
    }
    X509* issuer = recipe.issuer == nullptr ? certificate : recipe.issuer->certificate.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    X509_set1_notBefore(certificate, asn1_time(recipe.not_before).get());
    X509_set1_notAfter(certificate, asn1_time(recipe.not_after).get());
    X509_set_pubkey(certificate, made.key.get());
    if (recipe.version == 3) {
        if (recipe.ca) {
            add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
            add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
        }
        if (recipe.key_identifier) {
            add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
        }
        for (const auto& [nid, value] : recipe.extensions) {
            add_extension(certificate, issuer, nid, value);
        }
    }
    EVP_PKEY* signer = recipe.issuer == nullptr ? made.key.get() : recipe.issuer->key.get();
    const bool own_digest = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
    require(
        X509_sign(certificate, signer, own_digest ? nullptr : EVP_get_digestbyname(recipe.digest.c_str())) > 0,
        "signature"
    );
    return made;
}

std::string make_crl_pem(const TestCertificate& issuer, const CrlRecipe& recipe) {
    const CrlPtr crl(X509_CRL_new());
    X509_CRL_set_version(crl.get(), 1);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.get()));
    X509_CRL_set1_lastUpdate(crl.get(), asn1_time(recipe.last_update).get());
    X509_CRL_set1_nextUpdate(crl.get(), asn1_time(recipe.next_update).get());
    for (const TestCertificate* revoked : recipe.revoked) {
        X509_REVOKED* entry = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->certificate.get()));
        X509_REVOKED_set_revocationDate(entry, asn1_time(recipe.last_update).get());
        require(X509_CRL_add0_revoked(crl.get(), entry) == 1, "CRL entry");
    }
    X509_CRL_sort(crl.get());
    require(X509_CRL_sign(crl.get(), issuer.key.get(), EVP_sha256()) > 0, "CRL");
    return to_pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl.get()); });
}

} // namespace relay::test
