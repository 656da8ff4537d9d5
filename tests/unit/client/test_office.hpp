// A certificate and key made on the spot, self-signed, so that it is its own CA.
#pragma once

#include "client/crypto/certificates.hpp"
#include "client/files.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <catch2/catch.hpp>

#include <string>

namespace relay::client::testing {

/// Whether it worked; when it did not, the test's report says why.
template <class T>
bool ok(const boost::system::result<T, Failure>& outcome) {
    if (!outcome) {
        UNSCOPED_INFO(outcome.error().text);
    }
    return outcome.has_value();
}

enum class KeyKind { p256, rsa2048 };

inline std::string pem_of(const Handle<BIO>& bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

/// Another certificate with a key that is there.
inline Identity make_office(Handle<EVP_PKEY> key, const std::string& organization = "") {
    const Handle<X509> x509(X509_new());
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), std::rand() + 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
    X509_set_pubkey(x509.get(), key.get());
    auto* name = X509_get_subject_name(x509.get());
    const auto add = [&](const char* field, const std::string& value) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
        X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, static_cast<int>(value.size()), -1, 0);
    };
    add("CN", "KJ000000000001");
    if (!organization.empty()) {
        add("organizationIdentifier", organization);
    }
    X509_set_issuer_name(x509.get(), name);
    REQUIRE(X509_sign(x509.get(), key.get(), EVP_sha256()) > 0);
    const Handle<BIO> certificate_pem(BIO_new(BIO_s_mem()));
    const Handle<BIO> key_pem(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(certificate_pem.get(), x509.get());
    PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    auto certificate = Certificate::from_pem(pem_of(certificate_pem));
    REQUIRE(ok(certificate));
    return {pem_of(certificate_pem), pem_of(key_pem), *certificate, std::move(key)};
}

inline Identity make_office(KeyKind kind, const std::string& organization = "") {
    return make_office(Handle<EVP_PKEY>(kind == KeyKind::p256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048)), organization);
}

/// The office's certificate renewed, with the key that it had.
inline Identity renew(const Identity& office) {
    EVP_PKEY_up_ref(office.key.get());
    return make_office(Handle<EVP_PKEY>(office.key.get()));
}

inline void put_file(const fs::path& path, std::string_view content) {
    auto file = File::create(path);
    REQUIRE(ok(file));
    REQUIRE(ok(file->write(protocol::as_bytes(content))));
}

/// Bytes that do not compress and do not repeat.
inline std::string noise(std::size_t size) {
    std::string text(size, '\0');
    std::uint32_t state = 12345;
    for (char& c : text) {
        state = state * 1664525U + 1013904223U;
        c = static_cast<char>(state >> 24U);
    }
    return text;
}

} // namespace relay::client::testing
