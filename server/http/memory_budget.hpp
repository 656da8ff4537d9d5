// limits.memory: the most bytes that bodies in flight may take over all connections of the process. No caller gets more
// than a share of it, and a part is left to small bodies, so that slow uploads keep nobody else from signing in.
#pragma once

#include "protocol/error.hpp"
#include "storage/awaitable.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace relay::server::http {

/// Thread-safe. A grant is given back when it goes out of scope.
class MemoryBudget {
    using Callers = std::unordered_map<std::string, std::int64_t>; // bytes of each that has any

public:
    explicit MemoryBudget(std::int64_t bytes);

    class Grant {
    public:
        Grant() = default;
        Grant(Grant&& other) noexcept;
        Grant& operator=(Grant&& other) noexcept;
        ~Grant();

    private:
        friend class MemoryBudget;
        Grant(MemoryBudget* budget, Callers::value_type* caller, std::int64_t bytes)
            : budget_(budget),
              caller_(caller),
              bytes_(bytes) {}
        MemoryBudget* budget_ = nullptr;
        Callers::value_type* caller_ = nullptr;
        std::int64_t bytes_ = 0;
    };

    /// A body up to this size may take what is left to small ones.
    static constexpr std::int64_t small_body = 64LL << 10;

    /// `caller`: a user, or a certificate before sign-in. Waits at most 5 s for room; then `unavailable`.
    [[nodiscard]] Awaitable<protocol::Result<Grant>> take(std::int64_t bytes, std::string caller);
    /// For what is there already and is not to be refused: counted beyond every limit.
    [[nodiscard]] Grant count(std::int64_t bytes, const std::string& caller);
    [[nodiscard]] std::int64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

private:
    [[nodiscard]] bool has_room(std::int64_t bytes, std::int64_t of_caller) const noexcept;
    [[nodiscard]] bool try_take(std::int64_t bytes, const std::string& caller, Grant& grant);
    [[nodiscard]] Grant give(std::int64_t bytes, const std::string& caller);
    void give_back(Callers::value_type& caller, std::int64_t bytes) noexcept;

    std::int64_t limit_;
    std::int64_t share_; ///< of one caller
    std::int64_t left_to_small_;
    std::atomic<std::int64_t> used_{0}; // changed with the lock held
    std::mutex mutex_;
    Callers callers_;
};

} // namespace relay::server::http
