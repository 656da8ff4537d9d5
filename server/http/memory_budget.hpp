// limits.memory: the most bytes that bodies in flight may take over all connections of the process.
#pragma once

#include "protocol/error.hpp"
#include "storage/awaitable.hpp"

#include <atomic>
#include <cstdint>

namespace relay::server::http {

/// Thread-safe. A grant is given back when it goes out of scope.
class MemoryBudget {
public:
    explicit MemoryBudget(std::int64_t bytes) : limit_(bytes) {}

    class Grant {
    public:
        Grant() = default;
        Grant(Grant&& other) noexcept;
        Grant& operator=(Grant&& other) noexcept;
        ~Grant();

    private:
        friend class MemoryBudget;
        Grant(MemoryBudget* budget, std::int64_t bytes) : budget_(budget), bytes_(bytes) {}
        MemoryBudget* budget_ = nullptr;
        std::int64_t bytes_ = 0;
    };

    /// Waits at most 5 s for room; then `unavailable`.
    [[nodiscard]] Awaitable<protocol::Result<Grant>> take(std::int64_t bytes);
    [[nodiscard]] std::int64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] bool try_take(std::int64_t bytes) noexcept;
    std::int64_t limit_;
    std::atomic<std::int64_t> used_{0};
};

} // namespace relay::server::http
