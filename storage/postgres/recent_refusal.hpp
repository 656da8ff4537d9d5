// One refusal speaks for a second: while the database is down, not every caller waits for a refusal of its own.
#pragma once

#include <atomic>
#include <chrono>

namespace relay::storage::postgres {

/// When connecting failed last. Any thread.
class RecentRefusal final {
public:
    void note() noexcept { at_ = Clock::now().time_since_epoch().count(); }
    void forget() noexcept { at_ = never; }
    /// True: do not try again yet.
    [[nodiscard]] bool holds() const noexcept {
        const Clock::rep at = at_;
        return at != never && Clock::now().time_since_epoch() - Clock::duration(at) < std::chrono::seconds(1);
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr Clock::rep never = 0;

    std::atomic<Clock::rep> at_ = never;
};

} // namespace relay::storage::postgres
