#include "protocol/utf8.hpp"

#include <algorithm>

namespace relay::protocol {

std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80U) {
            return 0;
        }
    }
    const bool too_long = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
    const bool no_character = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
    return too_long || no_character ? 0 : length;
}

void append_utf8(std::string& out, std::uint32_t c) {
    const auto push = [&](std::uint32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
    if (c < 0x80) {
        push(c);
    } else if (c < 0x800) {
        push(0xc0U | c >> 6U);
        push(0x80U | (c & 0x3fU));
    } else if (c < 0x10000) {
        push(0xe0U | c >> 12U);
        push(0x80U | (c >> 6U & 0x3fU));
        push(0x80U | (c & 0x3fU));
    } else {
        push(0xf0U | c >> 18U);
        push(0x80U | (c >> 12U & 0x3fU));
        push(0x80U | (c >> 6U & 0x3fU));
        push(0x80U | (c & 0x3fU));
    }
}

std::size_t count_characters(std::string_view text) noexcept {
    // Every byte but the continuing ones.
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

} // namespace relay::protocol
