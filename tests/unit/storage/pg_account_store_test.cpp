#include "tests/unit/storage/account_fixture.hpp"

#include <algorithm>

using namespace relay;
using namespace relay::storage;
using namespace relay::test;
using protocol::ErrorCode;

TEST_CASE_METHOD(AccountFixture, "The registry sees every change once, above the version it has", "[storage]") {
    const auto whole = changes_since(-1);
    CHECK(whole.offices.size() == 2);
    CHECK(whole.users.size() == 3);
    CHECK(whole.version == run_coro(accounts.registry_version()).value());
    CHECK(changes_since(whole.version).users.empty());

    REQUIRE(admin->close_user(user_b).has_value());
    const auto delta = changes_since(whole.version);
    CHECK(delta.version == whole.version + 1);
    CHECK(delta.offices.empty());
    REQUIRE(delta.users.size() == 1);
    CHECK(delta.users[0].user_id == user_b);
    CHECK(delta.users[0].closed);
    CHECK(delta.users[0].office == office_b);
}

TEST_CASE_METHOD(AccountFixture, "A session that ended is told to every process and found for 30 days", "[storage]") {
    REQUIRE(sign_in(attempt("token")).what == SignInVerdict::What::opened);
    const auto token = protocol::Digest::of("token");
    const auto running = run_coro(accounts.find_session(token)).value();
    REQUIRE(running.has_value());
    CHECK_FALSE(running->ended);
    CHECK(running->user_id == user_a);

    const auto version = run_coro(accounts.registry_version()).value();
    REQUIRE(run_coro(accounts.end_session(token)).has_value());
    REQUIRE(run_coro(accounts.end_session(token)).has_value());
    const auto delta = changes_since(version);
    CHECK(delta.version == version + 1);
    REQUIRE(delta.sessions.size() == 1);
    CHECK(delta.sessions[0].token_sha256 == token);
    CHECK(delta.sessions[0].ended);
    CHECK(changes_since(-1).sessions.empty());

    CHECK(run_coro(accounts.find_session(token)).value()->ended);
    database.sql("UPDATE sessions SET ended_at = now() - interval '31 days'");
    CHECK_FALSE(run_coro(accounts.find_session(token)).value().has_value());
    CHECK_FALSE(run_coro(accounts.find_session(protocol::Digest::of("another"))).value().has_value());
}

TEST_CASE_METHOD(AccountFixture, "A certificate is registered on first use once, as an act of its user", "[storage]") {
    const auto row = certificate_of(user_a, "certificate a");
    const Bytes der = {0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x2a};
    REQUIRE(run_coro(accounts.register_certificate(row, der)).has_value());
    REQUIRE(run_coro(accounts.register_certificate(row, der)).has_value());
    CHECK(
        count_events("type = 'certificate_registered' AND actor_user = 'KJ000000000001'"
                     " AND subject_office = '2670100011'") == 1
    );
    CHECK(database.sql("SELECT serial = '\\x2a' FROM certificates")[0][0].as<bool>());
    const auto found = run_coro(accounts.find_certificate(row.sha256)).value();
    REQUIRE(found.has_value());
    CHECK(found->der == der);
    CHECK(found->row.key_identifier == row.key_identifier);
    CHECK(found->row.issuer_serial == row.issuer_serial);
    CHECK(found->row.not_after == row.not_after);
    REQUIRE(changes_since(-1).certificates.size() == 1);

    const auto stranger = certificate_of(*UserId::parse("KJ999999999999"), "certificate x");
    CHECK(run_coro(accounts.register_certificate(stranger, der)).error().code == ErrorCode::not_found);
}

