// `careplan-relay health`: asks the admin listener whether the process lives. Blocking, for the command line.
#pragma once

#include "protocol/error.hpp"
#include "server/config.hpp"

namespace relay::server::ops {

/// Error: unavailable with a clear reason (nobody listens, another answer, no answer within 3 s).
[[nodiscard]] protocol::Result<void> ask_health(const Endpoint& admin);

} // namespace relay::server::ops
