#include "auth/certificate.hpp"

#include "tests/support/der_tree.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using namespace relay::auth;
using test::KeyKind;

namespace {

Certificate read(const test::TestCertificate& made) {
    auto certificate = read_certificate(made.der());
    REQUIRE(certificate.has_value());
    return *certificate;
}

} // namespace

TEST_CASE("A certificate is read into its facts", "[auth]") {
    const auto ca = test::make_certificate({.common_names = {"CA"}, .ca = true});
    const auto made = test::make_certificate({.common_names = {"KJ123456789012"}, .issuer = &ca});
    const Certificate certificate = read(made);
    CHECK(certificate.der == made.der());
    CHECK(certificate.sha256 == Digest::of(BytesView(made.der())));
    CHECK(certificate.common_name == "KJ123456789012");
    CHECK(certificate.not_before == test::test_now() - std::chrono::hours(24));
    CHECK(certificate.not_after == test::test_now() + std::chrono::hours(24 * 365));
    CHECK(certificate.issuer_der == made.issuer_der());
    CHECK(certificate.serial == made.serial());
    const ASN1_OCTET_STRING* identifier = X509_get0_subject_key_id(made.certificate.get());
    CHECK(certificate.key_identifier == Bytes(identifier->data, identifier->data + identifier->length));
    CHECK(certificate.strong);
}

TEST_CASE("A certificate is valid from its first to its last moment", "[auth]") {
    const Certificate certificate = read(test::make_certificate());
    CHECK(certificate.valid_at(certificate.not_before));
    CHECK(certificate.valid_at(certificate.not_after));
    CHECK_FALSE(certificate.valid_at(certificate.not_before - std::chrono::milliseconds(1)));
    CHECK_FALSE(certificate.valid_at(certificate.not_after + std::chrono::milliseconds(1)));
}

TEST_CASE("Only exactly one CN is a common name", "[auth]") {
    CHECK_FALSE(read(test::make_certificate({.common_names = {}})).common_name);
    CHECK_FALSE(read(test::make_certificate({.common_names = {"KJ000000000001", "KJ000000000002"}})).common_name);
    CHECK(read(test::make_certificate({.common_names = {"事業所"}})).common_name == "事業所");
}

TEST_CASE("A certificate without a key identifier has none", "[auth]") {
    CHECK(read(test::make_certificate({.key_identifier = false})).key_identifier.empty());
}

TEST_CASE("Strong is what the protocol accepts of client certificates", "[auth]") {
    const auto strong = [](const test::CertificateRecipe& recipe) {
        return read(test::make_certificate(recipe)).strong;
    };
    CHECK(strong({.key = KeyKind::rsa2048}));
    CHECK(strong({.key = KeyKind::p256}));
    CHECK(strong({.key = KeyKind::p384}));
    CHECK(strong({.digest = "SHA384"}));
    CHECK(strong({.extensions = {{NID_ext_key_usage, "emailProtection,clientAuth"}}}));
    CHECK_FALSE(strong({.key = KeyKind::rsa1024}));
    CHECK_FALSE(strong({.key = KeyKind::p521}));
    CHECK_FALSE(strong({.key = KeyKind::secp256k1}));
    CHECK_FALSE(strong({.key = KeyKind::ed25519}));
    CHECK_FALSE(strong({.digest = "SHA1"}));
    CHECK_FALSE(strong({.digest = "SHA224"}));
    CHECK_FALSE(strong({.version = 1}));
    CHECK_FALSE(strong({.extensions = {{NID_ext_key_usage, "serverAuth"}}}));
}

TEST_CASE("PEM and DER give the same certificate", "[auth]") {
    const auto made = test::make_certificate();
    const auto from_pem = read_certificate_pem("some words before\n" + made.pem());
    REQUIRE(from_pem.has_value());
    CHECK(from_pem->sha256 == Digest::of(BytesView(made.der())));
    CHECK(to_pem(made.der()) == made.pem());
}

TEST_CASE("What is no certificate is refused", "[auth]") {
    const auto refused = [](const auto& result) {
        REQUIRE(result.has_error());
        CHECK(result.error().code == protocol::ErrorCode::malformed_request);
        CHECK(ERR_peek_error() == 0);
    };
    refused(read_certificate({}));
    refused(read_certificate_pem("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"));
    refused(read_certificate_pem(test::make_certificate().key_pem()));
    Bytes trailing = test::make_certificate().der();
    trailing.push_back(0);
    refused(read_certificate(trailing));
    const Bytes der = test::make_certificate().der();
    for (std::size_t size = 0; size < der.size(); ++size) {
        REQUIRE(read_certificate(BytesView(der).first(size)).has_error());
    }
}

TEST_CASE("A certificate larger than 64 KiB, or whose validity is no time, is refused", "[auth]") {
    CHECK(read_certificate(Bytes(64 * 1024 + 1, 0x30)).error().cause.find("larger") != std::string::npos);
    for (const std::size_t end : {0U, 1U}) {
        auto tree = test::parse_der(test::make_certificate().der());
        tree[0][4][end].content = protocol::to_bytes(protocol::as_bytes("261399000000Z"));
        CHECK(read_certificate(tree.encode()).has_error());
    }
    auto tree = test::parse_der(test::make_certificate().der());
    tree[0][4][1] = test::der_primitive(0x18, protocol::to_bytes(protocol::as_bytes("99991231235959Z")));
    CHECK(read_certificate(tree.encode())->not_after > test::test_now() + std::chrono::hours(24 * 365 * 7000));
}

TEST_CASE("A certificate in BER instead of DER is refused: it would have a second digest", "[auth]") {
    const auto made = test::make_certificate();
    const auto tree = test::parse_der(made.der());
    REQUIRE(tree.encode() == made.der());
    CHECK(read_certificate(tree.encode(test::Lengths::indefinite)).has_error());
    CHECK(read_certificate(tree.encode(test::Lengths::longest)).has_error());
}
