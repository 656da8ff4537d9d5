#include "protocol/bytes.hpp"

#include <array>

namespace relay::protocol {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view standard_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Digit values; 0xff marks what is no digit.
constexpr std::array<std::uint8_t, 256> reverse_of(std::string_view alphabet) {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}

/// Twelve bits at a time: payloads of megabytes go through here, and pairs halve the work.
constexpr std::array<std::array<char, 2>, 4096> pairs_of(std::string_view alphabet) {
    std::array<std::array<char, 2>, 4096> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i] = {alphabet[i >> 6U], alphabet[i & 63U]};
    }
    return pairs;
}

constexpr std::uint32_t no_digit = 0x8000'0000U;
using ShiftedDigits = std::array<std::array<std::uint32_t, 256>, 4>;

/// Digit values shifted to each of the four places of a group; the top bit marks what is no digit.
constexpr ShiftedDigits shifted_digits_of(std::string_view alphabet) {
    ShiftedDigits tables{};
    const auto values = reverse_of(alphabet);
    for (std::size_t place = 0; place < 4; ++place) {
        for (std::size_t c = 0; c < 256; ++c) {
            tables[place][c] = values[c] == 0xff ? no_digit : std::uint32_t{values[c]} << (18U - 6U * place);
        }
    }
    return tables;
}

constexpr auto hex_values = reverse_of(hex_digits);
constexpr auto standard_pairs = pairs_of(standard_alphabet);
constexpr auto url_pairs = pairs_of(url_alphabet);
constexpr auto standard_digits = shifted_digits_of(standard_alphabet);
constexpr auto url_digits = shifted_digits_of(url_alphabet);

void append_encoded(
    std::string& out, BytesView bytes, const std::array<std::array<char, 2>, 4096>& pairs, bool padded
) {
    const std::size_t whole = bytes.size() / 3;
    const std::size_t rest = bytes.size() % 3;
    const std::size_t tail = rest == 0 ? 0 : (padded ? 4 : rest + 1);
    const std::size_t start = out.size();
    out.resize(start + whole * 4 + tail);
    char* to = out.data() + start;
    const std::uint8_t* from = bytes.data();
    for (std::size_t i = 0; i < whole; ++i, from += 3, to += 4) {
        const std::uint32_t group = std::uint32_t{from[0]} << 16U | std::uint32_t{from[1]} << 8U | from[2];
        const auto& high = pairs[group >> 12U];
        const auto& low = pairs[group & 0xfffU];
        to[0] = high[0];
        to[1] = high[1];
        to[2] = low[0];
        to[3] = low[1];
    }
    if (rest == 0) {
        return;
    }
    const std::uint32_t group = std::uint32_t{from[0]} << 16U | (rest == 2 ? std::uint32_t{from[1]} << 8U : 0U);
    const auto& high = pairs[group >> 12U];
    to[0] = high[0];
    to[1] = high[1];
    if (rest == 2) {
        to[2] = pairs[group & 0xfffU][0];
    } else if (padded) {
        to[2] = '=';
    }
    if (padded) {
        to[3] = '=';
    }
}

/// `text` without padding; nothing for a wrong length, a foreign character or bits behind the end.
std::optional<Bytes> decode(std::string_view text, const ShiftedDigits& digits) {
    const std::size_t whole = text.size() / 4;
    const std::size_t rest = text.size() % 4;
    if (rest == 1) {
        return std::nullopt;
    }
    Bytes out(whole * 3 + (rest == 0 ? 0 : rest - 1));
    const auto* from = reinterpret_cast<const unsigned char*>(text.data());
    std::uint8_t* to = out.data();
    std::uint32_t seen = 0;
    for (std::size_t i = 0; i < whole; ++i, from += 4, to += 3) {
        const std::uint32_t group = digits[0][from[0]] | digits[1][from[1]] | digits[2][from[2]] | digits[3][from[3]];
        seen |= group;
        to[0] = static_cast<std::uint8_t>(group >> 16U);
        to[1] = static_cast<std::uint8_t>(group >> 8U);
        to[2] = static_cast<std::uint8_t>(group);
    }
    if (rest != 0) {
        const std::uint32_t group = digits[0][from[0]] | digits[1][from[1]] | (rest == 3 ? digits[2][from[2]] : 0U);
        seen |= group;
        const std::uint32_t behind_the_end = rest == 2 ? 0xffffU : 0xffU;
        if ((group & behind_the_end) != 0) {
            return std::nullopt;
        }
        to[0] = static_cast<std::uint8_t>(group >> 16U);
        if (rest == 3) {
            to[1] = static_cast<std::uint8_t>(group >> 8U);
        }
    }
    if ((seen & no_digit) != 0) {
        return std::nullopt;
    }
    return out;
}

} // namespace

std::string to_hex(BytesView bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        out.push_back(hex_digits[byte >> 4U]);
        out.push_back(hex_digits[byte & 15U]);
    }
    return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
    Bytes out(text.size() / 2);
    return read_hex(text, out) ? std::optional(std::move(out)) : std::nullopt;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
    if (text.size() != 2 * out.size()) {
        return false;
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint8_t high = hex_values[static_cast<unsigned char>(text[2 * i])];
        const std::uint8_t low = hex_values[static_cast<unsigned char>(text[2 * i + 1])];
        if (high == 0xff || low == 0xff) {
            return false;
        }
        out[i] = static_cast<std::uint8_t>(high << 4U | low);
    }
    return true;
}

std::string to_base64(BytesView bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
}

void append_base64(std::string& out, BytesView bytes) {
    append_encoded(out, bytes, standard_pairs, true);
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
        text.remove_suffix(1);
    }
    return decode(text, standard_digits);
}

std::string to_base64url(BytesView bytes) {
    std::string out;
    append_encoded(out, bytes, url_pairs, false);
    return out;
}

std::optional<Bytes> from_base64url(std::string_view text) {
    return decode(text, url_digits);
}

} // namespace relay::protocol
