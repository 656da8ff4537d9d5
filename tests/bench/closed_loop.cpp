#include "tests/bench/load.hpp"

namespace relay::bench {
namespace {

class Running {
public:
    Running(Bench& bench, const ClosedLoop& loop) : bench_(bench), loop_(loop) {
        if (const double rate = bench.options.rate; rate > 0) {
            pace_ = in_seconds(static_cast<double>(bench.connections.size()) / rate);
        }
    }

    nlohmann::json run() {
        const auto began = Clock::now();
        end_ = began + in_seconds(bench_.options.seconds);
        busy_ = bench_.connections.size();
        for (std::size_t n = 0; n < bench_.connections.size(); ++n) {
            ask(n);
        }
        bench_.loop.run([this] { return busy_ == 0; }, end_ + loop_.patience);
        auto all = figures(done_, began, busy_);
        all["latency_ms"] = latencies_.json();
        return all;
    }

private:
    void ask(std::size_t n) {
        auto next = Clock::now() < end_ ? loop_.next(n) : std::string();
        if (next.empty()) {
            --busy_;
            return;
        }
        const auto began = Clock::now();
        bench_.connections[n].send(std::move(next), [this, n, began](const Answer& answer) {
            latencies_.add(Clock::now() - began);
            done_ += loop_.judge(answer);
            if (answer.status == 0) {
                --busy_;
            } else if (pace_ == Clock::duration::zero()) {
                ask(n);
            } else {
                bench_.loop.at(began + pace_, [this, n] { ask(n); });
            }
        });
    }

    Bench& bench_;
    const ClosedLoop& loop_;
    Clock::duration pace_{}; ///< the least from a connection's request to its next
    Clock::time_point end_;
    std::uint64_t done_ = 0;
    std::size_t busy_ = 0;
    Latencies latencies_;
};

} // namespace

nlohmann::json run_closed_loop(Bench& bench, const ClosedLoop& loop) {
    bench.meet("ready");
    return Running(bench, loop).run();
}

} // namespace relay::bench
