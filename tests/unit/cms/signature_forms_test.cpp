// Signatures that are not quite right, of the kinds that Project Wycheproof lists: damaged or alternative encodings,
// special values, forged paddings. All are made over the right attributes with the right key, so that their form alone
// is judged.
#include "protocol/cms/signed_data.hpp"

#include "protocol/cms/ber_reader.hpp"
#include "protocol/cms/verifier.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <functional>
#include <utility>

using namespace relay;
using namespace relay::protocol;
using test::KeyKind;

namespace {

using NumberPtr = std::unique_ptr<BIGNUM, cms::Deleter<BN_free>>;
using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, cms::Deleter<EVP_PKEY_CTX_free>>;
using Forms = std::vector<std::pair<std::string, Bytes>>;

const Bytes content = to_bytes(as_bytes(R"({"version":1})"));

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// A tag, a length of one to three octets, and the content.
Bytes element(std::uint8_t tag, const Bytes& inside) {
    Bytes out{tag};
    if (inside.size() >= 0x80) {
        out.push_back(0x81);
    }
    REQUIRE(inside.size() < 0x100);
    out.push_back(static_cast<std::uint8_t>(inside.size()));
    return out + inside;
}

/// A SignedData whose signature can be exchanged.
class Signed {
public:
    explicit Signed(KeyKind kind, bool pss = false) : signer_(test::make_certificate({.key = kind})) {
        constexpr unsigned flags = CMS_CADES | CMS_BINARY | CMS_PARTIAL;
        cms_.reset(CMS_sign(nullptr, nullptr, nullptr, nullptr, flags));
        CMS_SignerInfo* info = CMS_add1_signer(
            cms_.get(), signer_.certificate.get(), signer_.key.get(), EVP_sha256(), flags | (pss ? CMS_KEY_PARAM : 0U)
        );
        REQUIRE(info != nullptr);
        if (pss) {
            EVP_PKEY_CTX* context = CMS_SignerInfo_get0_pkey_ctx(info);
            REQUIRE(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1);
            REQUIRE(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32) == 1);
        }
        const cms::BioPtr input = cms::open_bio(content);
        REQUIRE(CMS_final(cms_.get(), input.get(), nullptr, flags) == 1);
        REQUIRE(verifier_.verify(encoded()).has_value());
        REQUIRE(verifier_.verify_known(encoded()).has_value() != pss); // so that accepts() asks both ways
    }

    [[nodiscard]] EVP_PKEY* key() const { return signer_.key.get(); }
    [[nodiscard]] Bytes signature() const {
        const ASN1_OCTET_STRING* octets = place();
        return {octets->data, octets->data + octets->length};
    }
    /// SHA-256 of the signed attributes, which is what was signed.
    [[nodiscard]] Bytes digest() const {
        namespace tag = cms::tag;
        const Bytes der = encoded();
        cms::BerReader reader(der);
        reader.enter(tag::sequence);
        reader.skip(tag::object_identifier);
        reader.enter(tag::context_constructed(0));
        reader.enter(tag::sequence);
        for (int i = 0; i < 4; ++i) {
            reader.skip(); // version, digestAlgorithms, content, certificates
        }
        reader.enter(tag::set);
        reader.enter(tag::sequence);
        for (int i = 0; i < 3; ++i) {
            reader.skip(); // version, signer, digestAlgorithm
        }
        Bytes attributes = to_bytes(reader.skip(tag::context_constructed(0)));
        REQUIRE_FALSE(reader.failed());
        attributes[0] = tag::set;
        return to_bytes(Digest::of(BytesView(attributes)).view());
    }
    [[nodiscard]] bool accepts(const Bytes& signature) const {
        REQUIRE(ASN1_OCTET_STRING_set(place(), signature.data(), static_cast<int>(signature.size())) == 1);
        const Bytes der = encoded();
        const bool accepted = cms::verify(der).has_value();
        CHECK((accepted || !verifier_.verify_known(der).has_value()));
        CHECK(verifier_.verify(der).has_value() == accepted);
        return accepted;
    }
    void refuse_all(const Forms& forms) const {
        for (const auto& [name, signature] : forms) {
            INFO(name);
            CHECK_FALSE(accepts(signature));
        }
    }

private:
    [[nodiscard]] ASN1_OCTET_STRING* place() const {
        return CMS_SignerInfo_get0_signature(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms_.get()), 0));
    }
    [[nodiscard]] Bytes encoded() const {
        const cms::BioPtr out(BIO_new(BIO_s_mem()));
        REQUIRE(i2d_CMS_bio(out.get(), cms_.get()) == 1);
        return test::take_bytes(out.get());
    }

    test::TestCertificate signer_;
    cms::CmsPtr cms_;
    mutable cms::Verifier verifier_;
};

