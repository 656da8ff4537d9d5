// Deadlines of many connections for the price of a pointer: one wheel per io_context, turned by one timer. A deadline
// that moves later costs nothing until its slot comes by.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace relay::server::http {

using SteadyClock = std::chrono::steady_clock;

/// Something with one deadline. Used on its io_context only.
class Timed {
public:
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;
    /// The deadline passed; it is cleared. Must not destroy this object or another of the wheel.
    virtual void on_deadline() noexcept = 0;

protected:
    Timed() = default;
    virtual ~Timed() { unlink(); }

private:
    friend class DeadlineWheel;
    void unlink() noexcept {
        previous_->next_ = next_;
        next_->previous_ = previous_;
        previous_ = next_ = this;
    }
    SteadyClock::time_point deadline_ = SteadyClock::time_point::max();
    std::int64_t tick_ = 0; // of the slot it hangs in
    Timed* previous_ = this;
    Timed* next_ = this;
};

/// Not thread-safe. Must outlive what hangs in it.
class DeadlineWheel {
public:
    static constexpr std::chrono::milliseconds tick{250};

    explicit DeadlineWheel(SteadyClock::time_point now) : turned_(tick_of(now)) {}

    void set(Timed& timed, SteadyClock::time_point deadline);
    void clear(Timed& timed) noexcept { timed.deadline_ = SteadyClock::time_point::max(); }
    /// Calls on_deadline of all whose deadline passed; at most one tick late when it is turned every tick.
    void turn(SteadyClock::time_point now);

private:
    class Anchor final : public Timed {
    public:
        void on_deadline() noexcept override {}
    };
    static constexpr std::int64_t slot_count = 512;
    [[nodiscard]] static std::int64_t tick_of(SteadyClock::time_point time) noexcept {
        return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()) / tick;
    }
    void hang(Timed& timed) noexcept;

    std::int64_t turned_;
    std::array<Anchor, static_cast<std::size_t>(slot_count)> slots_;
};

} // namespace relay::server::http
