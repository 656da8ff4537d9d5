// The short way of a signer that was seen before. That it accepts nothing which the full path refuses is also asked in
// signed_data_test, signed_data_forms_test and signature_forms_test, for every form they know, and by the fuzzer
// known_signer.
#include "protocol/cms/verifier.hpp"

#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

using namespace relay;
using namespace relay::protocol;
using test::KeyKind;

namespace {

constexpr unsigned usual = CMS_CADES | CMS_BINARY | CMS_PARTIAL;

/// Signs with what `prepare` does to the SignerInfo before the attributes are signed.
Bytes sign_with(
    const test::TestCertificate& signer,
    std::string_view content,
    unsigned flags = usual | CMS_NOSMIMECAP,
    const std::function<void(CMS_SignerInfo*)>& prepare = [](CMS_SignerInfo*) {}
) {
    const cms::CmsPtr cms(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags));
    CMS_SignerInfo* info = CMS_add1_signer(cms.get(), signer.certificate.get(), signer.key.get(), EVP_sha256(), flags);
    REQUIRE(info != nullptr);
    prepare(info);
    const cms::BioPtr input = cms::open_bio(as_bytes(content));
    REQUIRE(CMS_final(cms.get(), input.get(), nullptr, flags) == 1);
    const cms::BioPtr out(BIO_new(BIO_s_mem()));
    REQUIRE(i2d_CMS_bio(out.get(), cms.get()) == 1);
    return test::take_bytes(out.get());
}

void add_time(CMS_SignerInfo* info, int type, std::string_view text) {
    REQUIRE(
        CMS_signed_add1_attr_by_NID(info, NID_pkcs9_signingTime, type, text.data(), static_cast<int>(text.size())) == 1
    );
}

} // namespace

TEST_CASE("A signer seen before is verified the short way, whatever the content", "[cms]") {
    const auto signer = test::make_certificate({.key = GENERATE(KeyKind::p256, KeyKind::p384, KeyKind::rsa2048)});
    // With smimeCapabilities too, as `openssl cms -sign -cades` has them.
    const unsigned flags = usual | GENERATE(0U, static_cast<unsigned>(CMS_NOSMIMECAP));
    cms::Verifier verifier;
    const Bytes first = sign_with(signer, "first", flags);
    CHECK_FALSE(verifier.verify_known(first).has_value());
    REQUIRE(verifier.verify(first).has_value());
    for (const std::string_view content : {"first", "another", ""}) {
        const auto known = verifier.verify_known(sign_with(signer, content, flags));
        REQUIRE(known.has_value());
        CHECK(as_text(known->content) == content);
        CHECK(known->signer_certificate == signer.der());
        CHECK(known->signer_sha256 == Digest::of(BytesView(signer.der())));
    }
    CHECK(ERR_peek_error() == 0);
}

TEST_CASE("Another certificate over the same key is another signer", "[cms]") {
    const auto one = test::make_certificate({});
    const auto other = test::make_certificate({.same_key = one.key.get()});
    cms::Verifier verifier;
    REQUIRE(verifier.verify(sign_with(one, "content")).has_value());
    CHECK_FALSE(verifier.verify_known(sign_with(other, "content")).has_value());
    const auto judged = verifier.verify(sign_with(other, "content"));
    REQUIRE(judged.has_value());
    CHECK(judged->signer_certificate == other.der());
}

TEST_CASE("No changed byte of a known signer's message goes the short way", "[cms]") {
    const auto signer = test::make_certificate({});
    cms::Verifier verifier;
    const Bytes good = sign_with(signer, "content");
    REQUIRE(verifier.verify(good).has_value());
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const unsigned change : {0x01U, 0x20U, 0x80U, 0xffU}) {
            Bytes bad = good;
            bad[i] = static_cast<std::uint8_t>(bad[i] ^ change);
            INFO("byte " << i << " by " << change);
            REQUIRE_FALSE(verifier.verify_known(bad).has_value());
        }
    }
    for (std::size_t size = 0; size < good.size(); ++size) {
        REQUIRE_FALSE(verifier.verify_known(BytesView(good).first(size)).has_value());
    }
    Bytes longer = good;
    longer.push_back(0);
    CHECK_FALSE(verifier.verify_known(longer).has_value());
}

