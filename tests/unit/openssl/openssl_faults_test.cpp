// Every step of OpenSSL that our own code asks for, failing one after the other.
#include "tests/support/openssl_faults.hpp"

#include "auth/authority.hpp"
#include "auth/certificate.hpp"
#include "auth/trust.hpp"
#include "protocol/cms/signed_data.hpp"
#include "protocol/cms/verifier.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace relay;
using namespace relay::auth;
using test::KeyKind;
using test::OpensslFault;

namespace {

const protocol::UserId user = *protocol::UserId::parse("KJ000000000001");
const auto office = protocol::OfficeNumber::parse("2670100011");
const Time now = test::test_now();

/// Calls `work` with each step failing in turn. It says whether it came to a good end; with a step that failed it may
/// only where the step is named in `may_fail`. An exception is an end that is not good.
int fail_each(const std::function<bool()>& work, const std::function<bool(std::string_view)>& may_fail = {}) {
    for (int nth = 0;; ++nth) {
        const char* failed = nullptr;
        bool good = false;
        {
            const OpensslFault fault(nth);
            try {
                good = work();
            } catch (const std::runtime_error&) { // of a digest or a random number that is not to be had
            }
            failed = fault.failed();
        }
        if (failed == nullptr) {
            CHECK(good);
            return nth;
        }
        INFO("step " << nth << ": " << failed);
        CHECK((!good || (may_fail && may_fail(failed))));
    }
}

Authority make(const test::TemporaryFolder& folder) {
    auto made = Authority::create(folder.path(), now);
    REQUIRE(made.has_value());
    return std::move(*made);
}

Bytes sign(const test::TestCertificate& signer, std::string_view content) {
    auto made = protocol::cms::sign(protocol::as_bytes(content), signer.pem(), signer.key_pem());
    REQUIRE(made.has_value());
    return std::move(*made);
}

} // namespace

TEST_CASE("A CA of which a step fails is not made, and its folder may be tried again", "[openssl]") {
    const test::TemporaryFolder folder;
    const int steps = fail_each([&] {
        const bool made = Authority::create(folder.path(), now).has_value();
        CHECK(std::filesystem::exists(folder.path() / "ca.key") == made);
        return made;
    });
    CHECK(steps > 30);
    CHECK(Authority::open(folder.path()).has_value());
}

TEST_CASE("A certificate of which a step fails is not issued", "[openssl]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    const auto type = GENERATE(KeyType::p256, KeyType::rsa2048);
    const int steps = fail_each([&] {
        const auto issued = authority.issue(user, office, type, 30, now);
        return issued.has_value() && issued->key_pem.find("PRIVATE KEY") != std::string::npos &&
               issued->certificate.valid_at(now);
    });
    CHECK(steps > 30);
}

TEST_CASE("A CRL of which a step fails is not written", "[openssl]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    const auto issued = authority.issue(user, office, KeyType::p256, 30, now);
    REQUIRE(issued.has_value());
    const std::vector<RevokedEntry> revoked{{issued->certificate.serial, now, "superseded"}};
    CHECK(fail_each([&] { return authority.write_crl(revoked, now).has_value(); }) > 20);
    const auto trust = Trust::load(folder.path() / "ca.pem", folder.path() / "ca.crl");
    REQUIRE(trust.has_value());
    CHECK((*trust)->verify(issued->certificate, now) == ChainVerdict::in_crl);
}

TEST_CASE("An authority that cannot be read is not opened, and knows no certificate as its own", "[openssl]") {
    const test::TemporaryFolder folder;
    const Authority authority = make(folder);
    const auto issued = authority.issue(user, office, KeyType::p256, 30, now);
    REQUIRE(issued.has_value());
    CHECK(fail_each([&] { return Authority::open(folder.path()).has_value(); }) > 3);
    CHECK(fail_each([&] { return authority.issued(issued->certificate); }) > 2);
}

