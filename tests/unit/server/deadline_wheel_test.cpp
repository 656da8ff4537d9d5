#include "server/http/deadline_wheel.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace relay::server::http;
using namespace std::chrono_literals;

namespace {

class Probe final : public Timed {
public:
    void on_deadline() noexcept override { ++fired; }
    int fired = 0;
};

} // namespace

TEST_CASE("a deadline fires once, after it passed and at most two ticks late", "[server]") {
    const SteadyClock::time_point start{1'000'000s};
    DeadlineWheel wheel(start);
    Probe probe;
    wheel.set(probe, start + 10s);
    wheel.turn(start + 9999ms);
    CHECK(probe.fired == 0);
    wheel.turn(start + 10s + 2 * DeadlineWheel::tick);
    CHECK(probe.fired == 1);
    wheel.turn(start + 100s);
    CHECK(probe.fired == 1);
}

TEST_CASE("a deadline may move later or earlier, be cleared, or lie beyond the wheel", "[server]") {
    const SteadyClock::time_point start{1'000'000s};
    DeadlineWheel wheel(start);
    Probe later;
    Probe earlier;
    Probe cleared;
    Probe far;
    wheel.set(later, start + 1s);
    wheel.set(later, start + 60s);
    wheel.set(earlier, start + 60s);
    wheel.set(earlier, start + 1s);
    wheel.set(cleared, start + 1s);
    wheel.clear(cleared);
    wheel.set(far, start + 1h);
    for (auto now = start; now < start + 59s; now += DeadlineWheel::tick) {
        wheel.turn(now);
    }
    CHECK(later.fired == 0);
    CHECK(earlier.fired == 1);
    CHECK(cleared.fired == 0);
    for (auto now = start + 59s; now < start + 59min; now += DeadlineWheel::tick) {
        wheel.turn(now);
    }
    CHECK(later.fired == 1);
    CHECK(far.fired == 0);
    wheel.turn(start + 2h);
    CHECK(far.fired == 1);
}

TEST_CASE("what is destroyed before its deadline is forgotten", "[server]") {
    const SteadyClock::time_point start{1'000'000s};
    DeadlineWheel wheel(start);
    Probe neighbour;
    auto gone = std::make_unique<Probe>();
    wheel.set(*gone, start + 1s);
    wheel.set(neighbour, start + 1s);
    gone.reset();
    wheel.turn(start + 2s);
    CHECK(neighbour.fired == 1);
}
