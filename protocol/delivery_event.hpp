// Events of the delivery log (protocol.md §9) and their RFC 8785 form, which is the leaf of the log.
// PostgreSQL builds the same bytes (migrations: event_leaf); a test compares the two.
#pragma once

#include "protocol/digest.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace relay::protocol {

enum class EventType : std::uint8_t {
    bundle_accepted,
    bundle_refused,
    bundle_claimed,
    claim_lapsed,
    bundle_sent,
    bundle_fetched,
    receipt_late,
    bundle_rejected,
    bundle_withdrawn,
    bundle_expired,
    payload_destroyed,
    session_opened,
    session_refused,
    account_locked,
    certificate_registered,
    certificate_revoked,
    licence_changed,
    password_changed,
    operator_action,
};
[[nodiscard]] std::string_view to_string(EventType type) noexcept;
[[nodiscard]] std::optional<EventType> parse_event_type(std::string_view text);

/// Who did it: the session's user and the certificate of the connection; {"relayctl", none} for operations.
struct Actor {
    std::string user_id;
    std::optional<Digest> certificate_sha256;
};

/// Whom an event of accounts concerns.
struct Subject {
    std::optional<std::string> user_id;
    std::optional<Digest> certificate_sha256;
    std::optional<OfficeNumber> office;
};

/// Members are ASCII; no personal data, no secret, no claim_id, no reason.
struct DeliveryEvent {
    EventId event_id; ///< version 7
    EventType type = EventType::operator_action;
    Time at;
    std::optional<Actor> actor;
    std::optional<Subject> subject;
    std::optional<BundleId> bundle_id;
    std::optional<OfficeNumber> sender, recipient;
    std::optional<Digest> manifest_sha256, receipt_sha256;
    std::optional<std::string> code;         ///< of a refusal; the command of an operator_action
    std::optional<std::string> confirmation; ///< "receipt" or "none", of bundle_fetched
};

/// RFC 8785 (JSON Canonicalization): members in code-unit order, absent ones left out.
[[nodiscard]] std::string canonical_leaf(const DeliveryEvent& event);

} // namespace relay::protocol
