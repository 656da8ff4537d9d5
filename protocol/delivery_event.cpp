#include "protocol/delivery_event.hpp"

#include "protocol/json_writer.hpp"

#include <array>

namespace relay::protocol {

namespace {

/// In the order of the enumeration.
constexpr std::array<std::string_view, 19> names{
    "bundle_accepted",     "bundle_refused",  "bundle_claimed",   "claim_lapsed",     "bundle_sent",
    "bundle_fetched",      "receipt_late",    "bundle_rejected",  "bundle_withdrawn", "bundle_expired",
    "payload_destroyed",   "session_opened",  "session_refused",  "account_locked",   "certificate_registered",
    "certificate_revoked", "licence_changed", "password_changed", "operator_action",
};
static_assert(names.size() == static_cast<std::size_t>(EventType::operator_action) + 1);

void append_digest(std::string& out, std::string_view name, const std::optional<Digest>& digest) {
    if (digest) {
        append_json_member(out, name, digest->hex());
    }
}

void append_office(std::string& out, std::string_view name, const std::optional<OfficeNumber>& office) {
    if (office) {
        append_json_member(out, name, office->view());
    }
}

void append_text(std::string& out, std::string_view name, const std::optional<std::string>& text) {
    if (text) {
        append_json_member(out, name, *text);
    }
}

/// An object's members between braces; an object without members is left out like any member that does not apply.
void append_object(std::string& out, std::string_view name, const std::string& members) {
    if (members != "{") {
        append_json_name(out, name);
        out += members;
        out += '}';
    }
}

std::string members_of(const Actor& actor) {
    std::string out = "{";
    append_digest(out, "certificate_sha256", actor.certificate_sha256);
    if (!actor.user_id.empty()) {
        append_json_member(out, "user_id", actor.user_id);
    }
    return out;
}

std::string members_of(const Subject& subject) {
    std::string out = "{";
    append_digest(out, "certificate_sha256", subject.certificate_sha256);
    append_office(out, "office", subject.office);
    append_text(out, "user_id", subject.user_id);
    return out;
}

} // namespace

std::string_view to_string(EventType type) noexcept {
    return names[static_cast<std::size_t>(type)];
}

std::optional<EventType> parse_event_type(std::string_view text) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) {
            return static_cast<EventType>(i);
        }
    }
    return std::nullopt;
}

std::string canonical_leaf(const DeliveryEvent& event) {
    std::string out = "{";
    if (event.actor) {
        append_object(out, "actor", members_of(*event.actor));
    }
    append_json_member(out, "at", to_rfc3339(event.at));
    if (event.bundle_id) {
        append_json_member(out, "bundle_id", event.bundle_id->str());
    }
    append_text(out, "code", event.code);
    append_text(out, "confirmation", event.confirmation);
    append_json_member(out, "event_id", event.event_id.str());
    append_digest(out, "manifest_sha256", event.manifest_sha256);
    append_digest(out, "receipt_sha256", event.receipt_sha256);
    append_office(out, "recipient", event.recipient);
    append_office(out, "sender", event.sender);
    if (event.subject) {
        append_object(out, "subject", members_of(*event.subject));
    }
    append_json_member(out, "type", to_string(event.type));
    out += '}';
    return out;
}

} // namespace relay::protocol
