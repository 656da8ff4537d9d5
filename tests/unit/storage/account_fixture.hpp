// Offices, users and certificates for the tests of the stores of accounts.
#pragma once

#include "storage/postgres/pg_account_admin.hpp"
#include "storage/postgres/pg_account_store.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run_coro.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace relay::test {

inline const storage::OfficeNumber office_a = *protocol::OfficeNumber::parse("2670100011");
inline const storage::OfficeNumber office_b = *protocol::OfficeNumber::parse("2670100029");
inline const storage::UserId user_a = *protocol::UserId::parse("KJ000000000001");
inline const storage::UserId user_b = *protocol::UserId::parse("KJ000000000002");
inline const storage::UserId auditor = *protocol::UserId::parse("AU000000000001");
inline const storage::LockPolicy lock_policy{3, std::chrono::minutes(30)};

inline storage::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

inline storage::Day day(const char* text) {
    return *protocol::parse_day(text);
}

/// Not a real certificate: only its serial number is ever read, and that only of real DER.
inline storage::CertificateRow certificate_of(const storage::UserId& user, const std::string& seed) {
    storage::CertificateRow row;
    row.sha256 = protocol::Digest::of(seed);
    row.user_id = user;
    row.not_before = now() - std::chrono::hours(1);
    row.not_after = now() + std::chrono::hours(24 * 30);
    row.issuer_serial = protocol::Digest::of(seed + " serial");
    row.key_identifier = {1, 2, 3};
    return row;
}

/// A database with two offices, a user in each and an auditor; the password's hash is "hash".
struct AccountFixture {
    AccountFixture() {
        for (const auto& [number, name] : {std::pair{office_a, "ひまわり"}, std::pair{office_b, "Sakura Care"}}) {
            REQUIRE(admin->add_office(storage::NewOffice{number, name, "26", {"43"}}).has_value());
        }
        REQUIRE(admin->add_user(storage::NewUser{user_a, office_a, "hash", false}).has_value());
        REQUIRE(admin->add_user(storage::NewUser{user_b, office_b, "hash", true}).has_value());
        REQUIRE(admin->add_user(storage::NewUser{auditor, std::nullopt, "hash", false}).has_value());
    }

    [[nodiscard]] int count_events(const std::string& condition) const {
        return database.sql("SELECT count(*) FROM events WHERE " + condition)[0][0].as<int>();
    }
    [[nodiscard]] storage::SignInAttempt attempt(const std::string& token, bool right = true) const {
        storage::SignInAttempt attempt;
        attempt.user_id = user_a;
        attempt.certificate_sha256 = protocol::Digest::of("certificate a");
        attempt.checked_hash = "hash";
        attempt.password_right = right;
        attempt.token_sha256 = protocol::Digest::of(token);
        attempt.lifetime = std::chrono::hours(8);
        return attempt;
    }
    storage::SignInVerdict sign_in(storage::SignInAttempt attempt) {
        return run_coro(accounts.record_sign_in(std::move(attempt), lock_policy)).value();
    }
    storage::RegistryDelta changes_since(std::int64_t version) {
        return run_coro(accounts.changes_since(version)).value();
    }

    TestDatabase database;
    std::unique_ptr<storage::postgres::PgAccountAdmin> admin =
        storage::postgres::PgAccountAdmin::open(database.url()).value();
    std::unique_ptr<storage::postgres::DbExecutor> db =
        storage::postgres::DbExecutor::start(database.options(4)).value();
    storage::postgres::PgAccountStore accounts{*db};
};

} // namespace relay::test
