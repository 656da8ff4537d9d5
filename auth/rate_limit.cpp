#include "auth/rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace relay::auth {
namespace {

// Who comes back after exactly the time it was told must not be refused for the sake of the last bit.
constexpr double rounding = 1e-6;

double seconds_between(RateLimit::Clock::time_point from, RateLimit::Clock::time_point to) {
    return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

} // namespace

RateLimit::RateLimit(double per_second, double burst, std::size_t max_keys)
    : per_second_(per_second),
      burst_(std::max(burst, 1.0)),
      max_keys_(std::max<std::size_t>(max_keys, 1)) {
}

std::optional<std::chrono::milliseconds> RateLimit::take(const std::string& key, Clock::time_point now) {
    if (per_second_ <= 0) {
        return std::nullopt;
    }
    auto found = buckets_.find(key);
    if (found == buckets_.end()) {
        if (buckets_.size() >= max_keys_) {
            forget_full(now);
        }
        found = buckets_.emplace(key, Bucket{burst_, now}).first;
    }
    Bucket& bucket = found->second;
    bucket.tokens = std::min(burst_, bucket.tokens + seconds_between(bucket.at, now) * per_second_);
    bucket.at = std::max(bucket.at, now);
    if (bucket.tokens >= 1.0 - rounding) {
        bucket.tokens = std::max(0.0, bucket.tokens - 1.0);
        return std::nullopt;
    }
    return std::chrono::milliseconds(std::llround(std::ceil((1.0 - bucket.tokens) / per_second_ * 1000.0)));
}

void RateLimit::forget_full(Clock::time_point now) {
    // Looking at every bucket is dear: at most once in the time that fills one.
    if (now >= next_sweep_) {
        std::erase_if(buckets_, [&](const auto& entry) {
            return entry.second.tokens + seconds_between(entry.second.at, now) * per_second_ >= burst_;
        });
        next_sweep_ =
            now + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(burst_ / per_second_));
    }
    while (buckets_.size() >= max_keys_) {
        buckets_.erase(buckets_.begin());
    }
}

} // namespace relay::auth
