#include "protocol/cms/signed_data.hpp"

#include "protocol/cms/verifier.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>

using namespace relay;
using namespace relay::protocol;
using test::KeyKind;

namespace {

constexpr unsigned usual = CMS_CADES | CMS_BINARY | CMS_PARTIAL;
const Bytes manifest = to_bytes(as_bytes(R"({"version":1})"));

struct Signing {
    unsigned flags = usual;
    const EVP_MD* digest = EVP_sha256();
    bool pss = false;
    bool streamed = false; ///< BER with indefinite lengths
    std::vector<const test::TestCertificate*> further_signers{};
    const test::TestCertificate* include = nullptr;
    int content_type = NID_pkcs7_data;
};

Bytes sign_with(const test::TestCertificate& signer, const Signing& how = {}) {
    const cms::BioPtr input = cms::open_bio(manifest);
    const cms::CmsPtr cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, how.flags));
    REQUIRE(CMS_set1_eContentType(cms.get(), OBJ_nid2obj(how.content_type)) == 1);
    const unsigned pss_flag = how.pss ? CMS_KEY_PARAM : 0U;
    CMS_SignerInfo* info =
        CMS_add1_signer(cms.get(), signer.certificate.get(), signer.key.get(), how.digest, how.flags | pss_flag);
    REQUIRE(info != nullptr);
    if (how.pss) {
        REQUIRE(EVP_PKEY_CTX_set_rsa_padding(CMS_SignerInfo_get0_pkey_ctx(info), RSA_PKCS1_PSS_PADDING) == 1);
    }
    for (const auto* further : how.further_signers) {
        REQUIRE(CMS_add1_signer(cms.get(), further->certificate.get(), further->key.get(), how.digest, how.flags));
    }
    if (how.include != nullptr) {
        REQUIRE(CMS_add1_cert(cms.get(), how.include->certificate.get()) == 1);
    }
    const cms::BioPtr out(BIO_new(BIO_s_mem()));
    if (how.streamed) {
        REQUIRE(i2d_CMS_bio_stream(out.get(), cms.get(), input.get(), static_cast<int>(how.flags)) == 1);
    } else {
        REQUIRE(CMS_final(cms.get(), input.get(), nullptr, how.flags) == 1);
        REQUIRE(i2d_CMS_bio(out.get(), cms.get()) == 1);
    }
    return test::take_bytes(out.get());
}

/// Knows every signer of this process, and must never accept what cms::verify() refuses.
cms::Verifier& verifier() {
    static cms::Verifier one;
    return one;
}

void require_good(const Bytes& signed_data, const test::TestCertificate& signer) {
    const auto verified = cms::verify(signed_data);
    INFO((verified ? std::string() : verified.error().cause));
    REQUIRE(verified.has_value());
    CHECK(verified->content == manifest);
    CHECK(verified->signer_certificate == signer.der());
    CHECK(verified->signer_sha256 == Digest::of(BytesView(signer.der())));
    for (int i = 0; i < 2; ++i) {
        const auto again = verifier().verify(signed_data);
        REQUIRE(again.has_value());
        CHECK(again->content == verified->content);
        CHECK(again->signer_certificate == verified->signer_certificate);
        CHECK(again->signer_sha256 == verified->signer_sha256);
    }
    CHECK(ERR_peek_error() == 0);
}

void require_refused(const Bytes& signed_data, std::string_view reason = {}) {
    const auto verified = cms::verify(signed_data);
    REQUIRE(verified.has_error());
    CHECK(verified.error().code == ErrorCode::bad_signature);
    CHECK(verified.error().cause.starts_with("CMS: "));
    INFO(verified.error().cause);
    CHECK(verified.error().cause.find(reason) != std::string::npos);
    CHECK_FALSE(verifier().verify_known(signed_data).has_value());
    CHECK(verifier().verify(signed_data).has_error());
    CHECK(ERR_peek_error() == 0);
}

} // namespace

TEST_CASE("What sign makes, verify takes, for every accepted kind of key", "[cms]") {
    const auto kind = GENERATE(KeyKind::rsa2048, KeyKind::p256, KeyKind::p384);
    const auto signer = test::make_certificate({.key = kind});
    const auto signed_data = cms::sign(manifest, signer.pem(), signer.key_pem());
    REQUIRE(signed_data.has_value());
    require_good(*signed_data, signer);
}

TEST_CASE("SHA-256, SHA-384 and SHA-512 are taken, weaker digests are not", "[cms]") {
    const auto signer = test::make_certificate({.key = GENERATE(KeyKind::rsa2048, KeyKind::p256)});
    require_good(sign_with(signer, {.digest = EVP_sha384()}), signer);
    require_good(sign_with(signer, {.digest = EVP_sha512()}), signer);
    require_refused(sign_with(signer, {.digest = EVP_sha1()}), "algorithm");
    require_refused(sign_with(signer, {.digest = EVP_sha224()}), "algorithm");
}

TEST_CASE("RSA-PSS is taken", "[cms]") {
    const auto signer = test::make_certificate({.key = KeyKind::rsa2048});
    require_good(sign_with(signer, {.pss = true}), signer);
    require_good(sign_with(signer, {.digest = EVP_sha512(), .pss = true}), signer);
    require_refused(sign_with(signer, {.digest = EVP_sha1(), .pss = true}));
}

TEST_CASE("BER with indefinite lengths is taken", "[cms]") {
    const auto signer = test::make_certificate();
    const Bytes signed_data = sign_with(signer, {.flags = usual | CMS_STREAM, .streamed = true});
    REQUIRE(signed_data.at(1) == 0x80);
    require_good(signed_data, signer);
}

TEST_CASE("A signer may be named by its key identifier", "[cms]") {
    const auto signer = test::make_certificate();
    require_good(sign_with(signer, {.flags = usual | CMS_USE_KEYID}), signer);
}

