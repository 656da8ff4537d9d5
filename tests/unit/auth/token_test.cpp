#include "auth/token.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace relay;

TEST_CASE("A token is 43 characters of base64url and is found again by its digest", "[auth]") {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auth::Token token = auth::make_token();
        CHECK(token.text.size() == 43);
        CHECK(protocol::from_base64url(token.text).value_or(protocol::Bytes{}).size() == 32);
        CHECK(auth::token_digest(token.text) == token.sha256);
        seen.insert(token.text);
    }
    CHECK(seen.size() == 100);
}

TEST_CASE("What is not of a token's form has no digest", "[auth]") {
    const std::string good = auth::make_token().text;
    CHECK_FALSE(auth::token_digest(""));
    CHECK_FALSE(auth::token_digest(good.substr(1)));
    CHECK_FALSE(auth::token_digest(good + "A"));
    CHECK_FALSE(auth::token_digest("+" + good.substr(1)));
    CHECK_FALSE(auth::token_digest(" " + good.substr(1)));
}

TEST_CASE("A token that is too short, too long or of other characters has no digest", "[auth]") {
    const std::string good = auth::make_token().text;
    CHECK(auth::token_digest(good));
    CHECK_FALSE(auth::token_digest(good.substr(1)));
    CHECK_FALSE(auth::token_digest(good + "A"));
    for (const char wrong : {'+', '/', '=', ' ', '\n'}) {
        CHECK_FALSE(auth::token_digest(wrong + good.substr(1)));
    }
}
