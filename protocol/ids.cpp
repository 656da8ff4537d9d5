#include "protocol/ids.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace relay::protocol {

namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), is_digit);
}

/// Lower-case hex alone; -1 for any other character.
int hex_value(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool has_hyphen_before(std::size_t byte) noexcept {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

/// Random bytes by the page: one call of OpenSSL's generator costs more than the sixteen bytes of a UUID.
class RandomPage {
public:
    void take(std::array<std::uint8_t, 16>& out) {
        if (used_ == page_.size()) {
            if (RAND_bytes(page_.data(), static_cast<int>(page_.size())) != 1) {
                throw std::runtime_error("OpenSSL gives no random bytes");
            }
            used_ = 0;
        }
        const auto from = page_.begin() + static_cast<std::ptrdiff_t>(used_);
        std::copy_n(from, out.size(), out.begin());
        used_ += out.size();
    }

private:
    std::array<std::uint8_t, 1024> page_{};
    std::size_t used_ = sizeof(page_);
};

Uuid random_bits(unsigned version) {
    thread_local RandomPage page;
    Uuid uuid;
    page.take(uuid.bytes);
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0fU) | version << 4U);
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3fU) | 0x80U);
    return uuid;
}

} // namespace

std::optional<OfficeNumber> OfficeNumber::parse(std::string_view text) {
    if (text.size() != 10 || !all_digits(text.substr(0, 2)) || !all_digits(text.substr(3))) {
        return std::nullopt;
    }
    if (!is_digit(text[2]) && (text[2] < 'A' || text[2] > 'Z')) {
        return std::nullopt;
    }
    OfficeNumber number;
    number.text_ = text;
    return number;
}

std::string_view to_string(Role role) noexcept {
    switch (role) {
    case Role::office:
        return "office";
    case Role::auditor:
        return "auditor";
    case Role::operator_:
        return "operator";
    }
    return "office";
}

std::optional<UserId> UserId::parse(std::string_view text) {
    if (text.size() != 14 || !all_digits(text.substr(2))) {
        return std::nullopt;
    }
    const auto letters = text.substr(0, 2);
    if (letters != "KJ" && letters != "AU" && letters != "OP" && letters != "HD") {
        return std::nullopt;
    }
    UserId id;
    id.text_ = text;
    return id;
}

std::optional<Role> UserId::role() const noexcept {
    if (text_.starts_with("KJ")) {
        return Role::office;
    }
    if (text_.starts_with("AU")) {
        return Role::auditor;
    }
    return text_.starts_with("OP") ? std::optional(Role::operator_) : std::nullopt;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != 36) {
        return std::nullopt;
    }
    Uuid uuid;
    std::size_t at = 0;
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
        if (has_hyphen_before(i) && text[at++] != '-') {
            return std::nullopt;
        }
        const int high = hex_value(text[at]);
        const int low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        uuid.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    return uuid;
}

std::string Uuid::str() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(36, '-');
    std::size_t at = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (has_hyphen_before(i)) {
            ++at;
        }
        text[at++] = digits[bytes[i] >> 4U];
        text[at++] = digits[bytes[i] & 15U];
    }
    return text;
}

Uuid random_uuid() {
    return random_bits(4);
}

Uuid time_uuid(std::int64_t epoch_ms) {
    Uuid uuid = random_bits(7);
    const auto ms = static_cast<std::uint64_t>(epoch_ms);
    for (unsigned i = 0; i < 6; ++i) {
        uuid.bytes[i] = static_cast<std::uint8_t>(ms >> (40U - 8U * i));
    }
    return uuid;
}

} // namespace relay::protocol
