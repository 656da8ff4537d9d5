// Bytes as they travel: hex, base64 and views. Pure; no OpenSSL type shows here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relay::protocol {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

[[nodiscard]] inline BytesView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(BytesView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline Bytes to_bytes(BytesView view) {
    return {view.begin(), view.end()};
}

/// Lower-case hex.
[[nodiscard]] std::string to_hex(BytesView bytes);
/// Lower-case hex only; nothing for an odd length or any other character.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);
/// The same into `out`; false also when it does not fill it.
[[nodiscard]] bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept;

/// Standard alphabet with padding (RFC 4648 §4), no line breaks.
[[nodiscard]] std::string to_base64(BytesView bytes);
/// Appends to `out`, for answers that are built without copies.
void append_base64(std::string& out, BytesView bytes);
/// Strict: padding required, no white space, no set bits behind the end.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);
/// base64url without padding (RFC 4648 §5).
[[nodiscard]] std::string to_base64url(BytesView bytes);
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);

} // namespace relay::protocol
