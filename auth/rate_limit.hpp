// Token buckets per key, clock passed in; bounded memory: full buckets are forgotten.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace relay::auth {

/// Not thread-safe; the owner guards it.
class RateLimit {
public:
    using Clock = std::chrono::steady_clock;

    /// `per_second` 0 switches it off; `burst` is the bucket's size.
    RateLimit(double per_second, double burst, std::size_t max_keys = 400'000);

    /// Takes one token. Nothing: go on. Else how long until the next token.
    [[nodiscard]] std::optional<std::chrono::milliseconds> take(const std::string& key, Clock::time_point now);
    [[nodiscard]] std::size_t keys() const noexcept { return buckets_.size(); }

private:
    struct Bucket {
        double tokens;
        Clock::time_point at;
    };
    void forget_full(Clock::time_point now);
    double per_second_;
    double burst_;
    std::size_t max_keys_;
    Clock::time_point next_sweep_ = Clock::time_point::min();
    std::unordered_map<std::string, Bucket> buckets_;
};

} // namespace relay::auth
