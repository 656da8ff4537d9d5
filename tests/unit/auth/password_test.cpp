#include "auth/password.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using auth::PasswordCost;

namespace {

constexpr PasswordCost cheap{8192, 1}; // libsodium's minimum; tests must be quick

std::string hash(std::string_view password) {
    auto made = auth::hash_password(password, cheap);
    REQUIRE(made.has_value());
    return *made;
}

} // namespace

TEST_CASE("A password matches its own hash and no other does", "[auth]") {
    const std::string stored = hash("geheim2026");
    CHECK(auth::verify_password("geheim2026", stored));
    CHECK_FALSE(auth::verify_password("geheim2027", stored));
    CHECK_FALSE(auth::verify_password("", stored));
    CHECK(stored != hash("geheim2026"));
}

TEST_CASE("The hash is Argon2id and carries the cost it was made with", "[auth]") {
    const auto stored = auth::hash_password("geheim2026", {64U << 10U, 3});
    REQUIRE(stored.has_value());
    CHECK(stored->starts_with("$argon2id$v=19$m=64,t=3,p=1$"));
    CHECK(auth::verify_password("geheim2026", *stored));
}

TEST_CASE("Another program's Argon2id hash is taken", "[auth]") {
    // From the reference implementation's tests (phc-winner-argon2, test.c), version 0x13.
    CHECK(auth::verify_password(
        "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
    ));
}

TEST_CASE("Composed and decomposed spellings of a password are the same", "[auth]") {
    const std::string composed = "Gru\u00DF\u304C2026";         // が in one code point
    const std::string decomposed = "Gru\u00DF\u304B\u30992026"; // か and the voicing mark
    REQUIRE(composed != decomposed);
    CHECK(auth::verify_password(decomposed, hash(composed)));
    CHECK(auth::verify_password(composed, hash(decomposed)));
}

TEST_CASE("Nothing matches a hash that is none, or a password that is no UTF-8", "[auth]") {
    CHECK_FALSE(auth::verify_password("", ""));
    CHECK_FALSE(auth::verify_password("x", "x"));
    CHECK_FALSE(auth::verify_password("$argon2id$", "$argon2id$"));
    CHECK_FALSE(auth::verify_password("geheim\xFF", hash("geheim2026")));
    CHECK_FALSE(auth::verify_password("geheim2026", auth::decoy_hash(cheap)));
    CHECK(auth::hash_password("geheim\xFF", cheap).has_error());
}

TEST_CASE("The decoy has the cost of a real hash", "[auth]") {
    const std::string stored = hash("geheim2026");
    const std::string& decoy = auth::decoy_hash(cheap);
    CHECK(decoy.substr(0, decoy.find(',')) == stored.substr(0, stored.find(',')));
    CHECK(&decoy == &auth::decoy_hash(cheap));
}

TEST_CASE("An impossible cost is an error", "[auth]") {
    CHECK(auth::hash_password("geheim2026", {0, 1}).has_error());
    CHECK(auth::hash_password("geheim2026", {8192, 0}).has_error());
}

TEST_CASE("A new password has 8 to 64 characters, a letter and a digit", "[auth]") {
    const auto codes = [](std::string_view password) {
        std::string all;
        for (const auto& finding : auth::check_password_rules(password)) {
            CHECK(finding.pointer == "/new");
            all += finding.code + " ";
        }
        return all;
    };
    const std::string sixty_two(62, 'x');
    CHECK(codes("abcdefg1").empty());
    CHECK(codes(sixty_two + "x1").empty());
    CHECK(codes("abcdef1") == "out_of_range ");
    CHECK(codes(sixty_two + "xx1") == "out_of_range ");
    CHECK(codes("abcdefgh") == "bad_format ");
    CHECK(codes("12345678") == "bad_format ");
    CHECK(codes("ああああああああ") == "bad_format bad_format ");
    CHECK(codes("ああああああa1").empty());
    CHECK(codes("") == "out_of_range bad_format bad_format ");
    CHECK(codes("abcdefg\xFF") == "bad_format ");
    // Six characters once が is one: counted after composition.
    CHECK(codes("a1\u304B\u3099\u304B\u3099\u304B\u3099") == "out_of_range ");
}

TEST_CASE("A password that is no UTF-8 or absurdly long is refused by name", "[auth]") {
    CHECK(
        auth::check_password_rules("geheim\xff"
                                   "2026")
            .at(0)
            .code == "bad_format"
    );
    CHECK(auth::check_password_rules("geheim\xe3\x81").at(0).code == "bad_format");
    CHECK(auth::check_password_rules("が2026a" + std::string(1024 * 1024, 'a')).at(0).code == "bad_format");
    CHECK(auth::hash_password(
              "geheim\xff"
              "2026",
              {8U << 10U, 1}
    )
              .has_error());
    CHECK(auth::check_password_rules("KENNWORT26").empty());
    CHECK(auth::check_password_rules("kennwort2\x7f").empty());
}

TEST_CASE("Letters and digits are those of ASCII, at both ends of the alphabet", "[auth]") {
    for (const char* const good : {"a2345678", "z2345678", "A2345678", "Z2345678", "abcdefg0", "abcdefg9"}) {
        CAPTURE(good);
        CHECK(auth::check_password_rules(good).empty());
    }
    for (const char* const bad : {"`2345678", "{2345678", "@2345678", "[2345678", "abcdefg/", "abcdefg:"}) {
        CAPTURE(bad);
        CHECK(auth::check_password_rules(bad).size() == 1);
    }
    CHECK(auth::check_password_rules("\xff\xfe").front().code == "bad_format");
    CHECK_FALSE(auth::verify_password("\xff\xfe", hash("geheim2026")));
    CHECK_FALSE(auth::hash_password("\xff\xfe", cheap).has_value());
    CHECK_FALSE(auth::verify_password("geheim2026", "$argon2i$v=19$m=8,t=3,p=1$c29tZXNhbHQ$AAAA"));
}

TEST_CASE("A cost that cannot be paid gives no hash, and a decoy that fits no password", "[auth]") {
    const PasswordCost none{8192, 0}; // no pass at all
    CHECK_FALSE(auth::hash_password("geheim2026", none).has_value());
    CHECK(auth::decoy_hash(none).empty());
    CHECK(&auth::decoy_hash(cheap) == &auth::decoy_hash(cheap));
}
