#include "protocol/cms/recipients.hpp"

#include "tests/support/der_tree.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>

using namespace relay;
using namespace relay::protocol;
using test::KeyKind;

namespace {

struct Encryption {
    unsigned flags = CMS_BINARY;
    const EVP_CIPHER* cipher = EVP_aes_256_gcm();
    bool streamed = false;
    std::size_t plain_size = 1000;
    bool shared_key = false; ///< a KEKRecipientInfo too
    bool password = false;   ///< a PasswordRecipientInfo too
};

Bytes encrypt_for(const std::vector<const test::TestCertificate*>& recipients, const Encryption& how = {}) {
    const Bytes plain(how.plain_size, 0x5A);
    const cms::BioPtr input = cms::open_bio(plain);
    const unsigned flags = how.flags | (how.streamed ? CMS_STREAM : 0U);
    const cms::CmsPtr cms(CMS_encrypt(nullptr, nullptr, how.cipher, flags | CMS_PARTIAL));
    REQUIRE(cms);
    for (const auto* recipient : recipients) {
        REQUIRE(CMS_add1_recipient_cert(cms.get(), recipient->certificate.get(), flags) != nullptr);
    }
    if (how.shared_key) {
        auto* key = static_cast<unsigned char*>(OPENSSL_zalloc(32));
        auto* id = static_cast<unsigned char*>(OPENSSL_zalloc(4));
        REQUIRE(CMS_add0_recipient_key(cms.get(), NID_undef, key, 32, id, 4, nullptr, nullptr, nullptr) != nullptr);
    }
    if (how.password) {
        auto* password = reinterpret_cast<unsigned char*>(OPENSSL_strdup("geheim"));
        REQUIRE(
            CMS_add0_recipient_password(cms.get(), -1, NID_undef, NID_undef, password, -1, EVP_aes_256_cbc()) != nullptr
        );
    }
    const cms::BioPtr out(BIO_new(BIO_s_mem()));
    if (how.streamed) {
        REQUIRE(i2d_CMS_bio_stream(out.get(), cms.get(), input.get(), static_cast<int>(flags)) == 1);
    } else {
        REQUIRE(CMS_final(cms.get(), input.get(), nullptr, flags) == 1);
        REQUIRE(i2d_CMS_bio(out.get(), cms.get()) == 1);
    }
    return test::take_bytes(out.get());
}

Result<cms::PayloadHead> read_whole(const Bytes& payload) {
    return cms::read_head(payload, static_cast<std::int64_t>(payload.size()));
}

void require_refused(const Result<cms::PayloadHead>& head, std::string_view reason = {}) {
    REQUIRE(head.has_error());
    CHECK(head.error().code == ErrorCode::not_encrypted_for_recipient);
    CHECK(head.error().cause.find(reason) != std::string::npos);
}

/// Everything in front of the encrypted content, found by its size.
std::size_t head_size(const Bytes& payload, std::size_t plain_size) {
    return payload.size() - plain_size - 16 - 2; // mac: tag, length, 16 bytes
}

} // namespace

TEST_CASE("Recipients are read by issuer and serial, for RSA and EC keys", "[cms]") {
    const auto ca = test::make_certificate({.common_names = {"CA"}, .ca = true});
    const auto kind = GENERATE(KeyKind::rsa2048, KeyKind::p256, KeyKind::p384);
    const bool streamed = GENERATE(false, true);
    const auto recipient = test::make_certificate({.key = kind, .issuer = &ca});
    const Bytes payload = encrypt_for({&recipient}, {.streamed = streamed});
    const auto head = read_whole(payload);
    INFO((head ? std::string() : head.error().cause));
    REQUIRE(head.has_value());
    REQUIRE(head->recipients.size() == 1);
    CHECK(head->recipients[0].issuer_der == recipient.issuer_der());
    CHECK(head->recipients[0].serial == recipient.serial());
    CHECK(head->recipients[0].key_identifier.empty());
    if (streamed) {
        CHECK_FALSE(head->definite_size.has_value());
    } else {
        CHECK(head->definite_size == static_cast<std::int64_t>(payload.size()));
    }
}

