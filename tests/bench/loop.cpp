#include "tests/bench/loop.hpp"

#include <array>
#include <stdexcept>

#include <sys/epoll.h>
#include <unistd.h>

namespace relay::bench {

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) {
        throw std::runtime_error("no epoll");
    }
}

Loop::~Loop() {
    ::close(epoll_);
}

void Loop::watch(int fd, unsigned events, Watched* who) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = who;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
        throw std::runtime_error("epoll_ctl");
    }
}

void Loop::change(int fd, unsigned events, Watched* who) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = who;
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) {
        throw std::runtime_error("epoll_ctl");
    }
}

void Loop::at(Clock::time_point when, std::function<void()> then) {
    timers_.emplace(when, std::move(then));
}

bool Loop::run(const std::function<bool()>& done, Clock::time_point until) {
    std::array<epoll_event, 256> events{};
    while (!done()) {
        const auto now = Clock::now();
        while (!timers_.empty() && timers_.begin()->first <= now) {
            const auto then = std::move(timers_.begin()->second);
            timers_.erase(timers_.begin());
            then();
        }
        if (now >= until) {
            return done();
        }
        const auto next = timers_.empty() ? until : std::min(until, timers_.begin()->first);
        const auto pause = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
        const int count = ::epoll_wait(
            epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(std::min<long>(pause, 1000))
        );
        for (int i = 0; i < count; ++i) {
            const auto& event = events.at(static_cast<std::size_t>(i));
            static_cast<Watched*>(event.data.ptr)->on_ready(event.events);
        }
    }
    return true;
}

} // namespace relay::bench
