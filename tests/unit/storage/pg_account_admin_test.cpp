#include "tests/unit/storage/account_fixture.hpp"

#include <pqxx/pqxx>

#include <chrono>
#include <future>
#include <thread>

using namespace relay;
using namespace relay::storage;
using namespace relay::test;
using protocol::ErrorCode;

namespace {

constexpr ErrorCode refused = ErrorCode::malformed_request;

} // namespace

TEST_CASE_METHOD(AccountFixture, "An office has a mailbox, and its number is never given twice", "[storage]") {
    CHECK(database.sql("SELECT count(*) FROM mailboxes")[0][0].as<int>() == 2);
    CHECK(admin->add_office(NewOffice{office_a, "Another", "26", {}}).error().code == refused);
    REQUIRE(admin->close_office(office_a).has_value());
    CHECK(admin->close_office(office_a).error().code == refused);
    CHECK(admin->add_office(NewOffice{office_a, "Another", "26", {}}).error().code == refused);
    CHECK(admin->close_office(*OfficeNumber::parse("9999999999")).error().code == ErrorCode::not_found);
    CHECK(count_events("type = 'operator_action' AND code = 'office add' AND actor_user = 'relayctl'") == 2);
    CHECK(count_events("type = 'operator_action' AND code = 'office close' AND subject_office = '2670100011'") == 1);
    const auto office = admin->find_office(office_a).value();
    CHECK(office.office.name == "ひまわり");
    CHECK(office.services == std::vector<std::string>{"43"});
    CHECK(office.closed_at.has_value());
    CHECK(admin->list_offices().value().size() == 2);
}

TEST_CASE_METHOD(AccountFixture, "Users are of the kind that their letters say", "[storage]") {
    const auto add = [&](const char* id, std::optional<OfficeNumber> office) {
        const auto result = admin->add_user(NewUser{*UserId::parse(id), office, "hash", false});
        return result.has_error() ? std::optional(result.error().code) : std::nullopt;
    };
    CHECK(add("HD000000000001", std::nullopt) == refused);
    CHECK(add("KJ000000000009", std::nullopt) == refused);
    CHECK(add("AU000000000009", office_a) == refused);
    CHECK(add("KJ000000000001", office_a) == refused);
    CHECK(add("KJ000000000009", *OfficeNumber::parse("9999999999")) == ErrorCode::not_found);
    CHECK(add("OP000000000009", std::nullopt) == std::nullopt);
    REQUIRE(admin->close_office(office_a).has_value());
    CHECK(add("KJ000000000009", office_a) == refused);
    const auto users = admin->list_users().value();
    REQUIRE(users.size() == 4);
    CHECK(users[0].user.user_id == auditor);
    CHECK(users[2].temporary);
    CHECK(admin->find_user(user_a).value().user.office == office_a);
    CHECK(admin->find_user(*UserId::parse("OP000000000001")).error().code == ErrorCode::not_found);
}

TEST_CASE_METHOD(AccountFixture, "Closing a user or an office and a new password end the sessions", "[storage]") {
    REQUIRE(sign_in(attempt("token")).what == SignInVerdict::What::opened);
    const auto version = run_coro(accounts.registry_version()).value();
    SECTION("user close") {
        REQUIRE(admin->close_user(user_a).has_value());
    }
    SECTION("office close") {
        REQUIRE(admin->close_office(office_a).has_value());
    }
    SECTION("user password") {
        REQUIRE(admin->set_password(user_a, "new", true).has_value());
        CHECK(count_events("type = 'password_changed' AND subject_user = 'KJ000000000001'") == 1);
        CHECK(run_coro(accounts.find_password(user_a)).value()->temporary);
    }
    const auto delta = changes_since(version);
    REQUIRE(delta.sessions.size() == 1);
    CHECK(delta.sessions[0].ended);
}

