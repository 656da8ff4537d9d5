#include "server/http/deadline_wheel.hpp"

#include <algorithm>

namespace relay::server::http {

void DeadlineWheel::hang(Timed& timed) noexcept {
    timed.unlink();
    // One further than the deadline's own tick, so that it has passed when the slot comes by.
    timed.tick_ = std::clamp(tick_of(timed.deadline_) + 1, turned_ + 1, turned_ + slot_count - 1);
    Timed& anchor = slots_.at(static_cast<std::size_t>(timed.tick_ % slot_count));
    timed.next_ = &anchor;
    timed.previous_ = anchor.previous_;
    anchor.previous_->next_ = &timed;
    anchor.previous_ = &timed;
}

void DeadlineWheel::set(Timed& timed, SteadyClock::time_point deadline) {
    timed.deadline_ = deadline;
    const bool hangs = timed.next_ != &timed;
    if (!hangs || timed.tick_ > tick_of(deadline) + 1) {
        hang(timed);
    }
}

void DeadlineWheel::turn(SteadyClock::time_point now) {
    const std::int64_t until = tick_of(now);
    if (until - turned_ > slot_count) {
        turned_ = until - slot_count; // long stopped: every slot is due once
    }
    while (turned_ < until) {
        ++turned_;
        Timed& anchor = slots_.at(static_cast<std::size_t>(turned_ % slot_count));
        while (anchor.next_ != &anchor) {
            Timed& timed = *anchor.next_;
            timed.unlink();
            if (timed.deadline_ <= now) {
                timed.deadline_ = SteadyClock::time_point::max();
                timed.on_deadline();
            } else if (timed.deadline_ != SteadyClock::time_point::max()) {
                hang(timed);
            }
        }
    }
}

} // namespace relay::server::http
