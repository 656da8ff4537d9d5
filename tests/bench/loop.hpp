// One thread, one epoll: what drives thousands of connections for next to nothing.
#pragma once

#include <chrono>
#include <functional>
#include <map>

namespace relay::bench {

using Clock = std::chrono::steady_clock;

class Watched {
public:
    virtual void on_ready(unsigned events) = 0;

protected:
    ~Watched() = default;
};

class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void watch(int fd, unsigned events, Watched* who);
    void change(int fd, unsigned events, Watched* who);
    /// Calls `then` at that moment, once.
    void at(Clock::time_point when, std::function<void()> then);
    /// Until `done` is true or `until` has come; whether it is true.
    bool run(const std::function<bool()>& done, Clock::time_point until);

private:
    int epoll_;
    std::multimap<Clock::time_point, std::function<void()>> timers_;
};

} // namespace relay::bench
