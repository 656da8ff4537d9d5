// Which keys and signature algorithms count as strong (protocol.md §3, §4), each parameter on its own.
#include "protocol/cms/issuer_serial.hpp"
#include "protocol/cms/openssl.hpp"

#include "tests/support/der_tree.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/x509.h>

using namespace relay;
using namespace relay::protocol;
using test::der_constructed;
using test::der_primitive;
using test::DerNode;
using test::KeyKind;

namespace {

using AlgorithmPtr = std::unique_ptr<X509_ALGOR, cms::Deleter<X509_ALGOR_free>>;

const Bytes pss_oid{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A};
const Bytes mgf1_oid{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x08};
const Bytes rsa_oid{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01};
const Bytes rsa_sha256_oid{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B};
const Bytes rsa_sha1_oid{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x05};
const Bytes ecdsa_sha256_oid{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
const Bytes sha256_oid{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
const Bytes sha512_oid{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};
const Bytes sha1_oid{0x2B, 0x0E, 0x03, 0x02, 0x1A};

DerNode named(const Bytes& oid) {
    return der_constructed(0x30, {der_primitive(0x06, oid)});
}

DerNode tagged(unsigned number, const DerNode& inside) {
    return der_constructed(static_cast<std::uint8_t>(0xA0U | number), {inside});
}

DerNode mask_by(const Bytes& generator, const DerNode& parameter) {
    return tagged(1, der_constructed(0x30, {der_primitive(0x06, generator), parameter}));
}

const DerNode hash = tagged(0, named(sha256_oid));
const DerNode mask = mask_by(mgf1_oid, named(sha256_oid));

DerNode number(unsigned tag, Bytes octets) {
    return tagged(tag, der_primitive(0x02, std::move(octets)));
}

AlgorithmPtr algorithm(const DerNode& node) {
    const Bytes der = node.encode();
    const std::uint8_t* at = der.data();
    AlgorithmPtr read(d2i_X509_ALGOR(nullptr, &at, static_cast<long>(der.size())));
    REQUIRE(read);
    return read;
}

bool is_strong_pss(const std::vector<DerNode>& parameters, int digest = NID_sha256) {
    const auto key = test::make_key(KeyKind::rsa2048);
    const auto made =
        algorithm(der_constructed(0x30, {der_primitive(0x06, pss_oid), der_constructed(0x30, parameters)}));
    return cms::is_strong_signature(made.get(), key.get(), digest);
}

bool is_strong(const Bytes& oid, KeyKind kind, int digest = NID_sha256) {
    const auto key = test::make_key(kind);
    return cms::is_strong_signature(algorithm(named(oid)).get(), key.get(), digest);
}

} // namespace

TEST_CASE("RSA-PSS declares its digest, its mask and a salt, all strong", "[cms]") {
    CHECK(is_strong_pss({hash, mask, number(2, {32})}));
    CHECK(is_strong_pss({hash, mask}));
    CHECK(is_strong_pss({hash, mask}, NID_undef));
    CHECK(is_strong_pss({hash, mask_by(mgf1_oid, named(sha512_oid)), number(2, {0})}));
    CHECK(is_strong_pss({hash, mask, number(2, {0x02, 0x00})}));
    CHECK(is_strong_pss({hash, mask, number(3, {1})}));
    CHECK_FALSE(is_strong_pss({}));
    CHECK_FALSE(is_strong_pss({hash}));
    CHECK_FALSE(is_strong_pss({mask}));
    CHECK_FALSE(is_strong_pss({tagged(0, named(sha1_oid)), mask}));
    CHECK_FALSE(is_strong_pss({tagged(0, named(sha512_oid)), mask}));
    CHECK_FALSE(is_strong_pss({hash, mask_by(mgf1_oid, named(sha1_oid))}));
    CHECK_FALSE(is_strong_pss({hash, mask_by(mgf1_oid, der_primitive(0x05, {}))}));
    CHECK_FALSE(is_strong_pss({hash, mask_by(mgf1_oid, der_constructed(0x30, {}))}));
    CHECK_FALSE(is_strong_pss({hash, mask_by(sha256_oid, named(sha256_oid))}));
    CHECK_FALSE(is_strong_pss({hash, tagged(1, named(mgf1_oid))}));
    CHECK_FALSE(is_strong_pss({hash, mask, number(2, {0xFF})}));
    CHECK_FALSE(is_strong_pss({hash, mask, number(2, {0x02, 0x01})}));
    CHECK_FALSE(is_strong_pss({hash, mask, number(3, {2})}));
    CHECK_FALSE(is_strong_pss({der_primitive(0x05, {})}));
    CHECK_FALSE(is_strong(pss_oid, KeyKind::rsa2048));
    CHECK_FALSE(is_strong(pss_oid, KeyKind::p256));
}

TEST_CASE("A signature algorithm fits its key and its digest", "[cms]") {
    CHECK(is_strong(rsa_oid, KeyKind::rsa2048));
    CHECK_FALSE(is_strong(rsa_oid, KeyKind::p256));
    CHECK_FALSE(is_strong(rsa_oid, KeyKind::rsa2048, NID_sha1));
    CHECK(is_strong(rsa_sha256_oid, KeyKind::rsa2048));
    CHECK(is_strong(rsa_sha256_oid, KeyKind::rsa2048, NID_undef));
    CHECK_FALSE(is_strong(rsa_sha256_oid, KeyKind::p256));
    CHECK_FALSE(is_strong(rsa_sha256_oid, KeyKind::rsa2048, NID_sha512));
    CHECK_FALSE(is_strong(rsa_sha1_oid, KeyKind::rsa2048, NID_undef));
    CHECK(is_strong(ecdsa_sha256_oid, KeyKind::p256));
    CHECK_FALSE(is_strong(ecdsa_sha256_oid, KeyKind::rsa2048));
    CHECK_FALSE(is_strong(sha256_oid, KeyKind::rsa2048));
    const auto key = test::make_key(KeyKind::p256);
    CHECK_FALSE(cms::is_strong_signature(nullptr, key.get(), NID_sha256));
    CHECK_FALSE(cms::is_strong_signature(algorithm(named(rsa_oid)).get(), nullptr, NID_sha256));
}

TEST_CASE("Keys are RSA of 2048 bits and up or of the two named curves", "[cms]") {
    CHECK(cms::is_strong_key(test::make_key(KeyKind::rsa2048).get()));
    CHECK(cms::is_strong_key(test::make_key(KeyKind::p256).get()));
    CHECK(cms::is_strong_key(test::make_key(KeyKind::p384).get()));
    CHECK_FALSE(cms::is_strong_key(nullptr));
    for (const auto kind : {KeyKind::rsa1024, KeyKind::p521, KeyKind::secp256k1, KeyKind::ed25519}) {
        CHECK_FALSE(cms::is_strong_key(test::make_key(kind).get()));
    }
}

TEST_CASE("A curve that is spelled out instead of named is not taken for the named one", "[cms]") {
    const auto named_key = test::make_key(KeyKind::p256);
    REQUIRE(
        EVP_PKEY_set_utf8_string_param(named_key.get(), OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT) ==
        1
    );
    std::uint8_t* der = nullptr;
    const int size = i2d_PUBKEY(named_key.get(), &der);
    REQUIRE(size > 200);
    const cms::OpensslBytes owned(der);
    const std::uint8_t* at = der;
    const cms::KeyPtr explicit_key(d2i_PUBKEY(nullptr, &at, size));
    REQUIRE(explicit_key);
    CHECK_FALSE(cms::is_strong_key(explicit_key.get()));
}

TEST_CASE("What OpenSSL gives no reason for is told as that", "[cms]") {
    ERR_clear_error();
    CHECK(cms::last_openssl_reason() == "no reason given");
    CHECK_FALSE(cms::read_pem_certificate(""));
    CHECK(cms::last_openssl_reason() == "no start line");
    CHECK_FALSE(cms::read_pem_key("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
    ERR_clear_error();
}

TEST_CASE("Issuer and serial number are told apart wherever the border lies", "[cms]") {
    const Bytes a{1, 2};
    const Bytes b{3};
    const Digest digest = cms::issuer_serial_digest(a, b);
    CHECK(digest == cms::issuer_serial_digest(a, b));
    CHECK_FALSE(digest == cms::issuer_serial_digest(Bytes{1}, Bytes{2, 3}));
    CHECK_FALSE(digest == cms::issuer_serial_digest(b, a));
    CHECK(digest == Digest::of(BytesView(Bytes{0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 3})));
}
