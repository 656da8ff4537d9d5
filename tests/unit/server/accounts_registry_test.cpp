#include "accounts_fixture.hpp"

#include "server/accounts/peer_certificate.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using server::accounts::CertificateCheck;
using server::accounts::LicenceState;
using server::accounts::PeerCertificate;
using test::noon;

namespace {

PeerCertificate peer_of(const test::AccountsFixture& fixture) {
    return {fixture.certificate, fixture.user, nullptr};
}

protocol::ErrorCode code_of(const protocol::Result<void>& outcome) {
    REQUIRE(outcome.has_error());
    return outcome.error().code;
}

} // namespace

TEST_CASE("what was loaded is found without asking the store again", "[accounts]") {
    test::AccountsFixture fixture;
    fixture.load();
    const auto& registry = fixture.registry;
    CHECK(registry.office(fixture.office)->name == "介護事業所");
    CHECK(registry.user(fixture.user)->office == fixture.office);
    CHECK(registry.has_certificate(fixture.certificate));
    CHECK(registry.licence(fixture.office, noon).state == LicenceState::valid);
    CHECK(registry.accepting(fixture.office, noon));
    CHECK(registry.check_signer(fixture.user, fixture.certificate, noon).has_value());
    CHECK_FALSE(registry.office(*protocol::OfficeNumber::parse("2670100029")));
}

TEST_CASE("nothing is trusted before the first read, nor 5 seconds after the last good one began", "[accounts]") {
    test::AccountsFixture fixture;
    const auto before = std::chrono::steady_clock::now();
    CHECK_FALSE(fixture.registry.fresh(before));
    fixture.load();
    const auto now = std::chrono::steady_clock::now();
    CHECK(fixture.registry.fresh(now));
    CHECK_FALSE(fixture.registry.fresh(now + std::chrono::seconds(6)));
    fixture.store.down = true;
    CHECK(fixture.refresh().has_error());
    CHECK_FALSE(fixture.registry.fresh(now + std::chrono::milliseconds(5001)));
}

TEST_CASE(
    "a recipient is known by issuer and serial or by key identifier, while its certificate is valid", "[accounts]"
) {
    test::AccountsFixture fixture;
    fixture.load();
    protocol::cms::RecipientName by_issuer;
    by_issuer.issuer_der = fixture.issuer;
    by_issuer.serial = fixture.serial;
    protocol::cms::RecipientName by_key;
    by_key.key_identifier = fixture.key_identifier;
    CHECK(fixture.registry.is_recipient(fixture.office, by_issuer, noon));
    CHECK(fixture.registry.is_recipient(fixture.office, by_key, noon));
    CHECK_FALSE(fixture.registry.is_recipient(fixture.office, by_key, noon + std::chrono::hours(25)));
    CHECK_FALSE(fixture.registry.is_recipient(fixture.office, protocol::cms::RecipientName(), noon));
    by_issuer.serial.push_back(0);
    CHECK_FALSE(fixture.registry.is_recipient(fixture.office, by_issuer, noon));
}

TEST_CASE(
    "a revoked certificate signs, receives and connects no more, and its office's polls are judged again", "[accounts]"
) {
    test::AccountsFixture fixture;
    std::vector<protocol::OfficeNumber> told;
    fixture.registry.on_change([&](const std::vector<protocol::OfficeNumber>& affected) { told = affected; });
    fixture.load();
    CertificateCheck check(fixture.registry, fixture.store, false);
    CHECK(fixture.run(check.check(peer_of(fixture), noon)).has_value());
    CHECK(told.empty());

    storage::RegistryDelta delta;
    delta.certificates.push_back(fixture.certificate_row());
    delta.certificates.back().revoked_at = noon;
    fixture.add_change(delta);
    REQUIRE(fixture.refresh().has_value());
    CHECK(told == std::vector{fixture.office});
    CHECK(code_of(fixture.run(check.check(peer_of(fixture), noon))) == protocol::ErrorCode::certificate_revoked);
    CHECK_FALSE(fixture.registry.accepting(fixture.office, noon));
    CHECK(
        code_of(fixture.registry.check_signer(fixture.user, fixture.certificate, noon)) ==
        protocol::ErrorCode::signer_not_registered
    );
}

TEST_CASE("a closed user or office is let in no more", "[accounts]") {
    test::AccountsFixture fixture;
    std::vector<protocol::OfficeNumber> told;
    fixture.registry.on_change([&](const std::vector<protocol::OfficeNumber>& affected) { told = affected; });
    fixture.load();
    storage::RegistryDelta delta;
    SECTION("the user") {
        delta.users.push_back(fixture.user_row());
        delta.users.back().closed = true;
    }
    SECTION("the office") {
        delta.offices.push_back(fixture.office_row());
        delta.offices.back().closed = true;
    }
    fixture.add_change(delta);
    REQUIRE(fixture.refresh().has_value());
    CertificateCheck check(fixture.registry, fixture.store, false);
    CHECK(code_of(fixture.run(check.check(peer_of(fixture), noon))) == protocol::ErrorCode::wrong_certificate);
    CHECK_FALSE(fixture.registry.is_open(fixture.user));
    CHECK_FALSE(fixture.registry.accepting(fixture.office, noon));
    CHECK(told == std::vector{fixture.office});
}

