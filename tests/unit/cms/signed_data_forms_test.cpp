// A SignedData taken apart and put together wrongly: attributes, encodings, lengths. Where an attribute is judged, the
// signature is made anew over the attributes as they then are, so that nothing but their form can be at fault.
#include "protocol/cms/signed_data.hpp"

#include "protocol/cms/verifier.hpp"
#include "tests/support/der_tree.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <functional>
#include <memory>

using namespace relay;
using namespace relay::protocol;
using test::der_constructed;
using test::der_primitive;
using test::DerNode;
using test::Lengths;

namespace {

const Bytes content = to_bytes(as_bytes(R"({"version":1})"));
const Bytes oid_prefix{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09};

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

const Bytes content_type = oid_prefix + Bytes{0x03};
const Bytes message_digest = oid_prefix + Bytes{0x04};
const Bytes signing_time = oid_prefix + Bytes{0x05};
const Bytes signing_certificate = oid_prefix + Bytes{0x10, 0x02, 0x2F};

Bytes digest_of(const EVP_MD* algorithm, BytesView data) {
    Bytes out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    REQUIRE(EVP_Digest(data.data(), data.size(), out.data(), nullptr, algorithm, nullptr) == 1);
    return out;
}

/// A good SignedData as a tree.
class Taken {
public:
    Taken()
        : signer(test::make_certificate()),
          root(test::parse_der(*cms::sign(content, signer.pem(), signer.key_pem()))) {
        REQUIRE(verifier->verify(root.encode()).has_value());
        REQUIRE(verifier->verify_known(root.encode()).has_value()); // so that is_taken() asks both ways
    }

    [[nodiscard]] DerNode& signed_data() { return root[1][0]; }
    [[nodiscard]] DerNode& signer_info() { return signed_data().children.back()[0]; }
    [[nodiscard]] DerNode& attributes() { return signer_info()[3]; }
    [[nodiscard]] DerNode& attribute(const Bytes& oid) {
        for (DerNode& one : attributes().children) {
            if (one[0].content == oid) {
                return one;
            }
        }
        throw std::runtime_error("no such attribute");
    }
    /// The one value of an attribute.
    [[nodiscard]] DerNode& value(const Bytes& oid) { return attribute(oid)[1][0]; }

    void sign_again() {
        DerNode set = attributes();
        set.tag = 0x31;
        const Bytes signed_bytes = set.encode();
        const std::unique_ptr<EVP_MD_CTX, cms::Deleter<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
        std::size_t size = 256;
        Bytes signature(size);
        REQUIRE(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, signer.key.get()) == 1);
        REQUIRE(EVP_DigestSign(context.get(), signature.data(), &size, signed_bytes.data(), signed_bytes.size()) == 1);
        signature.resize(size);
        signer_info()[5].content = signature;
    }
    [[nodiscard]] bool is_taken(Lengths lengths = Lengths::shortest) const {
        const Bytes der = root.encode(lengths);
        const auto verified = cms::verify(der);
        CHECK(ERR_peek_error() == 0);
        const auto known = verifier->verify_known(der);
        CHECK((verified.has_value() || !known.has_value()));
        CHECK(verifier->verify(der).has_value() == verified.has_value());
        if (verified) {
            CHECK(verified->content == content);
            CHECK(verified->signer_certificate == signer.der());
        } else {
            CHECK(verified.error().code == ErrorCode::bad_signature);
        }
        return verified.has_value();
    }

    test::TestCertificate signer;
    DerNode root;
    std::unique_ptr<cms::Verifier> verifier = std::make_unique<cms::Verifier>();
};

/// Whether it is taken after `change` and a new signature.
bool after(const std::function<void(Taken&)>& change) {
    Taken taken;
    change(taken);
    taken.sign_again();
    return taken.is_taken();
}

DerNode hash_algorithm(std::uint8_t last) {
    const Bytes oid{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last};
    return der_constructed(0x30, {der_primitive(0x06, oid)});
}

