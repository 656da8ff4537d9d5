#include "server/mailbox/refusal.hpp"

#include "protocol/problem.hpp"
#include "server/ops/log.hpp"

namespace relay::server::mailbox {

bool is_refusal(const protocol::Error& error) noexcept {
    if (error.code == protocol::ErrorCode::quota_exceeded) {
        return true;
    }
    const int status = protocol::status_of(error.code);
    return status == 422 || status == 409;
}

protocol::DeliveryEvent
make_refusal(const Party& party, protocol::ErrorCode code, RefusedFacts facts, protocol::Time now) {
    protocol::DeliveryEvent event;
    event.event_id = protocol::EventId{protocol::time_uuid(now.time_since_epoch().count())};
    event.type = protocol::EventType::bundle_refused;
    event.at = now;
    event.actor = party.actor();
    event.bundle_id = facts.bundle_id;
    event.sender = facts.sender;
    event.recipient = facts.recipient;
    event.manifest_sha256 = facts.manifest_sha256;
    event.code = std::string(to_string(code));
    return event;
}

Awaitable<void> record_refusal(
    storage::EventStore& events, Party party, protocol::ErrorCode code, RefusedFacts facts, protocol::Time now
) {
    auto event = make_refusal(party, code, std::move(facts), now);
    const auto written = co_await events.record_refusal(std::move(event));
    if (!written) {
        ops::log(ops::Level::error, "refusal_not_recorded", {{"cause", written.error().cause}});
    }
}

} // namespace relay::server::mailbox
