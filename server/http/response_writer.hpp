// An answer on its way: the head, then a whole body or the pieces of a source.
#pragma once

#include "protocol/ids.hpp"
#include "server/http/response.hpp"
#include "server/http/timed_stream.hpp"

#include <cstdint>

namespace relay::server::http {

struct Written {
    std::int64_t bytes = 0; ///< of the body
    bool whole = false;     ///< else the connection must be broken off
};

struct AnswerForm {
    protocol::RequestId request;
    bool close = false;     ///< told as `Connection: close`
    bool head_only = false; ///< the answer to HEAD
};

/// Calls `on_written` exactly once, and tells the source what was written. Throws only what those throw.
[[nodiscard]] Awaitable<Written> write_response(TimedStream& stream, Response& response, AnswerForm form);

} // namespace relay::server::http