/// IssuerSerial (RFC 5035) of a certificate.
DerNode issuer_serial(const test::TestCertificate& of, const Bytes& serial) {
    const DerNode names = der_constructed(0x30, {der_constructed(0xA4, {test::parse_der(of.issuer_der())})});
    return der_constructed(0x30, {names, der_primitive(0x02, serial)});
}

/// The first ESSCertIDv2 of the attribute.
DerNode& named_certificate(Taken& taken) {
    return taken.value(signing_certificate)[0][0];
}

} // namespace

TEST_CASE("A signature made anew over the same attributes is taken", "[cms]") {
    CHECK(after([](Taken&) {}));
}

TEST_CASE("Each required attribute is there once, with one value of its type", "[cms]") {
    for (const Bytes& oid : {content_type, message_digest, signing_time, signing_certificate}) {
        CAPTURE(to_hex(oid));
        CHECK_FALSE(after([&](Taken& t) {
            auto& all = t.attributes().children;
            std::erase_if(all, [&](DerNode& one) { return one[0].content == oid; });
        }));
        CHECK_FALSE(after([&](Taken& t) {
            const DerNode twin = t.attribute(oid);
            t.attributes().children.push_back(twin);
        }));
        CHECK_FALSE(after([&](Taken& t) {
            const DerNode twin = t.value(oid);
            t.attribute(oid)[1].children.push_back(twin);
        }));
        CHECK_FALSE(after([&](Taken& t) { t.attribute(oid)[1].children.clear(); }));
        CHECK_FALSE(after([&](Taken& t) { t.value(oid) = der_primitive(0x05, {}); }));
        CHECK_FALSE(after([&](Taken& t) { t.value(oid) = der_primitive(0x0C, {'x'}); }));
        CHECK_FALSE(after([&](Taken& t) { t.value(oid) = der_constructed(0x31, {}); }));
    }
}

TEST_CASE("The attributes say what the structure says", "[cms]") {
    CHECK_FALSE(after([](Taken& t) { t.value(content_type).content.back() = 2; }));
    CHECK_FALSE(after([](Taken& t) { t.value(message_digest).content.back() ^= 1U; }));
    CHECK_FALSE(after([](Taken& t) { t.value(message_digest).content.pop_back(); }));
    CHECK_FALSE(after([](Taken& t) { t.value(message_digest).content.clear(); }));
    CHECK_FALSE(after([](Taken& t) { t.value(signing_time).content = {'n', 'o', 'w'}; }));
    CHECK_FALSE(after([](Taken& t) { t.value(signing_time).content = to_bytes(as_bytes("261332000000Z")); }));
    CHECK(after([](Taken& t) { t.value(signing_time) = der_primitive(0x18, to_bytes(as_bytes("20261120000000Z"))); }));
}

TEST_CASE("signing-certificate-v2 names the signer's certificate by a strong digest", "[cms]") {
    const auto other = test::make_certificate();
    const auto name_by = [](const EVP_MD* algorithm, std::uint8_t oid_end) {
        return after([=](Taken& t) {
            named_certificate(t) = der_constructed(
                0x30, {hash_algorithm(oid_end), der_primitive(0x04, digest_of(algorithm, t.signer.der()))}
            );
        });
    };
    CHECK(name_by(EVP_sha256(), 1));
    CHECK(name_by(EVP_sha384(), 2));
    CHECK(name_by(EVP_sha512(), 3));
    CHECK_FALSE(name_by(EVP_sha224(), 4));
    CHECK_FALSE(name_by(EVP_sha256(), 2));
    CHECK_FALSE(after([](Taken& t) {
        const DerNode sha1 = der_constructed(0x30, {der_primitive(0x06, {0x2B, 0x0E, 0x03, 0x02, 0x1A})});
        named_certificate(t) =
            der_constructed(0x30, {sha1, der_primitive(0x04, digest_of(EVP_sha1(), t.signer.der()))});
    }));
    CHECK(after([](Taken& t) {
        DerNode with_null = hash_algorithm(1);
        with_null.children.push_back(der_primitive(0x05, {}));
        named_certificate(t) =
            der_constructed(0x30, {with_null, der_primitive(0x04, digest_of(EVP_sha256(), t.signer.der()))});
    }));
    CHECK_FALSE(after([&](Taken& t) {
        named_certificate(t) = der_constructed(0x30, {der_primitive(0x04, digest_of(EVP_sha256(), other.der()))});
    }));
    CHECK_FALSE(after([](Taken& t) { named_certificate(t) = der_constructed(0x30, {der_primitive(0x04, {})}); }));
    CHECK_FALSE(after([](Taken& t) { named_certificate(t) = der_constructed(0x30, {}); }));
    CHECK_FALSE(after([](Taken& t) { t.value(signing_certificate)[0].children.clear(); }));
    CHECK_FALSE(after([](Taken& t) { t.value(signing_certificate).children.clear(); }));
}