TEST_CASE("A certificate or chain of which a step fails is not good", "[openssl]") {
    const test::TemporaryFolder folder;
    const auto kind = GENERATE(KeyKind::p256, KeyKind::rsa2048);
    const auto root = test::make_certificate({.common_names = {"Root"}, .key = kind, .ca = true});
    const auto leaf = test::make_certificate({.key = kind, .issuer = &root});
    const auto ca = folder.write("ca.pem", root.pem());
    const Bytes der = leaf.der();
    fail_each([&] {
        const auto read = read_certificate(der); // no common name: of several, or of none
        return read && read->strong && read->common_name == user.view();
    });
    // The name is not the chain's matter; without the times the verdict is not kept for longer than now.
    const auto may_fail = [](std::string_view step) {
        return step == "ASN1_STRING_to_UTF8" || step == "ASN1_TIME_to_tm";
    };
    fail_each(
        [&] {
            const auto trust = Trust::load(ca, {}); // anew, since a good verdict is kept
            const auto certificate = read_certificate(der);
            return trust && certificate && (*trust)->verify(*certificate, now) == ChainVerdict::good;
        },
        may_fail
    );
}

TEST_CASE("What cannot be signed is not sent out", "[openssl]") {
    const auto signer = test::make_certificate({});
    const auto pem = signer.pem();
    const auto key = signer.key_pem();
    const auto content = protocol::as_bytes(std::string_view("content"));
    CHECK(fail_each([&] { return protocol::cms::sign(content, pem, key).has_value(); }) > 5);
}

TEST_CASE("No step that fails makes a bad signature good, nor gives other content for a good one", "[openssl]") {
    const auto kind = GENERATE(KeyKind::p256, KeyKind::rsa2048);
    const auto signer = test::make_certificate({.key = kind});
    const Bytes good = sign(signer, "content");
    Bytes bad = good;
    bad.back() ^= 1;
    CHECK(fail_each([&] { return protocol::cms::verify(good).has_value(); }) > 3);
    const auto accepts = [](const std::function<bool()>& judge) {
        try {
            return judge();
        } catch (const std::runtime_error&) { // of a digest that is not to be had
            return false;
        }
    };
    for (int nth = 0; nth < 100; ++nth) {
        INFO("step " << nth);
        protocol::cms::Verifier verifier;
        {
            const OpensslFault fault(nth);
            CHECK_FALSE(accepts([&] { return protocol::cms::verify(bad).has_value(); }));
        }
        {
            const OpensslFault fault(nth);
            CHECK_FALSE(accepts([&] { return verifier.verify(bad).has_value(); }));
        }
        REQUIRE(verifier.verify(good).has_value());
        const OpensslFault fault(nth);
        CHECK_FALSE(accepts([&] { return verifier.verify_known(bad).has_value(); }));
    }
}

TEST_CASE("A signer of whom a step fails is not known, and is judged by the full way", "[openssl]") {
    const auto kind = GENERATE(KeyKind::p256, KeyKind::rsa2048);
    const auto signer = test::make_certificate({.key = kind});
    const Bytes message = sign(signer, "content");
    int short_ways = 0;
    for (int nth = 0; nth < 100; ++nth) {
        // In a thread of its own, since each keeps a digest's context.
        std::thread([&] {
            protocol::cms::Verifier verifier;
            {
                const OpensslFault fault(nth);
                try {
                    const auto judged = verifier.verify(message);
                    CHECK((judged.has_error() || protocol::as_text(judged->content) == "content"));
                } catch (const std::runtime_error&) {
                }
            }
            {
                const OpensslFault fault(nth);
                const auto known = verifier.verify_known(message);
                short_ways += known ? 1 : 0;
                CHECK((!known || known->signer_certificate == signer.der()));
            }
        }).join();
    }
    CHECK(short_ways > 0);
}

TEST_CASE("Digests and random numbers that are not to be had are told, and to be had again afterwards", "[openssl]") {
    const auto once = [](const std::function<bool()>& work) {
        int steps = 0;
        std::thread([&] { steps = fail_each(work); }).join(); // with contexts and random bytes of its own
        return steps;
    };
    const auto text = protocol::as_bytes(std::string_view("abc"));
    const auto expected = protocol::Digest::of(text);
    CHECK(once([&] { return protocol::Digest::of(text) == expected; }) >= 3);
    CHECK(once([&] {
              protocol::Sha256 hash;
              hash.update(text);
              return hash.finish() == expected;
          }) > 3);
    once([&] { return protocol::random_uuid() != protocol::random_uuid(); });
    protocol::Sha256 done;
    CHECK(done.finish() == protocol::Digest::of(protocol::BytesView()));
    CHECK_THROWS_AS(done.update(text), std::runtime_error);
    CHECK_THROWS_AS(done.finish(), std::runtime_error);
    protocol::Sha256 other;
    other.update(text);
    done = std::move(other);
    CHECK(done.finish() == expected);
}