TEST_CASE_METHOD(
    AccountFixture, "An office accepts when it is licensed today and has a valid certificate", "[storage]"
) {
    const Time noon = *protocol::parse_rfc3339("2026-11-20T12:00:00+09:00");
    const auto accepting = [&](Time at) {
        const auto page = run_coro(accounts.list_offices(DirectoryQuery{}, at)).value();
        const auto entry = std::find_if(page.offices.begin(), page.offices.end(), [](const DirectoryEntry& e) {
            return e.office.number == office_a;
        });
        return entry != page.offices.end() && entry->accepting;
    };
    CHECK_FALSE(accepting(noon));
    REQUIRE(admin->grant_licence(office_a, day("2026-11-20"), day("2026-11-20"), "regular").has_value());
    CHECK_FALSE(accepting(noon));
    auto row = certificate_of(user_a, "certificate a");
    row.not_before = noon - std::chrono::hours(240);
    row.not_after = noon + std::chrono::hours(240);
    REQUIRE(admin->register_certificate(row, {0x30}, "certificate issue").has_value());
    CHECK(accepting(noon));
    CHECK(accepting(*protocol::parse_rfc3339("2026-11-20T00:00:00+09:00")));
    CHECK_FALSE(accepting(*protocol::parse_rfc3339("2026-11-19T23:59:59+09:00")));
    CHECK_FALSE(accepting(*protocol::parse_rfc3339("2026-11-21T00:00:00+09:00")));
    CHECK(run_coro(accounts.certificates_of(office_a, noon)).value().size() == 1);
    CHECK(run_coro(accounts.certificates_of(office_a, row.not_after + std::chrono::seconds(1))).value().empty());

    SECTION("but not with a revoked certificate") {
        REQUIRE(admin->revoke_certificate(row.sha256, "keyCompromise").value());
        CHECK_FALSE(accepting(noon));
    }
    SECTION("but not when its user is closed") {
        REQUIRE(admin->close_user(user_a).has_value());
        CHECK_FALSE(accepting(noon));
        CHECK(run_coro(accounts.certificates_of(office_a, noon)).value().empty());
    }
    SECTION("but not when it is closed itself") {
        REQUIRE(admin->close_office(office_a).has_value());
        CHECK_FALSE(accepting(noon));
    }
}

TEST_CASE_METHOD(
    AccountFixture, "The directory is searched by name, number and prefecture, page by page", "[storage]"
) {
    const auto search = [&](DirectoryQuery query) {
        return run_coro(accounts.list_offices(std::move(query), test::now())).value();
    };
    DirectoryQuery query;
    query.limit = 1;
    auto page = search(query);
    REQUIRE(page.offices.size() == 1);
    CHECK(page.more);
    query.after = page.offices[0].office.number.str();
    page = search(query);
    REQUIRE(page.offices.size() == 1);
    CHECK_FALSE(page.more);
    CHECK(page.offices[0].office.number == office_b);

    DirectoryQuery words;
    words.q = "sakura";
    CHECK(search(words).offices.size() == 1);
    words.q = "ひま";
    CHECK(search(words).offices.size() == 1);
    words.q = "26701";
    CHECK(search(words).offices.size() == 2);
    words.q = "0100011"; // not the start of a number
    CHECK(search(words).offices.empty());
    words.q = "%";
    CHECK(search(words).offices.empty());
    words.q.reset();
    words.prefecture = "13";
    CHECK(search(words).offices.empty());
    words.prefecture = "26";
    CHECK(search(words).offices.size() == 2);
}

TEST_CASE_METHOD(AccountFixture, "Whoever is refused again and again fills one line a minute of the log", "[storage]") {
    const protocol::Actor actor{"KJ000000000001", protocol::Digest::of("certificate a")};
    for (int i = 0; i < 3; ++i) {
        REQUIRE(run_coro(accounts.record_refusal(actor, "wrong_certificate")).has_value());
    }
    CHECK(count_events("type = 'session_refused' AND code = 'wrong_certificate'") == 1);
    REQUIRE(run_coro(accounts.record_refusal(actor, "locked_out")).has_value());
    CHECK(count_events("type = 'session_refused'") == 2);

    const protocol::Actor nobody{"", protocol::Digest::of("certificate b")};
    const protocol::Actor nobody_else{"", protocol::Digest::of("certificate c")};
    REQUIRE(run_coro(accounts.record_refusal(nobody, "wrong_certificate")).has_value());
    REQUIRE(run_coro(accounts.record_refusal(nobody, "wrong_certificate")).has_value());
    REQUIRE(run_coro(accounts.record_refusal(nobody_else, "wrong_certificate")).has_value());
    CHECK(count_events("type = 'session_refused' AND actor_user IS NULL") == 2);
}
