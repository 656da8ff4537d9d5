#include "accounts_fixture.hpp"

#include "auth/password.hpp"
#include "server/accounts/sign_in.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using protocol::ErrorCode;
using server::accounts::PeerCertificate;
using server::accounts::SignInRequest;
using test::noon;
using What = storage::SignInVerdict::What;

namespace {

const auth::PasswordCost cheap{8U << 20U, 1};

struct SignInFixture : test::AccountsFixture {
    server::Config config;
    server::accounts::ArgonPool pool{1};
    std::unique_ptr<server::accounts::Passwords> passwords;
    std::unique_ptr<server::accounts::SignIn> service;

    SignInFixture() {
        config.minimum_clients["terminal"] = "2.1";
        config.passwords.memory = static_cast<std::int64_t>(cheap.memory_bytes);
        config.passwords.passes = 1;
        load();
        passwords =
            std::make_unique<server::accounts::Passwords>(store, pool, server::accounts::PasswordPolicy::of(config));
        service = std::make_unique<server::accounts::SignIn>(store, registry, *passwords, config);
        storage::PasswordRow row;
        row.hash = *auth::hash_password("Right2026", cheap);
        row.history = {row.hash};
        row.set_at = noon - std::chrono::hours(24);
        store.passwords[user] = row;
        store.verdict.what = What::opened;
        store.verdict.expires_at = noon + std::chrono::hours(8);
    }

    SignInRequest request(const std::string& password = "Right2026") const {
        return {user, password, "terminal", version("2.1")};
    }
    static server::accounts::ClientVersion version(const char* text) {
        return server::accounts::ClientVersion::parse(text).value();
    }
    PeerCertificate peer() const { return {certificate, user, nullptr}; }
    protocol::Result<server::accounts::SignedIn> sign_in(const SignInRequest& asked) {
        return run(service->sign_in(asked, peer(), noon));
    }
    ErrorCode code_of(const SignInRequest& asked) {
        const auto outcome = sign_in(asked);
        REQUIRE(outcome.has_error());
        return outcome.error().code;
    }
    protocol::Result<void> change(const std::string& old_password, const std::string& new_password) {
        return run(passwords->change({user, old_password, new_password}, peer(), noon));
    }
};

} // namespace

TEST_CASE("a sign-in gives a token, and its session is known here at once", "[accounts]") {
    SignInFixture fixture;
    const auto signed_in = fixture.sign_in(fixture.request());
    REQUIRE(signed_in.has_value());
    CHECK(signed_in->role == protocol::Role::office);
    CHECK(signed_in->office->number == fixture.office);
    CHECK(signed_in->licence->state == server::accounts::LicenceState::valid);
    CHECK(signed_in->expires_at == noon + std::chrono::hours(8));
    CHECK(signed_in->password_expires_at == noon + std::chrono::hours(24 * 179));
    const auto& attempt = fixture.store.attempts.at(0);
    CHECK(attempt.password_right);
    CHECK(attempt.may_open);
    const auto session = fixture.run(fixture.registry.find_session(attempt.token_sha256));
    REQUIRE(session->has_value());
    CHECK((*session)->certificate_sha256 == fixture.certificate);
    CHECK(fixture.store.session_reads == 0);
}

TEST_CASE("refusals of a sign-in come in their order", "[accounts]") {
    SignInFixture fixture;
    auto asked = fixture.request("Wrong2026");
    SECTION("a billing agent before the certificate") {
        asked.user_id = *protocol::UserId::parse("HD000000000001");
        CHECK(fixture.code_of(asked) == ErrorCode::agent_user_id);
        CHECK(fixture.store.calls == std::vector<std::string>{"refused KJ000000000001 agent_user_id"});
    }
    SECTION("another's certificate before anything is looked up") {
        asked.user_id = *protocol::UserId::parse("KJ000000000002");
        CHECK(fixture.code_of(asked) == ErrorCode::wrong_certificate);
        CHECK(fixture.store.calls == std::vector<std::string>{"refused KJ000000000001 wrong_certificate"});
    }
    SECTION("a lock before the password, which is not even hashed") {
        fixture.store.passwords[fixture.user].locked_until = noon + std::chrono::minutes(10);
        const auto outcome = fixture.sign_in(fixture.request());
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code == ErrorCode::locked_out);
        CHECK(outcome.error().retry_after == 600);
        CHECK(fixture.store.attempts.empty());
    }
    SECTION("the store's word on a lock counts, whatever the password") {
        fixture.store.verdict.what = What::locked;
        fixture.store.verdict.retry_after = 1700;
        CHECK(fixture.code_of(fixture.request()) == ErrorCode::locked_out);
    }
    SECTION("a wrong password before its expiry and the client's version") {
        fixture.store.passwords[fixture.user].temporary = true;
        fixture.store.verdict.what = What::wrong;
        asked.client_version = fixture.version("1");
        CHECK(fixture.code_of(asked) == ErrorCode::wrong_credentials);
        CHECK_FALSE(fixture.store.attempts.at(0).password_right);
    }
}

