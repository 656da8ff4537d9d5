// All calls of the protocol, in one list.
#pragma once

#include "server/api/services.hpp"
#include "server/http/router.hpp"

namespace relay::server::api {

/// `services` must outlive the router.
[[nodiscard]] http::Router make_router(const Services& services);

} // namespace relay::server::api