TEST_CASE_METHOD(AccountFixture, "A new password and an unlock wait for a sign-in, in no ring", "[storage]") {
    const bool unlock = GENERATE(false, true);
    // The two locks of a sign-in, with the operator's command in between.
    pqxx::connection connection(database.url());
    pqxx::work sign_in(connection);
    sign_in.exec("SELECT FROM passwords WHERE user_id = 'KJ000000000001' FOR UPDATE");
    auto command = std::async(std::launch::async, [&] {
        return unlock ? admin->unlock_user(user_a) : admin->set_password(user_a, "new", true);
    });
    const auto waiting = [&] {
        return database.sql("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0].as<int>() > 0;
    };
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!waiting() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    REQUIRE(waiting());
    CHECK_NOTHROW(sign_in.exec("SELECT FROM users WHERE user_id = 'KJ000000000001' FOR SHARE"));
    CHECK_NOTHROW(sign_in.commit());
    CHECK(command.get().has_value());
}

TEST_CASE_METHOD(AccountFixture, "A certificate is registered for one user and revoked once", "[storage]") {
    const auto row = certificate_of(user_a, "certificate a");
    const Bytes der = {0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x2a};
    CHECK(admin->register_certificate(row, der, "certificate issue").value());
    CHECK_FALSE(admin->register_certificate(row, der, "certificate issue").value());
    auto stolen = row;
    stolen.user_id = user_b;
    CHECK(admin->register_certificate(stolen, der, "certificate import").error().code == refused);
    CHECK(count_events("type = 'certificate_registered' AND code = 'certificate issue'") == 1);
    REQUIRE(sign_in(attempt("token")).what == SignInVerdict::What::opened);

    CHECK(admin->list_certificates(test::now() + std::chrono::hours(24 * 60)).value().size() == 1);
    CHECK(admin->list_certificates(test::now() + std::chrono::hours(24)).value().empty());
    CHECK(admin->list_revoked().value().empty());
    const auto version = run_coro(accounts.registry_version()).value();
    CHECK(admin->revoke_certificate(row.sha256, "keyCompromise").value());
    CHECK_FALSE(admin->revoke_certificate(row.sha256, "superseded").value());
    CHECK(admin->revoke_certificate(protocol::Digest::of("x"), "").error().code == ErrorCode::not_found);
    const auto delta = changes_since(version);
    CHECK(delta.version == version + 1);
    CHECK(delta.sessions.size() == 1);
    REQUIRE(delta.certificates.size() == 1);
    CHECK(delta.certificates[0].revoked_at.has_value());
    const auto revoked = admin->list_revoked().value();
    REQUIRE(revoked.size() == 1);
    CHECK(revoked[0].serial == Bytes{0x2a});
    CHECK(revoked[0].reason == "keyCompromise");
    CHECK(revoked[0].der == der);
    CHECK(admin->list_certificates(test::now() + std::chrono::hours(24 * 60)).value().empty());
    CHECK(admin->list_certificates(std::nullopt).value().size() == 1);
    CHECK(count_events("type = 'certificate_revoked' AND octet_length(subject_certificate) = 32") == 1);
}

TEST_CASE_METHOD(AccountFixture, "A licence may be cut short, also before it began", "[storage]") {
    CHECK(admin->grant_licence(office_a, day("2026-04-01"), day("2026-03-31"), "regular").error().code == refused);
    CHECK(admin->grant_licence(office_a, day("2026-04-01"), day("2027-03-31"), "other").error().code == refused);
    REQUIRE(admin->grant_licence(office_a, day("2026-04-01"), day("2027-03-31"), "regular").has_value());
    REQUIRE(admin->grant_licence(office_a, day("2027-04-01"), day("2028-03-31"), "free-pass").has_value());
    CHECK(admin->end_licence(office_a, day("2026-12-31")).value() == 2);
    const auto licences = admin->list_licences(office_a).value();
    REQUIRE(licences.size() == 2);
    CHECK(licences[0].until == day("2026-12-31"));
    CHECK(licences[1].until < licences[1].from);
    CHECK(admin->end_licence(office_a, day("2026-12-31")).error().code == refused);
    CHECK(count_events("type = 'licence_changed'") == 3);
    CHECK(changes_since(-1).licences.size() == 2);
    CHECK(admin->list_licences(office_b).value().empty());
}

TEST_CASE_METHOD(AccountFixture, "Facts of bundles are shown by ID and by office", "[storage]") {
    database.sql("INSERT INTO bundles (bundle_id, upload_id, sender, recipient, out_place, in_place, state,"
                 " manifest_sha256, payload_size, chunk_size, chunk_count, created_at, reserved_at, accepted_at)"
                 " VALUES ('0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10', gen_random_uuid(), '2670100011', '2670100029', 1, 1,"
                 " 'waiting', sha256('x'), 10, 10, 1, now(), now(), now())");
    const auto id = *BundleId::parse("0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10");
    const auto bundle = admin->find_bundle(id).value();
    CHECK(bundle.state == BundleState::waiting);
    CHECK(bundle.recipient == office_b);
    CHECK(bundle.payload_size == 10);
    CHECK(admin->find_bundle(BundleId()).error().code == ErrorCode::not_found);
    CHECK(admin->list_bundles(office_a, std::nullopt, 10).value().size() == 1);
    CHECK(admin->list_bundles(office_b, BundleState::waiting, 10).value().size() == 1);
    CHECK(admin->list_bundles(office_b, BundleState::claimed, 10).value().empty());
    const auto stats = admin->stats().value();
    CHECK(stats.open_offices == 2);
    CHECK(stats.open_users == 3);
    CHECK(stats.bundles.at("waiting") == 1);
    CHECK(stats.payload_bytes == 10);
    CHECK(stats.events == 5);
    CHECK(stats.log_size == 0);
}