TEST_CASE("Recipients are read by subject key identifier, for RSA and EC keys", "[cms]") {
    const auto recipient = test::make_certificate({.key = GENERATE(KeyKind::rsa2048, KeyKind::p256)});
    const auto head = read_whole(encrypt_for({&recipient}, {.flags = CMS_BINARY | CMS_USE_KEYID}));
    REQUIRE(head.has_value());
    REQUIRE(head->recipients.size() == 1);
    const ASN1_OCTET_STRING* expected = X509_get0_subject_key_id(recipient.certificate.get());
    REQUIRE(expected != nullptr);
    CHECK(head->recipients[0].key_identifier == Bytes(expected->data, expected->data + expected->length));
    CHECK(head->recipients[0].issuer_der.empty());
}

TEST_CASE("AES-128-GCM is taken; other ciphers and EnvelopedData are not", "[cms]") {
    const auto recipient = test::make_certificate();
    CHECK(read_whole(encrypt_for({&recipient}, {.cipher = EVP_aes_128_gcm()})).has_value());
    require_refused(read_whole(encrypt_for({&recipient}, {.cipher = EVP_aes_192_gcm()})), "cipher");
    require_refused(read_whole(encrypt_for({&recipient}, {.cipher = EVP_aes_256_cbc()})), "content type");
}

TEST_CASE("Twenty recipients are taken, twenty-one are not", "[cms]") {
    const auto rsa = test::make_certificate({.key = KeyKind::rsa2048});
    const auto ec = test::make_certificate();
    std::vector<const test::TestCertificate*> recipients(10, &rsa);
    recipients.resize(20, &ec);
    const auto head = read_whole(encrypt_for(recipients));
    REQUIRE(head.has_value());
    CHECK(head->recipients.size() == 20);
    recipients.push_back(&ec);
    require_refused(read_whole(encrypt_for(recipients)), "too many recipients");
}

TEST_CASE("Shared keys, passwords and nobody are no recipients", "[cms]") {
    const auto recipient = test::make_certificate();
    require_refused(read_whole(encrypt_for({&recipient}, {.shared_key = true})), "neither");
    require_refused(read_whole(encrypt_for({}, {.password = true})), "neither");
    require_refused(read_whole(encrypt_for({})), "no recipient");
}

TEST_CASE("A definite length must be the declared size exactly", "[cms]") {
    const auto recipient = test::make_certificate();
    const Bytes payload = encrypt_for({&recipient});
    const auto size = static_cast<std::int64_t>(payload.size());
    require_refused(cms::read_head(payload, size + 1), "declared size");
    require_refused(cms::read_head(payload, size - 1));
    require_refused(cms::read_head(payload, 0));
    require_refused(cms::read_head(payload, -1));
}

TEST_CASE("The head of a large payload suffices, and is refused when it is cut", "[cms]") {
    const auto recipient = test::make_certificate({.key = GENERATE(KeyKind::rsa2048, KeyKind::p256)});
    const bool streamed = GENERATE(false, true);
    constexpr std::size_t plain_size = 100'000;
    const Bytes payload = encrypt_for({&recipient}, {.streamed = streamed, .plain_size = plain_size});
    const auto size = static_cast<std::int64_t>(payload.size());
    CHECK(cms::read_head(BytesView(payload).first(64 * 1024), size).has_value());
    CHECK(cms::read_head(payload, size).has_value());

    const auto reads_at = [&](std::size_t at) {
        return cms::read_head(BytesView(payload).first(at), size).has_value();
    };
    std::size_t first = 0;
    while (first < payload.size() && !reads_at(first)) {
        ++first;
    }
    if (!streamed) {
        CHECK(first == head_size(payload, plain_size));
    }
    CHECK(first < 2000);
    for (std::size_t at = first; at < first + 100; ++at) {
        REQUIRE(reads_at(at));
    }
}

TEST_CASE("A small payload cut anywhere is refused when it claims to be whole", "[cms]") {
    const auto recipient = test::make_certificate();
    const Bytes payload = encrypt_for({&recipient});
    for (std::size_t at = 0; at < payload.size(); ++at) {
        REQUIRE(cms::read_head(BytesView(payload).first(at), static_cast<std::int64_t>(at)).has_error());
    }
}

