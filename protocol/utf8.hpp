// UTF-8 as the contract wants it (RFC 3629), for strict JSON and for counting characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace relay::protocol {

/// Bytes of the UTF-8 sequence that starts `text`, which is not empty (RFC 3629: shortest form, no surrogates);
/// 0 when it is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

/// Appends one Unicode scalar value.
void append_utf8(std::string& out, std::uint32_t character);

/// Unicode characters of good UTF-8.
[[nodiscard]] std::size_t count_characters(std::string_view text) noexcept;

} // namespace relay::protocol