TEST_CASE("Signed attributes that are not the usual ones are judged by the full path", "[cms]") {
    const auto signer = test::make_certificate({});
    cms::Verifier verifier;
    REQUIRE(verifier.verify(sign_with(signer, "content")).has_value());
    const auto with_time = [&](int type, std::string_view text) {
        return sign_with(signer, "content", usual | CMS_NOSMIMECAP, [&](CMS_SignerInfo* info) {
            add_time(info, type, text);
        });
    };
    CHECK(verifier.verify_known(with_time(V_ASN1_UTCTIME, "240229235959Z")).has_value());
    for (const char* const text :
         {"230229000000Z",
          "241301000000Z",
          "241231240000Z",
          "2412312359Z",
          "241231235959+0900",
          "24123123595aZ",
          "240001000000Z",
          "240100000000Z",
          "240101006000Z",
          "240101000060Z",
          "240132000000Z",
          "24010100000/Z",
          "240101000000z"}) {
        INFO(text);
        const Bytes odd = with_time(V_ASN1_UTCTIME, text);
        CHECK_FALSE(verifier.verify_known(odd).has_value());
        CHECK(verifier.verify(odd).has_value() == cms::verify(odd).has_value());
    }
    const Bytes general = with_time(V_ASN1_GENERALIZEDTIME, "20241231235959Z");
    CHECK_FALSE(verifier.verify_known(general).has_value());
    CHECK(verifier.verify(general).has_value());

    const Bytes further = sign_with(signer, "content", usual | CMS_NOSMIMECAP, [](CMS_SignerInfo* info) {
        REQUIRE(CMS_signed_add1_attr_by_NID(info, NID_friendlyName, V_ASN1_UTF8STRING, "x", 1) == 1);
    });
    REQUIRE(verifier.verify(further).has_value());
    CHECK_FALSE(verifier.verify_known(further).has_value()); // no SEQUENCE: not kept as it is by OpenSSL
}

TEST_CASE("A full memory of signers forgets, and still verifies", "[cms]") {
    cms::Verifier verifier(2);
    std::vector<Bytes> messages;
    for (int i = 0; i < 4; ++i) {
        messages.push_back(sign_with(test::make_certificate({}), "content"));
        REQUIRE(verifier.verify(messages.back()).has_value());
        CHECK(verifier.verify_known(messages.back()).has_value());
    }
    CHECK_FALSE(verifier.verify_known(messages.front()).has_value());
    CHECK(verifier.verify(messages.front()).has_value());
    CHECK(verifier.verify_known(messages.front()).has_value());
}

TEST_CASE("A signer that is asked for stays, while others come and go", "[cms]") {
    cms::Verifier verifier(4); // two of a generation
    const auto signer = test::make_certificate({});
    REQUIRE(verifier.verify(sign_with(signer, "content")).has_value());
    for (int i = 0; i < 8; ++i) {
        REQUIRE(verifier.verify(sign_with(test::make_certificate({}), "content")).has_value());
        CHECK(verifier.verify_known(sign_with(signer, "another")).has_value());
    }
}

TEST_CASE("A message beyond all limits, or with more attributes than are usual, is judged by the full path", "[cms]") {
    const auto signer = test::make_certificate({});
    cms::Verifier verifier;
    const std::string long_content(1024 * 1024, 'x');
    const Bytes large = sign_with(signer, long_content);
    CHECK(verifier.verify(large).has_value() == cms::verify(large).has_value());
    CHECK_FALSE(verifier.verify_known(large).has_value());

    const Bytes many = sign_with(signer, "content", usual | CMS_NOSMIMECAP, [](CMS_SignerInfo* info) {
        constexpr std::array<std::uint8_t, 2> empty_sequence{0x30, 0x00};
        for (const int nid :
             {NID_friendlyName,
              NID_pkcs9_unstructuredName,
              NID_pkcs9_unstructuredAddress,
              NID_ext_req,
              NID_ms_ext_req}) {
            REQUIRE(
                CMS_signed_add1_attr_by_NID(
                    info, nid, V_ASN1_SEQUENCE, empty_sequence.data(), static_cast<int>(empty_sequence.size())
                ) == 1
            );
        }
    });
    REQUIRE(verifier.verify(many).has_value());
    CHECK_FALSE(verifier.verify_known(many).has_value());
}

TEST_CASE("Whatever algorithm a message names, the short way accepts nothing that the full one refuses", "[cms]") {
    const auto signer = test::make_certificate({.key = KeyKind::rsa2048});
    const Bytes message = sign_with(signer, "content");
    constexpr std::array<std::uint8_t, 8> family{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01};
    const auto last = std::find_end(message.begin(), message.end(), family.begin(), family.end());
    REQUIRE(last != message.end());
    const auto at = static_cast<std::size_t>(last - message.begin()) + family.size();
    REQUIRE(message[at] == 1); // rsaEncryption; what is named here is not signed
    int good = 0;
    for (int which = 0; which < 16; ++which) {
        CAPTURE(which);
        Bytes changed = message;
        changed[at] = static_cast<std::uint8_t>(which);
        cms::Verifier verifier;
        const bool judged = cms::verify(changed).has_value();
        CHECK(verifier.verify(changed).has_value() == judged);
        CHECK((!verifier.verify_known(changed).has_value() || judged));
        good += judged ? 1 : 0;
    }
    CHECK((good >= 1 && good <= 2)); // rsaEncryption, and sha256WithRSAEncryption
}
