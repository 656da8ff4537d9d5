// Runs several coroutines side by side and waits for all of them.
#pragma once

#include "storage/awaitable.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace relay {

/// Starts `task(0)` … `task(count - 1)` in this order on the caller's io_context and returns when all have ended. Each
/// answers for its own errors; an exception of one is thrown here once all have ended. `task` must outlive the call.
[[nodiscard]] Awaitable<void> gather(std::size_t count, const std::function<Awaitable<void>(std::size_t)>& task);

/// The io_contexts for what costs time, each with a thread of its own (Threads::batch).
using Workers = std::vector<boost::asio::io_context*>;

/// The same on the workers, in turn and in no order; each task touches only what is its own.
[[nodiscard]] Awaitable<void>
gather_on(const Workers& workers, std::size_t count, const std::function<Awaitable<void>(std::size_t)>& task);

} // namespace relay
