// A bounded walk over BER or DER (X.690) in a buffer that may hold only the beginning of the structure.
#pragma once

#include "protocol/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace relay::protocol::cms {

/// Identifier octets. Tag numbers above 30 do not occur in what is read here and are refused.
namespace tag {
inline constexpr std::uint8_t integer = 0x02;
inline constexpr std::uint8_t octet_string = 0x04;
inline constexpr std::uint8_t object_identifier = 0x06;
inline constexpr std::uint8_t sequence = 0x30;
inline constexpr std::uint8_t set = 0x31;
[[nodiscard]] constexpr std::uint8_t context(unsigned number) {
    return static_cast<std::uint8_t>(0x80U | number);
}
[[nodiscard]] constexpr std::uint8_t context_constructed(unsigned number) {
    return static_cast<std::uint8_t>(0xA0U | number);
}
} // namespace tag

/// Reads forward only; its work is linear in the bytes given and it allocates nothing. After the first failure every
/// call does nothing and returns an empty value, so a caller may read on and ask `failed()` once.
/// The views it returns point into the buffer.
class BerReader {
public:
    /// `available`: the bytes at hand; `whole_size`: bytes of the structure with what is not at hand.
    BerReader(BytesView available, std::uint64_t whole_size) noexcept;
    explicit BerReader(BytesView whole) noexcept : BerReader(whole, whole.size()) {}

    /// The identifier octet of the next element; 0 at the end of the innermost open element or of the bytes.
    [[nodiscard]] std::uint8_t peek() const noexcept;
    [[nodiscard]] bool at_end() const noexcept;

    /// Opens a constructed element; its length may be indefinite and reach behind the bytes at hand.
    /// Returns the size of the whole element when its length is definite.
    std::optional<std::uint64_t> enter(std::uint8_t identifier) noexcept;
    /// Closes the innermost open element, which must have been read to its end.
    void leave() noexcept;
    /// The content octets of a primitive element that is at hand whole.
    BytesView read(std::uint8_t identifier) noexcept;
    /// Passes over the next element, whatever it is, and returns it with its header.
    BytesView skip() noexcept;
    /// Passes over the next element, which must have this identifier.
    BytesView skip(std::uint8_t identifier) noexcept;
    /// Reads identifier and length of the next element, content not looked at; nothing can be read after it.
    void read_header(std::uint8_t identifier) noexcept;

    [[nodiscard]] bool failed() const noexcept { return !reason_.empty(); }
    /// Why it failed, first reason; empty while all is well.
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
    void fail(std::string_view reason) noexcept;

private:
    struct Header {
        std::uint8_t identifier = 0;
        std::optional<std::uint64_t> length; ///< of the content; absent: indefinite
    };
    struct Scope {
        std::uint64_t end = 0; ///< no content may reach beyond it
        bool indefinite = false;
    };
    static constexpr std::size_t max_depth = 16;

    [[nodiscard]] const Scope& scope() const noexcept { return scopes_[depth_]; }
    Header take_header() noexcept;
    std::optional<std::uint64_t> take_length(bool constructed) noexcept;
    std::uint8_t take_octet() noexcept;
    void pass(std::uint64_t size) noexcept;

    BytesView bytes_;
    std::size_t position_ = 0;
    std::array<Scope, max_depth> scopes_{};
    std::size_t depth_ = 0;
    std::string_view reason_;
};

} // namespace relay::protocol::cms
