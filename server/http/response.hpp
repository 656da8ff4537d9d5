// An answer as handlers give it: a whole body, or a source of pieces.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "server/http/memory_budget.hpp"
#include "storage/awaitable.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace relay::server::http {

/// The size of a body that is known only at its end: it goes out in chunks (RFC 9112 §7.1).
inline constexpr std::int64_t unknown_size = -1;

/// A body that is written piece by piece; used on the connection's io_context only.
class BodySource {
public:
    virtual ~BodySource() = default;
    [[nodiscard]] virtual std::int64_t size() const noexcept = 0;
    /// The next piece, valid until the next call; an empty one ends a body of unknown_size. After an error the
    /// connection is broken off, never ended as if whole.
    [[nodiscard]] virtual Awaitable<protocol::Result<protocol::BytesView>> next() = 0;
    /// `bytes` of the body were written to the connection so far (told after each piece, and once at the end or break).
    virtual void written(std::int64_t bytes, bool done) = 0;
};

struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
    std::unique_ptr<BodySource> source;         ///< instead of body
    std::function<void(bool whole)> on_written; ///< after the whole answer was written, or could not be
    MemoryBudget::Grant memory;                 ///< of a large answer, until it was written
    bool close = false;
};

/// application/json
[[nodiscard]] Response json_response(int status, std::string body);
[[nodiscard]] Response empty_response(int status);

} // namespace relay::server::http
