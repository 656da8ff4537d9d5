// SHA-256 digests: a value type and a running hash. Used by manifests, chunks, certificates and the log.
#pragma once

#include "protocol/bytes.hpp"

#include <array>
#include <compare>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace relay::protocol {

/// 32 bytes of SHA-256 (FIPS 180-4).
struct Digest {
    std::array<std::uint8_t, 32> bytes{};

    [[nodiscard]] static Digest of(BytesView data);
    [[nodiscard]] static Digest of(std::string_view data) { return of(as_bytes(data)); }
    /// Exactly 64 lower-case hex digits.
    [[nodiscard]] static std::optional<Digest> from_hex(std::string_view text);
    /// Exactly 32 bytes.
    [[nodiscard]] static std::optional<Digest> from_bytes(BytesView data);
    [[nodiscard]] std::string hex() const;
    [[nodiscard]] BytesView view() const noexcept { return bytes; }

    friend auto operator<=>(const Digest&, const Digest&) = default;
};

/// A running SHA-256. Not thread-safe; movable.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(BytesView data);
    /// The digest of all that was given; the object is then empty and must not be used again.
    [[nodiscard]] Digest finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

/// Constant-time comparison of secrets (equal length or false).
[[nodiscard]] bool equal_secrets(BytesView a, BytesView b) noexcept;

} // namespace relay::protocol

template <>
struct std::hash<relay::protocol::Digest> {
    std::size_t operator()(const relay::protocol::Digest& d) const noexcept {
        std::size_t h = 0;
        for (std::size_t i = 0; i < sizeof h; ++i) {
            h = (h << 8U) | d.bytes[i];
        }
        return h;
    }
};
