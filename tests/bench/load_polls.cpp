// polls: every connection asks for the same path (or posts a body to it), one request at a time, for so many seconds.
#include "tests/bench/load.hpp"

namespace relay::bench {
namespace {

struct Polls {
    Bench& bench;
    std::string body{};
    Clock::time_point end{};
    std::uint64_t done = 0;
    std::size_t busy = 0;
    Latencies latencies{};

    void next(Connection& connection) {
        if (Clock::now() >= end) {
            --busy;
            return;
        }
        const auto began = Clock::now();
        connection.send(
            request(connection.identity(), bench.options.method, bench.options.path, body),
            [&, began](const Answer& answer) {
                latencies.add(Clock::now() - began);
                answer.status == bench.options.expect ? void(++done) : bench.fail("request", answer);
                if (answer.status == 0) {
                    --busy;
                    return;
                }
                next(connection);
            }
        );
    }
};

} // namespace

nlohmann::json load_polls(Bench& bench) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    if (o.plain) {
        for (auto& identity : bench.identities) {
            identity.token.clear();
        }
    }
    bench.open_connections(o.connections);
    bench.meet("ready");
    Polls polls{bench, std::string(o.body, 'b')};
    const auto began = Clock::now();
    polls.end = began + std::chrono::microseconds(static_cast<std::int64_t>(o.seconds * 1e6));
    polls.busy = o.connections;
    for (auto& connection : bench.connections) {
        polls.next(connection);
    }
    bench.loop.run([&] { return polls.busy == 0; }, polls.end + std::chrono::seconds(70));
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    return {
        {"done", polls.done},
        {"seconds", took},
        {"per_second", static_cast<double>(polls.done) / took},
        {"unfinished", polls.busy},
        {"latency_ms", polls.latencies.json()}};
}

} // namespace relay::bench
