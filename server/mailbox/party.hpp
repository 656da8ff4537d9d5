// The office on whose behalf a call is made, and what the services need to write its events.
#pragma once

#include "protocol/delivery_event.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"
#include "storage/bundle_store.hpp"

#include <functional>

namespace relay::server::mailbox {

struct Party {
    protocol::UserId user_id;
    protocol::OfficeNumber office;
    protocol::Digest certificate_sha256;

    [[nodiscard]] protocol::Actor actor() const { return {user_id.str(), certificate_sha256}; }
};

/// The process's clock; judges created_at, certificates and deadlines only.
using Clock = std::function<protocol::Time()>;

/// An attempt with an event ID of its own.
[[nodiscard]] inline storage::Attempt new_attempt(const Party& party, protocol::Time now) {
    return {protocol::EventId{protocol::time_uuid(now.time_since_epoch().count())}, party.actor()};
}

} // namespace relay::server::mailbox
