#include "auth/token.hpp"

#include <sodium.h>

#include <array>

namespace relay::auth {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t token_characters = 43;

} // namespace

Token make_token() {
    std::array<std::uint8_t, token_bytes> random{};
    randombytes_buf(random.data(), random.size());
    Token token;
    token.text = protocol::to_base64url(random);
    token.sha256 = protocol::Digest::of(token.text);
    sodium_memzero(random.data(), random.size());
    return token;
}

std::optional<protocol::Digest> token_digest(std::string_view text) {
    if (text.size() != token_characters || !protocol::from_base64url(text)) {
        return std::nullopt;
    }
    return protocol::Digest::of(text);
}

} // namespace relay::auth
