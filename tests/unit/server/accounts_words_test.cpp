#include "accounts_fixture.hpp"

#include "auth/password.hpp"
#include "server/accounts/client_version.hpp"
#include "server/accounts/passwords.hpp"
#include "server/accounts/session_cache.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using server::accounts::ClientVersion;

TEST_CASE("versions of clients compare as numbers, and missing parts are 0", "[accounts]") {
    const auto compare = [](const char* a, const char* b) {
        const auto order = *ClientVersion::parse(a) <=> *ClientVersion::parse(b);
        return order < 0 ? -1 : order > 0 ? 1 : 0;
    };
    CHECK(compare("1.9", "1.10") == -1);
    CHECK(compare("1.2", "1.2.0") == 0);
    CHECK(compare("1.2", "1.2.0.1") == -1);
    CHECK(compare("01.002", "1.2") == 0);
    CHECK(compare("0", "0.0.0") == 0);
    CHECK(compare("2", "1.99.99") == 1);
    CHECK(compare("18446744073709551617", "1") == 1);
}

TEST_CASE("anything but dot-separated numbers is no version", "[accounts]") {
    for (const char* text : {"", ".", "1.", ".1", "1..2", "1.2a", "v1", "1 .2", "-1", "1.2-rc", "１"}) {
        INFO(text);
        CHECK_FALSE(ClientVersion::parse(text));
    }
}

TEST_CASE("a new password must not be one of the last three", "[accounts]") {
    const auth::PasswordCost cheap{8U << 20U, 1};
    const std::vector<std::string> history{
        *auth::hash_password("First2026", cheap), *auth::hash_password("Second2026", cheap)};
    const auto findings = server::accounts::check_new_password("Second2026", history);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].pointer == "/new");
    CHECK(findings[0].code == "reused");
    CHECK(server::accounts::check_new_password("Third2026", history).empty());
    const std::vector<std::string> accented{*auth::hash_password("c\xc3\xa1rdinal1", cheap)};
    CHECK(server::accounts::check_new_password("ca\xcc\x81rdinal1", accented).size() == 1);
    CHECK_FALSE(server::accounts::check_new_password("short", history).empty());
}

TEST_CASE("an ended session stays ended when an older read of it comes late", "[accounts]") {
    server::accounts::SessionCache cache(100);
    storage::SessionRow row;
    row.token_sha256 = protocol::Digest::of("token");
    auto ended = row;
    ended.ended = true;
    cache.put(ended);
    cache.put(row);
    CHECK(cache.find(row.token_sha256)->ended);
}

TEST_CASE("the cache of sessions keeps what is used and forgets the rest", "[accounts]") {
    server::accounts::SessionCache cache(10);
    storage::SessionRow used;
    used.token_sha256 = protocol::Digest::of("used");
    cache.put(used);
    for (int n = 0; n < 100; ++n) {
        storage::SessionRow other;
        other.token_sha256 = protocol::Digest::of(std::to_string(n));
        cache.put(other);
        CHECK(cache.find(used.token_sha256));
    }
    CHECK(cache.size() <= 10);
    CHECK_FALSE(cache.find(protocol::Digest::of("0")));
}