TEST_CASE("Where signing-certificate-v2 gives issuer and serial, they are the certificate's", "[cms]") {
    const auto other = test::make_certificate({.common_names = {"KJ000000000002"}});
    const auto with = [](const std::function<DerNode(Taken&)>& make) {
        return after([&](Taken& t) {
            const DerNode hash = der_primitive(0x04, digest_of(EVP_sha256(), t.signer.der()));
            named_certificate(t) = der_constructed(0x30, {hash, make(t)});
        });
    };
    CHECK(with([](Taken& t) { return issuer_serial(t.signer, t.signer.serial()); }));
    CHECK_FALSE(with([&](Taken& t) { return issuer_serial(other, t.signer.serial()); }));
    CHECK_FALSE(with([&](Taken& t) { return issuer_serial(t.signer, other.serial()); }));
    CHECK_FALSE(with([](Taken&) { return der_constructed(0x30, {}); }));
    CHECK_FALSE(with([](Taken& t) {
        DerNode more = issuer_serial(t.signer, t.signer.serial());
        more.children.push_back(der_primitive(0x05, {}));
        return more;
    }));
}

TEST_CASE("There is one signer, and it signs id-data that is inside", "[cms]") {
    const auto changed = [](const std::function<void(Taken&)>& change) {
        Taken taken;
        change(taken);
        return taken.is_taken();
    };
    CHECK(changed([](Taken&) {}));
    CHECK_FALSE(changed([](Taken& t) { t.signed_data().children.back().children.clear(); }));
    CHECK_FALSE(changed([](Taken& t) {
        const DerNode twin = t.signer_info();
        t.signed_data().children.back().children.push_back(twin);
    }));
    CHECK_FALSE(changed([](Taken& t) { t.signed_data()[2][0].content.back() = 2; })); // content type id-signedData
    CHECK_FALSE(changed([](Taken& t) { t.signed_data()[2].children.pop_back(); }));   // detached
    CHECK_FALSE(changed([](Taken& t) { t.signed_data()[2][1].children.clear(); }));
    CHECK_FALSE(changed([](Taken& t) { t.root[0].content.back() = 3; })); // id-envelopedData
    CHECK_FALSE(changed([](Taken& t) { t.signer_info()[5].content.clear(); }));
    // What nobody signed may stand there, and counts for nothing.
    CHECK(changed([](Taken& t) {
        const DerNode time_stamp = der_primitive(0x06, oid_prefix + Bytes{0x10, 0x02, 0x0E});
        const DerNode note = der_constructed(0x30, {time_stamp, der_constructed(0x31, {der_primitive(0x05, {})})});
        t.signer_info().children.push_back(der_constructed(0xA1, {note}));
    }));
}