/// Content octets of a positive INTEGER.
Bytes octets_of(const BIGNUM* number) {
    Bytes out(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, out.data());
    if (out.empty() || out[0] >= 0x80) {
        out.insert(out.begin(), 0);
    }
    return out;
}

Bytes ecdsa(const Bytes& r, const Bytes& s) {
    return element(0x30, element(0x02, r) + element(0x02, s));
}

NumberPtr sum(const BIGNUM* a, const BIGNUM* b) {
    NumberPtr out(BN_new());
    REQUIRE(BN_add(out.get(), a, b) == 1);
    return out;
}

Bytes sign_raw(EVP_PKEY* key, int padding, const std::function<void(EVP_PKEY_CTX*)>& prepare, const Bytes& block) {
    const ContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
    REQUIRE(EVP_PKEY_sign_init(context.get()) == 1);
    REQUIRE(EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) == 1);
    prepare(context.get());
    std::size_t size = 256;
    Bytes signature(size);
    REQUIRE(EVP_PKEY_sign(context.get(), signature.data(), &size, block.data(), block.size()) == 1);
    return signature;
}

Bytes sign_block(EVP_PKEY* key, const Bytes& block) {
    REQUIRE(block.size() == 256);
    return sign_raw(
        key, RSA_NO_PADDING, [](EVP_PKEY_CTX*) {}, block
    );
}

/// 00, block type, filling up to the tail, 00, tail.
Bytes padded(const Bytes& tail, std::uint8_t type = 1, std::uint8_t filling = 0xFF) {
    return Bytes{0, type} + Bytes(256 - 3 - tail.size(), filling) + Bytes{0} + tail;
}

Bytes sign_pss(EVP_PKEY* key, const EVP_MD* mask, int salt, const Bytes& digest) {
    const auto prepare = [&](EVP_PKEY_CTX* context) {
        REQUIRE(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1);
        REQUIRE(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1);
        REQUIRE(EVP_PKEY_CTX_set_rsa_mgf1_md(context, mask) == 1);
    };
    return sign_raw(key, RSA_PKCS1_PSS_PADDING, prepare, digest);
}

} // namespace

TEST_CASE("An ECDSA signature has one encoding and numbers within the group's order", "[cms]") {
    const auto kind = GENERATE(KeyKind::p256, KeyKind::p384);
    const Signed made(kind);
    const Bytes good = made.signature();
    const std::uint8_t* at = good.data();
    const std::unique_ptr<ECDSA_SIG, cms::Deleter<ECDSA_SIG_free>> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(good.size()))
    );
    REQUIRE(pair);
    const BIGNUM* r = ECDSA_SIG_get0_r(pair.get());
    const BIGNUM* s = ECDSA_SIG_get0_s(pair.get());
    BIGNUM* order_number = nullptr;
    REQUIRE(EVP_PKEY_get_bn_param(made.key(), "order", &order_number) == 1);
    const NumberPtr order(order_number);
    const Bytes R = octets_of(r);
    const Bytes S = octets_of(s);
    const Bytes N = octets_of(order.get());
    const Bytes inside = element(0x02, R) + element(0x02, S);
    const auto size = static_cast<std::uint8_t>(inside.size());
    const Bytes zero{0};
    const Bytes one{1};

    REQUIRE(made.accepts(good));
    REQUIRE(made.accepts(ecdsa(R, S)));
    made.refuse_all({
        {"nothing", {}},
        {"empty sequence", element(0x30, {})},
        {"longer length than needed", Bytes{0x30, 0x82, 0x00, size} + inside},
        {"indefinite length", Bytes{0x30, 0x80} + inside + Bytes{0, 0}},
        {"bytes behind", good + zero},
        {"bytes behind, inside", element(0x30, inside + Bytes{0x05, 0x00})},
        {"third number", element(0x30, inside + element(0x02, S))},
        {"one number", element(0x30, element(0x02, R))},
        {"cut", Bytes(good.begin(), good.end() - 1)},
        {"set instead of sequence", element(0x31, inside)},
        {"octet strings", element(0x30, element(0x04, R) + element(0x04, S))},
        {"leading zero of r", ecdsa(zero + R, S)},
        {"leading zero of s", ecdsa(R, zero + S)},
        {"r + n", ecdsa(octets_of(sum(r, order.get()).get()), S)},
        {"s + n", ecdsa(R, octets_of(sum(s, order.get()).get()))},
        {"r = 0", ecdsa(zero, S)},
        {"s = 0", ecdsa(R, zero)},
        {"both 0", ecdsa(zero, zero)},
        {"empty numbers", ecdsa({}, {})},
        {"both 1", ecdsa(one, one)},
        {"r = n", ecdsa(N, S)},
        {"s = n", ecdsa(R, N)},
        {"r = 0, s = n", ecdsa(zero, N)},
        {"r = -1", ecdsa({0xFF}, S)},
        {"s = -1", ecdsa(R, {0xFF})},
        {"exchanged", ecdsa(S, R)},
        {"without the sequence", inside},
        {"raw", R + S},
    });
}

