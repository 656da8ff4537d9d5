#include "auth/trust.hpp"

#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_pki.hpp"

#include <catch2/catch.hpp>

#include <openssl/x509_vfy.h>

using namespace relay;
using namespace relay::auth;
using std::chrono::hours;
using test::KeyKind;

namespace {

const test::TestCertificate& root() {
    static const auto made =
        test::make_certificate({.common_names = {"Root"}, .ca = true, .not_after = test::test_now() + hours(24 * 3650)}
        );
    return made;
}

std::shared_ptr<const Trust>
trust_in(const std::string& ca_pem, const std::string& crl_pem = {}, const Trust* before = nullptr) {
    const test::TemporaryFolder folder;
    const auto crl = crl_pem.empty() ? std::filesystem::path() : folder.write("crl.pem", crl_pem);
    auto trust = Trust::load(folder.write("ca.pem", ca_pem), crl, before);
    INFO((trust ? std::string() : trust.error().cause));
    REQUIRE(trust.has_value());
    return *trust;
}

ChainVerdict judge(
    const Trust& trust,
    const test::TestCertificate& made,
    Time now = test::test_now(),
    const std::vector<Bytes>& intermediates = {}
) {
    const auto certificate = read_certificate(made.der());
    REQUIRE(certificate.has_value());
    const ChainVerdict verdict = trust.verify(*certificate, now, intermediates);
    CHECK(ERR_peek_error() == 0);
    return verdict;
}

} // namespace

TEST_CASE("A certificate of an accepted CA is good, and of another is not", "[auth]") {
    const auto trust = trust_in(root().pem());
    CHECK(judge(*trust, test::make_certificate({.issuer = &root()})) == ChainVerdict::good);
    CHECK(judge(*trust, test::make_certificate()) == ChainVerdict::wrong_chain);
    const auto namesake = test::make_certificate({.common_names = {"Root"}, .ca = true});
    CHECK(judge(*trust, test::make_certificate({.issuer = &namesake})) == ChainVerdict::wrong_chain);
    const auto no_ca = test::make_certificate({.issuer = &root()});
    CHECK(
        judge(*trust, test::make_certificate({.issuer = &no_ca}), test::test_now(), {no_ca.der()}) ==
        ChainVerdict::wrong_chain
    );
}

TEST_CASE("Dates are judged at the moment given, whatever was judged before", "[auth]") {
    const auto trust = trust_in(root().pem());
    const auto leaf = test::make_certificate(
        {.issuer = &root(), .not_before = test::test_now(), .not_after = test::test_now() + hours(1)}
    );
    CHECK(judge(*trust, leaf, test::test_now() - hours(1)) == ChainVerdict::not_yet_valid);
    CHECK(judge(*trust, leaf) == ChainVerdict::good);
    CHECK(judge(*trust, leaf) == ChainVerdict::good);
    CHECK(judge(*trust, leaf, test::test_now() + hours(2)) == ChainVerdict::expired);
    CHECK(judge(*trust, leaf, test::test_now() - hours(1)) == ChainVerdict::not_yet_valid);
}

TEST_CASE("A CA that expires takes its certificates with it, cached or not", "[auth]") {
    const auto intermediate = test::make_certificate(
        {.common_names = {"Short"}, .issuer = &root(), .ca = true, .not_after = test::test_now() + hours(2)}
    );
    const auto leaf = test::make_certificate({.issuer = &intermediate});
    const auto trust = trust_in(root().pem() + intermediate.pem());
    const auto sha256 = Digest::of(protocol::BytesView(leaf.der()));
    CHECK_FALSE(trust->is_known_good(sha256, test::test_now()));
    CHECK(judge(*trust, leaf) == ChainVerdict::good);
    CHECK(trust->is_known_good(sha256, test::test_now()));
    CHECK(judge(*trust, leaf, test::test_now() + hours(3)) == ChainVerdict::expired);
    CHECK_FALSE(trust->is_known_good(sha256, test::test_now() + hours(3)));
}