TEST_CASE("a right password that is temporary or expired opens no session", "[accounts]") {
    SignInFixture fixture;
    auto& row = fixture.store.passwords[fixture.user];
    SECTION("temporary") {
        row.temporary = true;
    }
    SECTION("expired") {
        row.set_at = noon - std::chrono::hours(24 * 180);
    }
    fixture.store.verdict.what = What::right_only;
    auto asked = fixture.request();
    asked.client_version = fixture.version("1");
    CHECK(fixture.code_of(asked) == ErrorCode::password_expired);
    CHECK_FALSE(fixture.store.attempts.at(0).may_open);
    CHECK(fixture.store.attempts.at(0).refusal_code == "password_expired");
}

TEST_CASE("a client older than the operator allows is told the lowest version", "[accounts]") {
    SignInFixture fixture;
    fixture.store.verdict.what = What::right_only;
    auto asked = fixture.request();
    asked.client_version = fixture.version("2.0.9");
    const auto outcome = fixture.sign_in(asked);
    REQUIRE(outcome.has_error());
    CHECK(outcome.error().code == ErrorCode::client_too_old);
    CHECK(outcome.error().members == std::vector<std::pair<std::string, std::string>>{{"minimum_version", "2.1"}});
    CHECK(fixture.store.attempts.at(0).refusal_code == "client_too_old");
}

TEST_CASE("a user without a password is refused like one who mistypes it", "[accounts]") {
    SignInFixture fixture;
    fixture.store.passwords.clear();
    fixture.store.verdict.what = What::wrong;
    CHECK(fixture.code_of(fixture.request()) == ErrorCode::wrong_credentials);
}

TEST_CASE("an account that signs in over and over at once leaves the queue to the others", "[accounts]") {
    SignInFixture fixture;
    constexpr int most = server::accounts::Passwords::most_checks_of_one;
    int opened = 0;
    int refused = 0;
    for (int n = 0; n < most + 3; ++n) {
        boost::asio::co_spawn(
            fixture.io.get_executor(),
            fixture.service->sign_in(fixture.request(), fixture.peer(), noon),
            [&](const std::exception_ptr&, const protocol::Result<server::accounts::SignedIn>& outcome) {
                opened += outcome ? 1 : 0;
                const bool limited = !outcome && outcome.error().code == ErrorCode::too_many_requests;
                refused += limited && outcome.error().retry_after == 1 ? 1 : 0;
            }
        );
    }
    const auto another = *protocol::UserId::parse("KJ000000000002");
    fixture.store.passwords[another] = fixture.store.passwords[fixture.user];
    auto asked = fixture.request();
    asked.user_id = another;
    CHECK(fixture.run(fixture.service->sign_in(asked, {fixture.certificate, another, nullptr}, noon)).has_value());
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (opened + refused < most + 3 && std::chrono::steady_clock::now() < until) {
        fixture.io.run_one_until(until);
    }
    CHECK(opened == most);
    CHECK(refused == 3);
    CHECK(fixture.sign_in(fixture.request()).has_value());
}

TEST_CASE("a password is changed with a temporary one, too", "[accounts]") {
    SignInFixture fixture;
    fixture.store.passwords[fixture.user].temporary = true;
    CHECK(fixture.change("Right2026", "Next-2027").has_value());
    CHECK(fixture.store.calls.back() == "change_password");
    CHECK(auth::verify_password("Next-2027", fixture.store.passwords[fixture.user].hash));
}

TEST_CASE("a new password that will not do is told only to whom the old one was right", "[accounts]") {
    SignInFixture fixture;
    SECTION("right, by the store's word") {
        fixture.store.verdict.what = What::right_only;
        const auto outcome = fixture.change("Right2026", "Right2026");
        REQUIRE(outcome.has_error());
        CHECK(outcome.error().code == ErrorCode::bad_password);
        REQUIRE(outcome.error().findings.size() == 1);
        CHECK(outcome.error().findings[0].code == "reused");
        CHECK_FALSE(fixture.store.attempts.at(0).may_open);
    }
    SECTION("locked meanwhile") {
        fixture.store.verdict.what = What::locked;
        CHECK(fixture.change("Right2026", "bad").error().code == ErrorCode::locked_out);
    }
    SECTION("wrong") {
        fixture.store.verdict.what = What::wrong;
        CHECK(fixture.change("Wrong2026", "bad").error().code == ErrorCode::wrong_credentials);
        CHECK_FALSE(fixture.store.attempts.at(0).password_right);
    }
}

TEST_CASE("who signs out is out here at once", "[accounts]") {
    SignInFixture fixture;
    const auto signed_in = fixture.sign_in(fixture.request());
    REQUIRE(signed_in.has_value());
    const auto token = fixture.store.attempts.at(0).token_sha256;
    CHECK(fixture.run(fixture.service->sign_out(token)).has_value());
    CHECK(fixture.store.sessions[token].ended);
    CHECK((*fixture.run(fixture.registry.find_session(token)))->ended);
}
