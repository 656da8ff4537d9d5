// Session tokens: 32 random bytes in base64url; only their SHA-256 is ever stored.
#pragma once

#include "protocol/digest.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relay::auth {

struct Token {
    std::string text;        ///< told to the client once, never logged
    protocol::Digest sha256; ///< stored and looked up
};

[[nodiscard]] Token make_token();
/// Digest of a token of the right form (43 characters of base64url).
[[nodiscard]] std::optional<protocol::Digest> token_digest(std::string_view text);

} // namespace relay::auth