TEST_CASE("An intermediate may come from the peer", "[auth]") {
    const auto intermediate = test::make_certificate({.common_names = {"Middle"}, .issuer = &root(), .ca = true});
    const auto leaf = test::make_certificate({.issuer = &intermediate});
    const auto trust = trust_in(root().pem());
    CHECK(judge(*trust, leaf) == ChainVerdict::wrong_chain);
    CHECK(judge(*trust, leaf, test::test_now(), {intermediate.der()}) == ChainVerdict::good);
}

TEST_CASE("An intermediate that came from a peer once need not come again, whatever trust comes after", "[auth]") {
    const auto intermediate = test::make_certificate({.common_names = {"Middle"}, .issuer = &root(), .ca = true});
    const auto leaf = test::make_certificate({.issuer = &intermediate});
    const auto other = test::make_certificate({.issuer = &intermediate});
    const auto first = trust_in(root().pem());
    REQUIRE(judge(*first, leaf, test::test_now(), {intermediate.der()}) == ChainVerdict::good);
    CHECK(judge(*first, other) == ChainVerdict::good);
    first->forget();
    CHECK(judge(*first, leaf) == ChainVerdict::good);

    const auto crl = test::make_crl_pem(intermediate, {.revoked = {&other}});
    const auto second = trust_in(root().pem(), crl, first.get());
    CHECK(judge(*second, leaf) == ChainVerdict::good);
    CHECK(judge(*second, other) == ChainVerdict::in_crl);
    SECTION("but for its own revocation, or its root's end") {
        const auto revoking = test::make_crl_pem(root(), {.revoked = {&intermediate}});
        CHECK(judge(*trust_in(root().pem(), revoking, second.get()), leaf) == ChainVerdict::in_crl);
        const auto another = test::make_certificate({.common_names = {"Another root"}, .ca = true});
        CHECK(judge(*trust_in(another.pem(), {}, second.get()), leaf) == ChainVerdict::wrong_chain);
    }
    SECTION("those of the latest peers are at hand") {
        for (int i = 0; i < 64; ++i) {
            const auto middle = test::make_certificate({.common_names = {"Another"}, .issuer = &root(), .ca = true});
            const auto of_it = test::make_certificate({.issuer = &middle});
            CHECK(judge(*second, of_it, test::test_now(), {middle.der()}) == ChainVerdict::good);
        }
        second->forget();
        CHECK(judge(*second, leaf) == ChainVerdict::wrong_chain);
    }
}

TEST_CASE("A revoked certificate is refused, and only that one", "[auth]") {
    const auto good = test::make_certificate({.issuer = &root()});
    const auto revoked = test::make_certificate({.issuer = &root()});
    const auto trust = trust_in(root().pem(), test::make_crl_pem(root(), {.revoked = {&revoked}}));
    CHECK(judge(*trust, good) == ChainVerdict::good);
    CHECK(judge(*trust, revoked) == ChainVerdict::in_crl);
    CHECK_FALSE(trust->crl_overdue(test::test_now()));
}

TEST_CASE("A CRL past its nextUpdate, or from a clock ahead, stays in force", "[auth]") {
    const auto good = test::make_certificate({.issuer = &root()});
    const auto revoked = test::make_certificate({.issuer = &root()});
    const auto old = trust_in(
        root().pem(),
        test::make_crl_pem(root(), {.revoked = {&revoked}, .next_update = test::test_now() - std::chrono::minutes(1)})
    );
    CHECK(judge(*old, good) == ChainVerdict::good);
    CHECK(judge(*old, revoked) == ChainVerdict::in_crl);
    CHECK(old->crl_overdue(test::test_now()));
    const auto ahead = trust_in(
        root().pem(), test::make_crl_pem(root(), {.revoked = {&revoked}, .last_update = test::test_now() + hours(1)})
    );
    CHECK(judge(*ahead, good) == ChainVerdict::good);
    CHECK(judge(*ahead, revoked) == ChainVerdict::in_crl);
}

TEST_CASE("A CA without a CRL is not checked by CRL", "[auth]") {
    const auto other = test::make_certificate({.common_names = {"Other"}, .ca = true});
    const auto trust = trust_in(root().pem() + other.pem(), test::make_crl_pem(root(), {}));
    CHECK(judge(*trust, test::make_certificate({.issuer = &other})) == ChainVerdict::good);
}

