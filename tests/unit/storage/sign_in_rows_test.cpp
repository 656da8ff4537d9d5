#include "tests/unit/storage/account_fixture.hpp"

#include <boost/asio/co_spawn.hpp>

using namespace relay;
using namespace relay::storage;
using namespace relay::test;
using What = SignInVerdict::What;

TEST_CASE_METHOD(AccountFixture, "The right password opens a session for its lifetime", "[storage]") {
    const auto verdict = sign_in(attempt("token"));
    REQUIRE(verdict.what == What::opened);
    CHECK(verdict.expires_at > test::now() + std::chrono::hours(7));
    CHECK(verdict.expires_at < test::now() + std::chrono::hours(9));
    const auto session = run_coro(accounts.find_session(protocol::Digest::of("token"))).value();
    REQUIRE(session.has_value());
    CHECK(session->expires_at == verdict.expires_at);
    CHECK(session->certificate_sha256 == protocol::Digest::of("certificate a"));
    CHECK(count_events("type = 'session_opened' AND actor_user = subject_user") == 1);
}

TEST_CASE_METHOD(AccountFixture, "The third wrong password locks, and then the right one is refused too", "[storage]") {
    for (int i = 0; i < 3; ++i) {
        CHECK(sign_in(attempt("token", false)).what == What::wrong);
    }
    CHECK(count_events("type = 'account_locked'") == 1);
    CHECK(count_events("type = 'session_refused' AND code = 'wrong_credentials'") == 3);
    const auto verdict = sign_in(attempt("token"));
    CHECK(verdict.what == What::locked);
    CHECK(verdict.retry_after > 1700);
    CHECK(verdict.retry_after <= 1800);
    CHECK(run_coro(accounts.find_password(user_a)).value()->locked_until.has_value());

    SECTION("until the time is over, with three new tries") {
        database.sql("UPDATE passwords SET locked_until = now() - interval '1 second'");
        CHECK(sign_in(attempt("token", false)).what == What::wrong);
        CHECK(sign_in(attempt("token", false)).what == What::wrong);
        CHECK(sign_in(attempt("token")).what == What::opened);
    }
    SECTION("until an operator unlocks") {
        REQUIRE(admin->unlock_user(user_a).has_value());
        CHECK(sign_in(attempt("token")).what == What::opened);
    }
}

TEST_CASE_METHOD(AccountFixture, "A right password between two wrong ones starts the count anew", "[storage]") {
    CHECK(sign_in(attempt("one", false)).what == What::wrong);
    CHECK(sign_in(attempt("two", false)).what == What::wrong);
    CHECK(sign_in(attempt("three")).what == What::opened);
    CHECK(run_coro(accounts.find_password(user_a)).value()->failures == 0);
    CHECK(sign_in(attempt("four", false)).what == What::wrong);
    CHECK(sign_in(attempt("five")).what == What::opened);
}

TEST_CASE_METHOD(AccountFixture, "Guesses side by side learn no more than three in a row", "[storage]") {
    boost::asio::io_context context;
    int wrong = 0;
    int locked = 0;
    for (int i = 0; i < 20; ++i) {
        boost::asio::co_spawn(
            context.get_executor(),
            accounts.record_sign_in(attempt("token " + std::to_string(i), i % 5 == 4), lock_policy),
            [&](std::exception_ptr, Result<SignInVerdict> verdict) {
                wrong += verdict && verdict->what == What::wrong ? 1 : 0;
                locked += verdict && verdict->what == What::locked ? 1 : 0;
            }
        );
    }
    context.run_for(std::chrono::seconds(20));
    const int locks = count_events("type = 'account_locked'");
    CHECK(locks <= 1);
    CHECK((locks == 0 || locked > 0));
    CHECK(wrong + locked + count_events("type = 'session_opened'") == 20);
}

TEST_CASE_METHOD(AccountFixture, "A password that was changed while it was checked counts as wrong", "[storage]") {
    REQUIRE(admin->set_password(user_a, "other hash", false).has_value());
    CHECK(sign_in(attempt("token")).what == What::wrong);
}

TEST_CASE_METHOD(AccountFixture, "The right password without a session is told and leaves none", "[storage]") {
    auto expired = attempt("token");
    expired.may_open = false;
    expired.refusal_code = "password_expired";
    CHECK(sign_in(expired).what == What::right_only);
    CHECK(count_events("type = 'session_refused' AND code = 'password_expired'") == 1);
    CHECK_FALSE(run_coro(accounts.find_session(protocol::Digest::of("token"))).value().has_value());
}

TEST_CASE_METHOD(AccountFixture, "Unknown and closed users are wrong, and closed ones have no password", "[storage]") {
    auto unknown = attempt("token");
    unknown.user_id = *UserId::parse("KJ999999999999");
    CHECK(sign_in(unknown).what == What::wrong);
    CHECK_FALSE(run_coro(accounts.find_password(unknown.user_id)).value().has_value());
    REQUIRE(admin->close_user(user_a).has_value());
    CHECK(sign_in(attempt("token")).what == What::wrong);
    CHECK_FALSE(run_coro(accounts.find_password(user_a)).value().has_value());
    REQUIRE(admin->close_office(office_b).has_value());
    CHECK_FALSE(run_coro(accounts.find_password(user_b)).value().has_value());
}

TEST_CASE_METHOD(AccountFixture, "A new password ends every session and keeps the last three hashes", "[storage]") {
    REQUIRE(sign_in(attempt("one")).what == What::opened);
    REQUIRE(sign_in(attempt("two")).what == What::opened);
    const auto version = run_coro(accounts.registry_version()).value();
    const auto change = [&](const char* from, const char* to, bool right = true) {
        auto tried = attempt("", right);
        tried.checked_hash = from;
        return run_coro(accounts.change_password(tried, to, lock_policy)).value().what;
    };
    CHECK(change("hash", "hash 2") == What::right_only);
    CHECK(changes_since(version).sessions.size() == 2);
    CHECK(change("hash 2", "hash 3") == What::right_only);
    CHECK(change("hash 3", "hash 4") == What::right_only);
    const auto password = run_coro(accounts.find_password(user_a)).value();
    REQUIRE(password.has_value());
    CHECK(password->hash == "hash 4");
    CHECK(password->history == std::vector<std::string>{"hash 4", "hash 3", "hash 2"});
    CHECK_FALSE(password->temporary);
    CHECK(count_events("type = 'password_changed' AND actor_user = 'KJ000000000001'") == 3);

    CHECK(change("hash 4", "hash 5", false) == What::wrong);
    CHECK(change("hash 4", "hash 5", false) == What::wrong);
    CHECK(change("hash 4", "hash 5", false) == What::wrong);
    CHECK(change("hash 4", "hash 5") == What::locked);
}
