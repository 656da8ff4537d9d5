// The one place that turns an Error into HTTP.
#pragma once

#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/problem.hpp"
#include "server/http/response.hpp"

namespace relay::server::http {

/// application/problem+json with Content-Language, Retry-After, WWW-Authenticate and the error's own fields.
[[nodiscard]] Response
problem_response(const protocol::Error& error, protocol::Language language, const protocol::RequestId& request);

} // namespace relay::server::http