TEST_CASE("A head with a changed byte never names more recipients and never reads out of bounds", "[cms]") {
    const auto rsa = test::make_certificate({.key = KeyKind::rsa2048});
    const auto ec = test::make_certificate();
    const bool streamed = GENERATE(false, true);
    const Bytes payload = encrypt_for({&rsa, &ec}, {.streamed = streamed});
    constexpr std::array<std::uint8_t, 9> values{0x00, 0x01, 0x30, 0x7F, 0x80, 0x84, 0x88, 0xA0, 0xFF};
    for (std::size_t at = 0; at < payload.size(); ++at) {
        for (const std::uint8_t value : values) {
            // An own allocation of exactly this size, so that sanitizers see every byte read too far.
            Bytes changed(payload);
            changed[at] = value;
            changed.shrink_to_fit();
            const auto head = read_whole(changed);
            REQUIRE((head.has_error() || head->recipients.size() <= 2));
        }
    }
}

TEST_CASE("Malformed encodings are refused", "[cms]") {
    const auto refused = [](std::string_view hex) {
        const auto bytes = from_hex(hex);
        REQUIRE(bytes.has_value());
        require_refused(read_whole(*bytes));
    };
    refused("3080");                                                       // nothing inside
    refused("30800000");                                                   // ended at once
    refused("0280");                                                       // primitive of indefinite length
    refused("30890100000000000000000000");                                 // nine length octets
    refused("3088ffffffffffffffff");                                       // larger than anything
    refused("1f8101");                                                     // high tag number
    refused("308006092a864886f70d010701a080048000");                       // id-data
    refused("3080060b2a864886f70d0109100117a080308002017f");               // version 127
    std::string deep = "3080060b2a864886f70d0109100117a0803080020100a080"; // originatorInfo nested without end
    for (int i = 0; i < 20'000; ++i) {
        deep += "3080";
    }
    refused(deep);
}

TEST_CASE("A head that does not end within 64 KiB is refused", "[cms]") {
    const auto recipient = test::make_certificate();
    const Bytes payload = encrypt_for({&recipient}, {.streamed = true});
    // ukm-like ballast: an originatorInfo of 70 000 bytes between version and recipients
    const auto version = from_hex("020100");
    const auto at = std::search(payload.begin(), payload.end(), version->begin(), version->end());
    REQUIRE(at != payload.end());
    const auto with_ballast = [&](std::size_t size) {
        Bytes out(payload.begin(), at + 3);
        const std::uint8_t header[] = {
            0xA0,
            0x83,
            static_cast<std::uint8_t>(size >> 16U),
            static_cast<std::uint8_t>(size >> 8U),
            static_cast<std::uint8_t>(size)};
        out.insert(out.end(), std::begin(header), std::end(header));
        out.resize(out.size() + size, 0x04);
        out.insert(out.end(), at + 3, payload.end());
        return out;
    };
    CHECK(read_whole(with_ballast(1000)).has_value());
    require_refused(read_whole(with_ballast(70'000)), "cut");
}

TEST_CASE("A key identifier may come with a date; a recipient without a name is none", "[cms]") {
    const auto recipient = test::make_certificate();
    auto tree = test::parse_der(encrypt_for({&recipient}, {.flags = CMS_BINARY | CMS_USE_KEYID}));
    test::DerNode* named = nullptr;
    for (test::DerNode* node : test::all_nodes(tree)) {
        if (node->tag == 0xA0 && node->children.size() == 1 && node->children[0].tag == 0x04) {
            named = node;
        }
    }
    REQUIRE(named != nullptr);
    named->children.push_back(test::der_primitive(0x18, to_bytes(as_bytes("20261120000000Z"))));
    const auto with_date = read_whole(tree.encode());
    REQUIRE(with_date.has_value());
    CHECK(with_date->recipients.at(0).key_identifier == named->children[0].content);
    named->children[0].content.clear();
    require_refused(read_whole(tree.encode()), "recipient unnamed");
}
