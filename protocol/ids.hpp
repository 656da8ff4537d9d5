// Names of things as strong types that parse: offices, users, bundles, claims, events.
// A value of one of these types is always of its form (protocol.md §1).
#pragma once

#include "protocol/bytes.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace relay::protocol {

/// Office number (事業所番号): `[0-9]{2}[0-9A-Z][0-9]{7}`; check digits are not verified.
class OfficeNumber {
public:
    OfficeNumber() = default; ///< empty; compares less than every real one
    [[nodiscard]] static std::optional<OfficeNumber> parse(std::string_view text);
    [[nodiscard]] std::string_view view() const noexcept { return text_; }
    [[nodiscard]] const std::string& str() const noexcept { return text_; }
    friend auto operator<=>(const OfficeNumber&, const OfficeNumber&) = default;

private:
    std::string text_; // ten characters: fits the small-string buffer
};

enum class Role : std::uint8_t { office, auditor, operator_ };
[[nodiscard]] std::string_view to_string(Role role) noexcept; ///< "office", "auditor", "operator"

/// User ID: two letters and 12 digits. KJ office, AU auditor, OP operator, HD billing agent (always refused).
class UserId {
public:
    UserId() = default;
    /// KJ, AU, OP and HD are taken; `is_agent()` tells the last.
    [[nodiscard]] static std::optional<UserId> parse(std::string_view text);
    [[nodiscard]] std::string_view view() const noexcept { return text_; }
    [[nodiscard]] const std::string& str() const noexcept { return text_; }
    [[nodiscard]] bool is_agent() const noexcept { return text_.starts_with("HD"); }
    /// The role that the letters stand for; nothing for an agent.
    [[nodiscard]] std::optional<Role> role() const noexcept;
    friend auto operator<=>(const UserId&, const UserId&) = default;

private:
    std::string text_;
};

/// 16 bytes of a UUID (RFC 9562).
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    /// The lower-case 8-4-4-4-12 form only.
    [[nodiscard]] static std::optional<Uuid> parse(std::string_view text);
    [[nodiscard]] std::string str() const;
    [[nodiscard]] BytesView view() const noexcept { return bytes; }
    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// Version 4: 122 random bits. Version 7: milliseconds since the epoch first, so that keys arrive in order.
[[nodiscard]] Uuid random_uuid();
[[nodiscard]] Uuid time_uuid(std::int64_t epoch_ms);

/// A UUID that names one kind of thing; kinds do not convert into each other.
template <class Kind>
struct Named {
    Uuid uuid;

    [[nodiscard]] static std::optional<Named> parse(std::string_view text) {
        const auto parsed = Uuid::parse(text);
        return parsed ? std::optional<Named>(Named{*parsed}) : std::nullopt;
    }
    [[nodiscard]] std::string str() const { return uuid.str(); }
    friend auto operator<=>(const Named&, const Named&) = default;
};

using BundleId = Named<struct BundleKind>;
using ClaimId = Named<struct ClaimKind>;
using EventId = Named<struct EventKind>;
using UploadId = Named<struct UploadKind>; ///< one reservation of a bundle_id; names its chunks
using RequestId = Named<struct RequestKind>;

} // namespace relay::protocol

template <>
struct std::hash<relay::protocol::OfficeNumber> {
    std::size_t operator()(const relay::protocol::OfficeNumber& v) const noexcept {
        return std::hash<std::string_view>{}(v.view());
    }
};
template <>
struct std::hash<relay::protocol::UserId> {
    std::size_t operator()(const relay::protocol::UserId& v) const noexcept {
        return std::hash<std::string_view>{}(v.view());
    }
};
template <>
struct std::hash<relay::protocol::Uuid> {
    std::size_t operator()(const relay::protocol::Uuid& v) const noexcept {
        return std::hash<std::string_view>{}(relay::protocol::as_text(v.view()));
    }
};
template <class Kind>
struct std::hash<relay::protocol::Named<Kind>> {
    std::size_t operator()(const relay::protocol::Named<Kind>& v) const noexcept {
        return std::hash<relay::protocol::Uuid>{}(v.uuid);
    }
};
