// handshakes: connections that are opened, ask one small thing, and are closed; new ones, or resumed sessions.
#include "tests/bench/load.hpp"

namespace relay::bench {
namespace {

struct Handshakes {
    Bench& bench;
    std::uint64_t begun = 0;
    std::uint64_t done = 0;
    std::uint64_t resumed = 0;
    std::uint64_t limit = 0;
    std::size_t busy = 0;
    Latencies latencies{};

    void next(Connection& connection) {
        if (begun == limit) {
            --busy;
            return;
        }
        ++begun;
        const auto began = Clock::now();
        connection.open(bench.options.target, bench.options.resume, [this, &connection, began](bool good) {
            if (!good) {
                bench.fail("handshake", {});
                bench.loop.at(Clock::now(), [this, &connection] { next(connection); });
                return;
            }
            ask(connection, began);
        });
    }

    void ask(Connection& connection, Clock::time_point began) {
        connection.send(
            request(connection.identity(), "GET", bench.options.path),
            [this, &connection, began](const Answer& answer) {
                done += bench.expect("request", answer, bench.options.expect);
                resumed += connection.was_resumed() ? 1U : 0U;
                latencies.add(Clock::now() - began);
                // Not here: the connection is still being read.
                bench.loop.at(Clock::now(), [this, &connection] {
                    connection.close();
                    next(connection);
                });
            }
        );
    }

    void run(std::uint64_t count) {
        begun = done = resumed = 0;
        limit = count;
        latencies = {};
        busy = bench.connections.size();
        for (auto& connection : bench.connections) {
            next(connection);
        }
        bench.loop.run([&] { return busy == 0; }, Clock::now() + std::chrono::minutes(2));
    }
};

} // namespace

nlohmann::json load_handshakes(Bench& bench) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    for (auto& identity : bench.identities) {
        if (o.plain) {
            identity.token.clear();
        }
        bench.connections.emplace_back(bench.loop, bench.context.get()).set_identity(&identity);
    }
    Handshakes handshakes{bench};
    handshakes.run(o.connections); // sessions to resume, and a warm server
    bench.meet("ready");
    const auto began = Clock::now();
    handshakes.run(o.count);
    auto all = figures(handshakes.done, began, handshakes.busy);
    all["resumed"] = handshakes.resumed;
    all["latency_ms"] = handshakes.latencies.json();
    return all;
}

} // namespace relay::bench