TEST_CASE("Of two CRLs of a CA in the file the newer one counts, in either order", "[auth]") {
    const auto revoked = test::make_certificate({.issuer = &root()});
    const std::string older = test::make_crl_pem(root(), {.last_update = test::test_now() - hours(2)});
    const std::string newer = test::make_crl_pem(root(), {.revoked = {&revoked}});
    CHECK(judge(*trust_in(root().pem(), older + newer), revoked) == ChainVerdict::in_crl);
    CHECK(judge(*trust_in(root().pem(), newer + older), revoked) == ChainVerdict::in_crl);
    SECTION("and of two made in the same second, the later one in the file") {
        const std::string same = test::make_crl_pem(root(), {});
        CHECK(judge(*trust_in(root().pem(), same + newer), revoked) == ChainVerdict::in_crl);
    }
}

TEST_CASE("A CRL that its CA did not sign is no all-clear", "[auth]") {
    const auto namesake = test::make_certificate({.common_names = {"Root"}, .ca = true});
    const auto trust = trust_in(root().pem(), test::make_crl_pem(namesake, {}));
    CHECK(judge(*trust, test::make_certificate({.issuer = &root()})) == ChainVerdict::wrong_chain);
}

TEST_CASE("A revoked intermediate takes its certificates with it", "[auth]") {
    const auto intermediate = test::make_certificate({.common_names = {"Middle"}, .issuer = &root(), .ca = true});
    const auto trust =
        trust_in(root().pem() + intermediate.pem(), test::make_crl_pem(root(), {.revoked = {&intermediate}}));
    CHECK(judge(*trust, test::make_certificate({.issuer = &intermediate})) == ChainVerdict::in_crl);
}

TEST_CASE("Weak certificates and weak CAs are refused", "[auth]") {
    const auto trust = trust_in(root().pem());
    CHECK(judge(*trust, test::make_certificate({.key = KeyKind::rsa1024, .issuer = &root()})) == ChainVerdict::weak);
    CHECK(judge(*trust, test::make_certificate({.issuer = &root(), .digest = "SHA1"})) == ChainVerdict::weak);
    const auto sha1_ca =
        test::make_certificate({.common_names = {"SHA-1"}, .issuer = &root(), .ca = true, .digest = "SHA1"});
    CHECK(
        judge(*trust, test::make_certificate({.issuer = &sha1_ca}), test::test_now(), {sha1_ca.der()}) ==
        ChainVerdict::weak
    );
    const auto small =
        test::make_certificate({.common_names = {"Small"}, .key = KeyKind::rsa1024, .issuer = &root(), .ca = true});
    CHECK(
        judge(*trust, test::make_certificate({.issuer = &small}), test::test_now(), {small.der()}) == ChainVerdict::weak
    );
}

TEST_CASE("A certificate for servers only, or one that may not sign, opens no connection", "[auth]") {
    const auto trust = trust_in(root().pem());
    CHECK(
        judge(*trust, test::make_certificate({.issuer = &root(), .extensions = {{NID_ext_key_usage, "serverAuth"}}})) ==
        ChainVerdict::weak
    );
    CHECK(
        judge(
            *trust,
            test::make_certificate({.issuer = &root(), .extensions = {{NID_key_usage, "critical,keyEncipherment"}}})
        ) == ChainVerdict::wrong_chain
    );
}

