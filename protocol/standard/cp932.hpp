// CP932 (MS932), the encoding of standard CSV files: which bytes stand for what. Nothing is converted.
#pragma once

#include <array>
#include <cstdint>

namespace relay::protocol::standard::cp932 {

enum class ByteKind : std::uint8_t { plain, comma, quote, cr, lf, lead, control, invalid };
extern const std::array<ByteKind, 256> byte_kinds;
extern const std::array<std::uint64_t, 1024> assigned_pairs; ///< one bit for each pair of bytes

/// What a byte is where a character begins. `plain`: one byte of text, half-width kana and the tab among them.
[[nodiscard]] inline ByteKind kind_of(std::uint8_t byte) noexcept {
    return byte_kinds[byte];
}

[[nodiscard]] constexpr bool is_trail(std::uint8_t byte) noexcept {
    return byte >= 0x40 && byte <= 0xFC && byte != 0x7F;
}
/// F040 to F9FC, which every computer may fill as it likes (外字).
[[nodiscard]] constexpr bool is_user_defined(std::uint8_t lead) noexcept {
    return lead >= 0xF0 && lead <= 0xF9;
}
/// Whether the two bytes are a character, user-defined ones included.
[[nodiscard]] inline bool is_assigned(std::uint8_t lead, std::uint8_t trail) noexcept {
    const unsigned pair = static_cast<unsigned>(lead) << 8U | trail;
    return (assigned_pairs[pair >> 6U] >> (pair & 63U) & 1U) != 0;
}

} // namespace relay::protocol::standard::cp932