TEST_CASE("an unknown certificate is looked up anew before it is refused", "[accounts]") {
    test::AccountsFixture fixture;
    fixture.load();
    const auto renewed = protocol::Digest::of("renewed");
    storage::RegistryDelta delta;
    delta.certificates.push_back(fixture.certificate_row());
    delta.certificates.back().sha256 = renewed;
    fixture.add_change(delta);
    CertificateCheck check(fixture.registry, fixture.store, false);
    PeerCertificate peer = peer_of(fixture);
    peer.sha256 = renewed;
    CHECK(fixture.run(check.check(peer, noon)).has_value());
    peer.sha256 = protocol::Digest::of("nobody's");
    CHECK(code_of(fixture.run(check.check(peer, noon))) == protocol::ErrorCode::wrong_certificate);
    peer = peer_of(fixture);
    peer.user_id = protocol::UserId::parse("KJ000000000002");
    CHECK(code_of(fixture.run(check.check(peer, noon))) == protocol::ErrorCode::wrong_certificate);
}

TEST_CASE("many misses at once cost one read", "[accounts]") {
    test::AccountsFixture fixture;
    fixture.load();
    const int before = fixture.store.version_reads;
    int served = 0;
    for (int n = 0; n < 50; ++n) {
        boost::asio::co_spawn(
            fixture.io.get_executor(),
            fixture.registry.refresh_on_miss(),
            [&](const std::exception_ptr&, const protocol::Result<void>& outcome) { served += outcome ? 1 : 0; }
        );
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (served < 50 && std::chrono::steady_clock::now() < until) {
        fixture.io.run_one_until(until);
    }
    CHECK(served == 50);
    CHECK(fixture.store.version_reads - before <= 2);
}

TEST_CASE("a session is read once, and its end is seen with the next change", "[accounts]") {
    test::AccountsFixture fixture;
    fixture.load();
    storage::SessionRow session;
    session.token_sha256 = protocol::Digest::of("token");
    session.user_id = fixture.user;
    fixture.store.sessions[session.token_sha256] = session;
    const auto find = [&] { return fixture.run(fixture.registry.find_session(session.token_sha256)); };
    REQUIRE(find()->has_value());
    CHECK_FALSE((*find())->ended);
    CHECK(fixture.store.session_reads == 1);

    std::vector<protocol::OfficeNumber> told;
    fixture.registry.on_change([&](const std::vector<protocol::OfficeNumber>& affected) { told = affected; });
    storage::RegistryDelta delta;
    delta.sessions.push_back(session);
    delta.sessions.back().ended = true;
    fixture.add_change(delta);
    REQUIRE(fixture.refresh().has_value());
    CHECK((*find())->ended);
    CHECK(told == std::vector{fixture.office});
}

TEST_CASE("a notification is followed by a read at once", "[accounts]") {
    test::AccountsFixture fixture;
    fixture.load();
    storage::RegistryDelta delta;
    delta.offices.push_back(fixture.office_row());
    delta.offices.back().name = "新しい名前";
    fixture.add_change(delta);
    fixture.registry.poke();
    const auto began = std::chrono::steady_clock::now();
    while (fixture.registry.version() < 2 && std::chrono::steady_clock::now() < began + std::chrono::milliseconds(900)
    ) {
        fixture.io.run_one_for(std::chrono::milliseconds(100));
    }
    CHECK(fixture.registry.office(fixture.office)->name == "新しい名前");
}

TEST_CASE("after a restore of the database everything is read anew", "[accounts]") {
    test::AccountsFixture fixture;
    fixture.load();
    storage::RegistryDelta delta;
    delta.users.push_back(fixture.user_row());
    delta.users.back().user_id = *protocol::UserId::parse("KJ000000000002");
    fixture.add_change(delta);
    REQUIRE(fixture.refresh().has_value());
    CHECK(fixture.registry.is_open(*protocol::UserId::parse("KJ000000000002")));
    fixture.store.fallen_version = 1;
    REQUIRE(fixture.refresh().has_value());
    CHECK_FALSE(fixture.registry.is_open(*protocol::UserId::parse("KJ000000000002")));
    CHECK(fixture.registry.is_open(fixture.user));
}

TEST_CASE("after a restore of the database no session counts that the database does not know", "[accounts]") {
    test::AccountsFixture fixture;
    std::vector<protocol::OfficeNumber> told;
    fixture.registry.on_change([&](const std::vector<protocol::OfficeNumber>& affected) { told = affected; });
    fixture.load();
    storage::SessionRow lost;
    lost.token_sha256 = protocol::Digest::of("opened after the backup");
    lost.user_id = fixture.user;
    fixture.registry.remember_session(lost);
    storage::SessionRow running;
    running.token_sha256 = protocol::Digest::of("ended after the backup");
    running.user_id = fixture.user;
    fixture.store.sessions[running.token_sha256] = running;
    storage::RegistryDelta delta;
    delta.sessions.push_back(running);
    delta.sessions.back().ended = true;
    fixture.add_change(delta);
    REQUIRE(fixture.refresh().has_value());
    const auto find = [&](const storage::SessionRow& row) {
        return fixture.run(fixture.registry.find_session(row.token_sha256));
    };
    CHECK((*find(running))->ended);
    CHECK(find(lost)->has_value());

    told.clear();
    fixture.store.fallen_version = 1;
    REQUIRE(fixture.refresh().has_value());
    CHECK_FALSE(find(lost)->has_value());
    CHECK_FALSE((*find(running))->ended);
    CHECK(told == std::vector{fixture.office}); // its parked polls are judged again
}

TEST_CASE("who waits for the registry when it stops is told so", "[accounts]") {
    test::AccountsFixture fixture;
    fixture.load();
    fixture.registry.stop();
    const auto outcome = fixture.refresh();
    CHECK(code_of(outcome) == protocol::ErrorCode::unavailable);
}