TEST_CASE("Further certificates may be included", "[cms]") {
    const auto signer = test::make_certificate();
    const auto other = test::make_certificate({.ca = true});
    require_good(sign_with(signer, {.include = &other}), signer);
}

TEST_CASE("Weak and unusual keys are refused", "[cms]") {
    const auto kind = GENERATE(KeyKind::rsa1024, KeyKind::p521, KeyKind::secp256k1);
    require_refused(sign_with(test::make_certificate({.key = kind})), "algorithm");
}

TEST_CASE("A SignedData that lacks something is refused", "[cms]") {
    const auto signer = test::make_certificate();
    const auto second = test::make_certificate({.common_names = {"KJ000000000002"}});
    SECTION("detached content") {
        require_refused(sign_with(signer, {.flags = usual | CMS_DETACHED}), "detached");
    }
    SECTION("no signing-certificate-v2") {
        require_refused(sign_with(signer, {.flags = CMS_BINARY | CMS_PARTIAL}), "signing-certificate-v2");
    }
    SECTION("no signed attributes") {
        require_refused(sign_with(signer, {.flags = CMS_BINARY | CMS_PARTIAL | CMS_NOATTR}), "content-type attribute");
    }
    SECTION("no certificate") {
        require_refused(sign_with(signer, {.flags = usual | CMS_NOCERTS}), "unexpected");
    }
    SECTION("somebody else's certificate only") {
        require_refused(
            sign_with(signer, {.flags = usual | CMS_NOCERTS, .include = &second}), "certificate not included"
        );
    }
    SECTION("two signers") {
        require_refused(sign_with(signer, {.further_signers = {&second}}), "behind the last");
    }
    SECTION("another content type") {
        require_refused(sign_with(signer, {.content_type = NID_id_smime_ct_TSTInfo}), "not id-data");
    }
    SECTION("nothing at all") {
        require_refused({});
    }
    SECTION("text") {
        require_refused(manifest);
    }
}

TEST_CASE("A certificate with the signer's name, serial and key but other bytes does not stand in for it", "[cms]") {
    const auto signer = test::make_certificate({.serial = 7});
    const auto twin = test::make_certificate(
        {.same_key = signer.key.get(), .serial = 7, .not_after = test::test_now() + std::chrono::hours(48)}
    );
    require_refused(sign_with(signer, {.flags = usual | CMS_NOCERTS, .include = &twin}), "another certificate");
    SECTION("nor may both be included: which one signed would be open") {
        require_refused(sign_with(signer, {.include = &twin}), "included once");
    }
}

TEST_CASE("Bytes behind the structure are refused", "[cms]") {
    const auto signer = test::make_certificate();
    for (const bool streamed : {false, true}) {
        Bytes signed_data = sign_with(signer, {.flags = streamed ? usual | CMS_STREAM : usual, .streamed = streamed});
        signed_data.push_back(0);
        require_refused(signed_data);
        signed_data.push_back(0);
        require_refused(signed_data);
    }
}

TEST_CASE("A SignedData cut anywhere is refused", "[cms]") {
    const auto signer = test::make_certificate();
    const bool streamed = GENERATE(false, true);
    const Bytes signed_data = sign_with(signer, {.flags = streamed ? usual | CMS_STREAM : usual, .streamed = streamed});
    for (std::size_t size = 0; size < signed_data.size(); ++size) {
        const auto verified = cms::verify(BytesView(signed_data).first(size));
        REQUIRE(verified.has_error());
    }
}

TEST_CASE("No changed byte changes what is taken for signed", "[cms]") {
    const auto signer = test::make_certificate();
    const Bytes good = sign_with(signer);
    for (std::size_t at = 0; at < good.size(); ++at) {
        Bytes changed = good;
        changed[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
        const auto verified = cms::verify(changed);
        if (verified) {
            INFO("byte " << at);
            REQUIRE(verified->content == manifest);
            REQUIRE(verified->signer_certificate == signer.der());
        }
    }
    Bytes other_content = good;
    const auto found = std::search(other_content.begin(), other_content.end(), manifest.begin(), manifest.end());
    REQUIRE(found != other_content.end());
    *(found + 2) = 'V';
    require_refused(other_content);
}

TEST_CASE("A structure stuffed with certificates is refused before they are decoded", "[cms]") {
    const auto signer = test::make_certificate();
    std::vector<test::TestCertificate> many;
    const cms::CmsPtr cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, usual));
    REQUIRE(CMS_add1_signer(cms.get(), signer.certificate.get(), signer.key.get(), EVP_sha256(), usual));
    for (int i = 0; i < 16; ++i) {
        REQUIRE(CMS_add1_cert(cms.get(), test::make_certificate().certificate.get()) == 1);
    }
    const cms::BioPtr input = cms::open_bio(manifest);
    REQUIRE(CMS_final(cms.get(), input.get(), nullptr, usual) == 1);
    const cms::BioPtr out(BIO_new(BIO_s_mem()));
    REQUIRE(i2d_CMS_bio(out.get(), cms.get()) == 1);
    const auto verified = cms::verify(test::take_bytes(out.get()));
    REQUIRE(verified.has_error());
    CHECK(verified.error().cause == "CMS: too many elements");
}

TEST_CASE("Signing with an unreadable, encrypted or foreign key is an error", "[cms]") {
    const auto signer = test::make_certificate();
    const auto other = test::make_certificate();
    CHECK(cms::sign(manifest, "no PEM", signer.key_pem()).has_error());
    CHECK(cms::sign(manifest, signer.pem(), "").has_error());
    CHECK(cms::sign(manifest, signer.pem(), other.key_pem()).has_error());
    CHECK(ERR_peek_error() == 0);
}
