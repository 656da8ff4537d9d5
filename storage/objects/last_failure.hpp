// When a store last failed an upload, for its ping: a store that answers but takes nothing is down. Used by
// file_objects and s3_objects.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace relay::storage::objects {

/// Thread-safe.
class LastFailure final {
public:
    void note(bool failed) noexcept { at_.store(failed ? now() : 0); }
    /// The last upload failed, within this minute.
    [[nodiscard]] bool recent() const noexcept {
        const auto at = at_.load();
        return at != 0 && now() - at < told_for.count();
    }

private:
    static constexpr std::chrono::seconds told_for{60};

    static std::int64_t now() noexcept {
        return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

    std::atomic<std::int64_t> at_{0}; ///< seconds; 0: the last upload was good
};

} // namespace relay::storage::objects