TEST_CASE("verify_peer judges as verify does and names the alert", "[auth]") {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto ca = test::make_certificate(
        {.common_names = {"Now"}, .ca = true, .not_before = now - hours(2), .not_after = now + hours(9)}
    );
    const auto make = [&](Time from, Time until, KeyKind key) {
        return test::make_certificate({.key = key, .issuer = &ca, .not_before = from, .not_after = until});
    };
    const auto good = make(now - hours(1), now + hours(1), KeyKind::p256);
    const auto revoked = make(now - hours(1), now + hours(1), KeyKind::p256);
    const auto expired = make(now - hours(2), now - hours(1), KeyKind::p256);
    const auto weak = make(now - hours(1), now + hours(1), KeyKind::rsa1024);
    const auto trust = trust_in(
        ca.pem(),
        test::make_crl_pem(ca, {.revoked = {&revoked}, .last_update = now - hours(1), .next_update = now + hours(1)})
    );
    const auto error_for = [&](const test::TestCertificate& peer) {
        const std::unique_ptr<X509_STORE_CTX, protocol::cms::Deleter<X509_STORE_CTX_free>> context(X509_STORE_CTX_new()
        );
        REQUIRE(X509_STORE_CTX_init(context.get(), trust->store(), peer.certificate.get(), nullptr) == 1);
        const bool accepted = trust->verify_peer(context.get());
        CHECK(accepted == (X509_STORE_CTX_get_error(context.get()) == X509_V_OK));
        return X509_STORE_CTX_get_error(context.get());
    };
    CHECK(error_for(good) == X509_V_OK);
    CHECK(error_for(good) == X509_V_OK);
    CHECK(error_for(revoked) == X509_V_ERR_CERT_REVOKED);
    CHECK(error_for(expired) == X509_V_ERR_CERT_HAS_EXPIRED);
    CHECK(error_for(weak) == X509_V_ERR_EE_KEY_TOO_SMALL);
    CHECK(error_for(test::make_certificate()) != X509_V_OK);
}

TEST_CASE("Trust files that are missing, empty or broken are an error that names the file", "[auth]") {
    const test::TemporaryFolder folder;
    const auto ca = folder.write("ca.pem", root().pem());
    const auto crl = folder.write("crl.pem", test::make_crl_pem(root(), {}));
    const std::string whole = root().pem();
    const auto refused =
        [](const std::filesystem::path& ca_file, const std::filesystem::path& crl_file, const char* named) {
            const auto trust = Trust::load(ca_file, crl_file);
            REQUIRE(trust.has_error());
            CHECK(trust.error().cause.find(named) != std::string::npos);
            CHECK(ERR_peek_error() == 0);
        };
    refused(folder.path() / "none.pem", {}, "none.pem");
    refused(folder.write("empty.pem", ""), {}, "empty.pem");
    refused(folder.write("cut.pem", whole + whole.substr(0, whole.size() / 2)), {}, "cut.pem");
    refused(folder.write("cut.pem", whole + whole.substr(0, whole.size() - 1) + "x"), {}, "cut.pem");
    refused(ca, folder.path() / "none.crl", "none.crl");
    refused(ca, folder.write("empty.crl", ""), "empty.crl");
    refused(ca, ca, "ca.pem");
    std::filesystem::create_directory(folder.path() / "folder");
    refused(folder.path() / "folder", {}, "folder");
    refused(ca, folder.path() / "folder", "folder");
    CHECK(Trust::load(ca, crl).has_value());
    CHECK((*Trust::load(ca, crl))->ca_certificates() == std::vector<Bytes>{root().issuer_der()});
}

TEST_CASE("A verdict is told by its name", "[auth]") {
    CHECK(to_string(ChainVerdict::good) == "good");
    CHECK(to_string(ChainVerdict::wrong_chain) == "wrong_chain");
    CHECK(to_string(ChainVerdict::expired) == "expired");
    CHECK(to_string(ChainVerdict::not_yet_valid) == "not_yet_valid");
    CHECK(to_string(ChainVerdict::in_crl) == "in_crl");
    CHECK(to_string(ChainVerdict::weak) == "weak");
}

TEST_CASE("Intermediates that are no certificates help nobody and harm nobody", "[auth]") {
    const auto intermediate = test::make_certificate({.common_names = {"Middle"}, .issuer = &root(), .ca = true});
    const auto leaf = test::make_certificate({.issuer = &intermediate});
    const auto trust = trust_in(root().pem());
    const Bytes nonsense{0x30, 0x03, 0x01, 0x02, 0x03};
    CHECK(trust->verify(*read_certificate(leaf.der()), test::test_now(), {nonsense, {}}) == ChainVerdict::wrong_chain);
    CHECK(
        trust->verify(*read_certificate(leaf.der()), test::test_now(), {nonsense, intermediate.der()}) ==
        ChainVerdict::good
    );
}
