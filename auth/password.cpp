#include "auth/password.hpp"

#include "protocol/bytes.hpp"

#include <sodium.h>
#include <unicode/normalizer2.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace relay::auth {
namespace {

using protocol::Finding;

constexpr std::ptrdiff_t min_code_points = 8;
constexpr std::ptrdiff_t max_code_points = 64;
constexpr std::size_t max_bytes = 1024 * 1024;

bool is_utf8(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    std::int32_t units = 0;
    u_strFromUTF8(nullptr, 0, &units, text.data(), static_cast<std::int32_t>(text.size()), &status);
    return status == U_BUFFER_OVERFLOW_ERROR || U_SUCCESS(status);
}

std::ptrdiff_t count_code_points(std::string_view utf8) {
    return std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

/// Normalisation Form C (UAX #15); nothing when the text is not UTF-8 or absurdly long.
std::optional<std::string> to_nfc(std::string_view text) {
    if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
        return std::string(text);
    }
    if (text.size() > max_bytes || !is_utf8(text)) {
        return std::nullopt;
    }
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status)) {
        return std::nullopt;
    }
    std::string normalised;
    icu::StringByteSink<std::string> sink(&normalised);
    nfc->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int>(text.size())), sink, nullptr, status);
    return U_FAILURE(status) ? std::nullopt : std::optional<std::string>(std::move(normalised));
}

bool start_sodium() {
    static const bool started = sodium_init() >= 0;
    return started;
}

bool is_argon2id(const std::string& hash) {
    // Any cost will do here: -1 is told for what is no hash at all, 1 for one of another cost.
    return hash.starts_with(crypto_pwhash_argon2id_STRPREFIX) &&
           crypto_pwhash_str_needs_rehash(hash.c_str(), crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN) >= 0;
}

Finding finding(std::string code, std::string japanese, std::string english) {
    return Finding{"/new", std::move(code), std::move(japanese), std::move(english)};
}

} // namespace

protocol::Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
    if (!start_sodium()) {
        return protocol::errors::internal("libsodium does not start");
    }
    const std::optional<std::string> normalised = to_nfc(password);
    if (!normalised) {
        return protocol::errors::internal("password is not UTF-8");
    }
    std::array<char, crypto_pwhash_STRBYTES> hash{};
    if (crypto_pwhash_str_alg(
            hash.data(),
            normalised->data(),
            normalised->size(),
            cost.passes,
            cost.memory_bytes,
            crypto_pwhash_ALG_ARGON2ID13
        ) != 0) {
        return protocol::errors::internal("Argon2id: cost out of range or no memory");
    }
    return std::string(hash.data());
}

bool verify_password(std::string_view password, const std::string& hash) {
    if (!start_sodium()) {
        return false;
    }
    const std::optional<std::string> normalised = to_nfc(password);
    const bool can_match = normalised && is_argon2id(hash);
    const std::string& text = can_match ? *normalised : hash;
    const std::string& against = can_match ? hash : decoy_hash(PasswordCost{});
    return crypto_pwhash_str_verify(against.c_str(), text.data(), text.size()) == 0 && can_match;
}

const std::string& decoy_hash(const PasswordCost& cost) {
    static std::mutex guard;
    static std::map<std::pair<std::size_t, unsigned>, std::string> hashes;
    const std::scoped_lock lock(guard);
    std::string& hash = hashes[{cost.memory_bytes, cost.passes}];
    if (hash.empty() && start_sodium()) {
        std::array<std::uint8_t, 32> random{};
        randombytes_buf(random.data(), random.size());
        if (auto made = hash_password(protocol::to_hex(random), cost)) {
            hash = std::move(*made);
        }
    }
    return hash;
}

std::vector<Finding> check_password_rules(std::string_view password) {
    const std::optional<std::string> normalised = to_nfc(password);
    if (!normalised) {
        return {finding("bad_format", "パスワードが UTF-8 ではありません。", "The password is not UTF-8.")};
    }
    std::vector<Finding> findings;
    const std::ptrdiff_t length = count_code_points(*normalised);
    if (length < min_code_points || length > max_code_points) {
        findings.push_back(finding(
            "out_of_range",
            "パスワードは8文字以上64文字以下にしてください。",
            "The password must have 8 to 64 characters."
        ));
    }
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (std::ranges::none_of(*normalised, is_letter)) {
        findings.push_back(finding(
            "bad_format",
            "パスワードには英字（A～Z、a～z）を1文字以上使ってください。",
            "The password must contain a letter (A-Z, a-z)."
        ));
    }
    if (std::ranges::none_of(*normalised, is_digit)) {
        findings.push_back(
            finding("bad_format", "パスワードには数字を1文字以上使ってください。", "The password must contain a digit.")
        );
    }
    return findings;
}

} // namespace relay::auth