TEST_CASE("BER with odd but lawful lengths means the same or is refused", "[cms]") {
    Taken taken;
    taken.signed_data()[3][0].freeze(); // certificates and signed attributes are DER everywhere (RFC 5652 §5.3, §10.3)
    taken.attributes().freeze();
    static_cast<void>(taken.is_taken(Lengths::longest));
    CHECK(taken.is_taken(Lengths::indefinite));
    SECTION("content in pieces") {
        DerNode& octets = taken.signed_data()[2][1][0];
        const auto middle = content.begin() + 5;
        octets = der_constructed(
            0x24, {der_primitive(0x04, {content.begin(), middle}), der_primitive(0x04, {middle, content.end()})}
        );
        CHECK(taken.is_taken());
        CHECK(taken.is_taken(Lengths::indefinite));
    }
    SECTION("content in pieces within pieces") {
        DerNode nested = der_primitive(0x04, content);
        for (int depth = 0; depth < 50; ++depth) {
            nested = der_constructed(0x24, {nested});
        }
        taken.signed_data()[2][1][0] = nested;
        static_cast<void>(taken.is_taken());
    }
}

TEST_CASE("A further element at any place is refused, or changes nothing", "[cms]") {
    const Taken good;
    DerNode counted = good.root;
    const std::size_t nodes = test::all_nodes(counted).size();
    int refused = 0;
    for (std::size_t n = 0; n < nodes; ++n) {
        Taken changed;
        DerNode* place = test::all_nodes(changed.root).at(n);
        if (place->constructed()) {
            place->children.push_back(der_primitive(0x05, {}));
            refused += changed.is_taken() ? 0 : 1;
        }
    }
    CHECK(refused > 20);
}

TEST_CASE("Lengths that lie are refused at every place and cost nothing", "[cms]") {
    const Taken good;
    const Bytes der = good.root.encode();
    for (std::size_t at = 1; at < der.size(); ++at) {
        for (const Bytes& length :
             {Bytes{0x80},
              Bytes{0x84, 0x7F, 0xFF, 0xFF, 0xFF},
              Bytes{0x84, 0xFF, 0xFF, 0xFF, 0xFF},
              Bytes{0x88, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
              Bytes{0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
              Bytes{0x89, 0x01, 0, 0, 0, 0, 0, 0, 0, 0},
              Bytes{0xFF}}) {
            Bytes lying(der.begin(), der.begin() + static_cast<std::ptrdiff_t>(at));
            lying = lying + length;
            lying.insert(lying.end(), der.begin() + static_cast<std::ptrdiff_t>(at) + 1, der.end());
            const auto verified = cms::verify(lying);
            REQUIRE((!verified || verified->content == content));
        }
    }
}

TEST_CASE("Nesting without end is refused", "[cms]") {
    for (const Bytes& level : {Bytes{0x30, 0x80}, Bytes{0xA0, 0x80}, Bytes{0x24, 0x80}, Bytes{0x31, 0x80}}) {
        Bytes deep;
        for (int i = 0; i < 100'000; ++i) {
            deep = std::move(deep) + level;
        }
        CHECK(cms::verify(deep).has_error());
        Taken taken;
        taken.signed_data()[2][1].children.clear();
        const Bytes head = taken.root.encode(Lengths::indefinite);
        const Bytes inside = Bytes(head.begin(), head.begin() + 40) + deep;
        CHECK(cms::verify(inside).has_error());
    }
    CHECK(cms::verify(Bytes(1024 * 1024 + 1, 0x30)).has_error());
}

TEST_CASE("CRLs may be included, but not many", "[cms]") {
    const auto ca = test::make_certificate({.common_names = {"CA"}, .ca = true});
    const std::string pem = test::make_crl_pem(ca, {});
    const cms::BioPtr bio = cms::open_bio(as_bytes(pem));
    const std::unique_ptr<X509_CRL, cms::Deleter<X509_CRL_free>> crl(
        PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)
    );
    std::uint8_t* der = nullptr;
    const int size = i2d_X509_CRL(crl.get(), &der);
    const cms::OpensslBytes owned(der);
    REQUIRE(size > 0);
    const DerNode one = test::parse_der(BytesView(der, static_cast<std::size_t>(size)));
    const auto taken_with = [&](std::size_t count) {
        Taken taken;
        auto& children = taken.signed_data().children;
        children.insert(children.end() - 1, der_constructed(0xA1, std::vector<DerNode>(count, one)));
        return taken.is_taken();
    };
    CHECK(taken_with(1));
    CHECK(taken_with(16));
    CHECK_FALSE(taken_with(17));
}
