#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"

#include <catch2/catch.hpp>

using namespace relay::protocol;

namespace {

Bytes count_up(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * 37 + 11);
    }
    return bytes;
}

} // namespace

TEST_CASE("base64 gives the vectors of RFC 4648 both ways", "[protocol]") {
    const std::vector<std::pair<std::string, std::string>> vectors{
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, encoded] : vectors) {
        CAPTURE(plain);
        CHECK(to_base64(as_bytes(plain)) == encoded);
        const auto decoded = from_base64(encoded);
        REQUIRE(decoded);
        CHECK(as_text(*decoded) == plain);
    }
}

TEST_CASE("Bytes of every length and value survive base64, base64url and hex", "[protocol]") {
    for (std::size_t size = 0; size < 300; ++size) {
        const Bytes bytes = count_up(size);
        CHECK(from_base64(to_base64(bytes)) == bytes);
        CHECK(from_base64url(to_base64url(bytes)) == bytes);
        CHECK(from_hex(to_hex(bytes)) == bytes);
    }
}

TEST_CASE("base64 that is not strict is refused", "[protocol]") {
    for (const std::string text :
         {"Zg",
          "Zg=",
          "Zg===",
          "Z===",
          "====",
          "=",
          "Zm9v\n",
          " Zm9v",
          "Zm 9v",
          "Zh==",
          "Zm9=",
          "Zm9v=",
          "Z=9v",
          "Zg==Zg==",
          "Zm-_",
          "Zm9\x80",
          "Zm9v====",
          "=Zm9"}) {
        CAPTURE(text);
        CHECK_FALSE(from_base64(text));
    }
    CHECK_FALSE(from_base64(std::string_view("Zm9\0", 4)));
}

TEST_CASE("base64url takes no padding, no other alphabet and no bits behind the end", "[protocol]") {
    CHECK(to_base64url(Bytes{0xfb, 0xff}) == "-_8");
    for (const std::string text : {"Zg==", "Zm+/", "Z", "Zh", "Zm9", "Zm9vZ"}) {
        CAPTURE(text);
        CHECK_FALSE(from_base64url(text));
    }
}

TEST_CASE("append_base64 leaves what stood before", "[protocol]") {
    std::string out = "{\"payload\":\"";
    append_base64(out, as_bytes("foobar"));
    CHECK(out == "{\"payload\":\"Zm9vYmFy");
}

TEST_CASE("Hex is lower case and whole", "[protocol]") {
    CHECK(to_hex(Bytes{0x00, 0xab, 0xff}) == "00abff");
    CHECK_FALSE(from_hex("AB"));
    CHECK_FALSE(from_hex("abc"));
    CHECK_FALSE(from_hex("0g"));
}

TEST_CASE("SHA-256 gives the examples of FIPS 180-4, at once and in pieces", "[protocol]") {
    CHECK(Digest::of(std::string_view()).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const auto expected = Digest::from_hex("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    REQUIRE(expected);
    const std::string_view text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    CHECK(Digest::of(text) == *expected);
    CHECK(Digest::of(text) == *expected);
    Sha256 running;
    for (const char c : text) {
        running.update(as_bytes(std::string_view(&c, 1)));
    }
    Sha256 moved(std::move(running));
    CHECK(moved.finish() == *expected);
}

TEST_CASE("A digest is read from 64 lower-case digits or 32 bytes only", "[protocol]") {
    const std::string hex(64, 'a');
    CHECK(Digest::from_hex(hex)->hex() == hex);
    CHECK_FALSE(Digest::from_hex(std::string(64, 'A')));
    CHECK_FALSE(Digest::from_hex(std::string(62, 'a')));
    CHECK_FALSE(Digest::from_hex(std::string(66, 'a')));
    CHECK(Digest::from_bytes(Bytes(32, 1)));
    CHECK_FALSE(Digest::from_bytes(Bytes(31, 1)));
}

TEST_CASE("Secrets are equal only with the same bytes and length", "[protocol]") {
    CHECK(equal_secrets(as_bytes("secret"), as_bytes("secret")));
    CHECK(equal_secrets({}, {}));
    CHECK_FALSE(equal_secrets(as_bytes("secret"), as_bytes("secreT")));
    CHECK_FALSE(equal_secrets(as_bytes("secret"), as_bytes("secre")));
}