TEST_CASE("An RSA signature has the whole padding and exactly the right digest in it", "[cms]") {
    const Signed made(KeyKind::rsa2048);
    const Bytes digest = made.digest();
    const Bytes sha256_oid{0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
    Bytes sha512_oid = sha256_oid;
    sha512_oid.back() = 3;
    const Bytes sha1_oid{0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A};
    const Bytes null{0x05, 0x00};
    const Bytes octets = element(0x04, digest);
    const Bytes info = element(0x30, element(0x30, sha256_oid + null) + octets);
    const auto of = [&](const Bytes& block) { return sign_block(made.key(), block); };
    const Bytes good = of(padded(info));
    REQUIRE(good == made.signature());
    REQUIRE(made.accepts(good));

    const Bytes inside = element(0x30, sha256_oid + null) + octets;
    const auto size = static_cast<std::uint8_t>(inside.size());
    made.refuse_all({
        {"nothing", {}},
        {"cut", Bytes(good.begin(), good.end() - 1)},
        {"byte behind", good + Bytes{0}},
        {"byte before", Bytes{0} + good},
        {"zero", Bytes(256, 0)},
        {"one", Bytes(255, 0) + Bytes{1}},
        {"parameters left out", of(padded(element(0x30, element(0x30, sha256_oid) + octets)))},
        {"parameters of another kind",
         of(padded(element(0x30, element(0x30, sha256_oid + Bytes{0x04, 0x00}) + octets)))},
        {"another digest's name", of(padded(element(0x30, element(0x30, sha512_oid + null) + octets)))},
        {"a weak digest's name", of(padded(element(0x30, element(0x30, sha1_oid + null) + octets)))},
        {"longer length than needed", of(padded(Bytes{0x30, 0x81, size} + inside))},
        {"indefinite length", of(padded(Bytes{0x30, 0x80} + inside + Bytes{0, 0}))},
        {"bytes behind the digest", of(padded(info + Bytes{0, 0}))},
        {"bytes behind, inside", of(padded(element(0x30, inside + null)))},
        {"digest without its name", of(padded(digest))},
        {"short padding", of(Bytes{0, 1} + Bytes(8, 0xFF) + Bytes{0} + info + Bytes(256 - 11 - info.size(), 0xAA))},
        {"no padding", of(Bytes{0, 1, 0} + info + Bytes(256 - 3 - info.size(), 0xFF))},
        {"block type 0", of(padded(info, 0, 0))},
        {"block type 2", of(padded(info, 2, 0x55))},
        {"other filling", of(padded(info, 1, 0xFE))},
        {"digest cut", of(padded(element(0x30, element(0x30, sha256_oid + null) + element(0x04, {digest[0]}))))},
        {"PSS instead", sign_pss(made.key(), EVP_sha256(), 32, digest)},
    });
}

TEST_CASE("An RSA-PSS signature keeps to the parameters that are declared", "[cms]") {
    const Signed made(KeyKind::rsa2048, true);
    const Bytes digest = made.digest();
    REQUIRE(made.accepts(sign_pss(made.key(), EVP_sha256(), 32, digest)));
    Bytes other_digest = digest;
    other_digest.back() ^= 1U;
    const Bytes good = made.signature();
    made.refuse_all({
        {"no salt", sign_pss(made.key(), EVP_sha256(), 0, digest)},
        {"shorter salt", sign_pss(made.key(), EVP_sha256(), 20, digest)},
        {"longer salt", sign_pss(made.key(), EVP_sha256(), 64, digest)},
        {"another mask", sign_pss(made.key(), EVP_sha512(), 32, digest)},
        {"a weak mask", sign_pss(made.key(), EVP_sha1(), 32, digest)},
        {"another digest", sign_pss(made.key(), EVP_sha256(), 32, other_digest)},
        {"byte behind", good + Bytes{0}},
        {"cut", Bytes(good.begin(), good.end() - 1)},
        {"zero", Bytes(256, 0)},
    });
}
