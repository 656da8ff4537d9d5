#include "client/crypto/certificates.hpp"

#include "tests/unit/client/test_office.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace relay::client;
using namespace relay::client::testing;
namespace protocol = relay::protocol;

namespace {

protocol::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

TrustAnchors anchors_of(const Identity& ca) {
    const auto folder = TemporaryFolder::make();
    put_file(folder->path() / "ca.pem", ca.certificate_pem);
    auto anchors = TrustAnchors::load(folder->path() / "ca.pem");
    REQUIRE(ok(anchors));
    return *std::move(anchors);
}

} // namespace

TEST_CASE("only certificates of the trusted CA are accepted, while they are valid", "[client]") {
    const auto office = make_office(KeyKind::p256);
    const auto stranger = make_office(KeyKind::p256);
    const auto anchors = anchors_of(office);
    CHECK(ok(anchors.check(office.certificate, now())));
    CHECK_FALSE(ok(anchors.check(stranger.certificate, now())));
    CHECK_FALSE(ok(anchors.check(office.certificate, now() + std::chrono::hours(2))));
    CHECK_FALSE(ok(anchors.check(office.certificate, now() - std::chrono::hours(2))));
}

TEST_CASE("a certificate whose CA names another office is not accepted for this one", "[client]") {
    const auto named = make_office(KeyKind::p256, "2670100011");
    const auto unnamed = make_office(KeyKind::p256);
    const auto office = *protocol::OfficeNumber::parse("2670100011");
    const auto other = *protocol::OfficeNumber::parse("2670100029");
    CHECK(named.certificate.organization_identifier() == "2670100011");
    CHECK(ok(anchors_of(named).check_office(named.certificate, office, now())));
    CHECK_FALSE(ok(anchors_of(named).check_office(named.certificate, other, now())));
    CHECK(ok(anchors_of(unnamed).check_office(unnamed.certificate, other, now())));
}

TEST_CASE("a key that does not belong to the certificate is refused at once", "[client]") {
    const auto office = make_office(KeyKind::p256);
    const auto other = make_office(KeyKind::p256);
    const auto folder = TemporaryFolder::make();
    put_file(folder->path() / "office.pem", office.certificate_pem);
    put_file(folder->path() / "office.key", office.key_pem);
    put_file(folder->path() / "other.key", other.key_pem);
    CHECK(ok(Identity::load(folder->path() / "office.pem", folder->path() / "office.key")));
    CHECK_FALSE(ok(Identity::load(folder->path() / "office.pem", folder->path() / "other.key")));
    CHECK_FALSE(ok(Identity::load(folder->path() / "office.key", folder->path() / "office.key")));
    CHECK_FALSE(ok(Identity::load(folder->path() / "none.pem", folder->path() / "office.key")));
}
