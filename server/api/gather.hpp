// Runs the entries of a batch side by side and waits for all of them.
#pragma once

#include "storage/awaitable.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <functional>

namespace relay::server::api {

/// Starts `task(0)` … `task(count - 1)` on the caller's io_context and returns when all have ended. Each answers for
/// its own errors; an exception of one is thrown here once all have ended. `task` must outlive the call.
[[nodiscard]] Awaitable<void> gather(std::size_t count, const std::function<Awaitable<void>(std::size_t)>& task);

} // namespace relay::server::api
