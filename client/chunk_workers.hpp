// Chunks side by side: each worker is a thread with a connection of its own. Used by sending and receiving.
#pragma once

#include "client/failure.hpp"
#include "client/session.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace relay::client {

inline constexpr std::size_t most_chunk_workers = 4;

/// Calls `work` once for each number, in their order, several at once. After a failure no further one is begun; the
/// first failure is returned when all have ended.
[[nodiscard]] Outcome<void> for_each_chunk(
    const Session& session,
    const std::vector<std::size_t>& numbers,
    const std::function<Outcome<void>(HttpClient&, std::size_t)>& work
);

} // namespace relay::client
