// Deletes many objects, a few of them at a time. Used by the janitor.
#pragma once

#include "protocol/error.hpp"
#include "storage/awaitable.hpp"
#include "storage/payload_store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace relay::server::mailbox {

struct Removal {
    std::vector<std::string> gone;
    int failed = 0;                         ///< objects that were tried and are still there
    std::optional<protocol::Error> failure; ///< of the last of them
};

/// Ends at the first object that the store has no answer for: the rest would only wait for the same silence. An object
/// that fails by itself holds up no other.
[[nodiscard]] Awaitable<Removal>
remove_together(storage::PayloadStore& payloads, std::vector<std::string> keys, int at_once);

} // namespace relay::server::mailbox
