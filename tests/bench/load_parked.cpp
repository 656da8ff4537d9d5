// parked: connections that have asked one thing and are silent, or that wait in a long poll, while others look at the
// server's memory.
#include "tests/bench/load.hpp"

namespace relay::bench {

nlohmann::json load_parked(Bench& bench) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    bench.meet("before");
    std::size_t answered = 0;
    bench.open_connections(o.connections, [&](Connection& connection) {
        Identity nobody = connection.identity();
        if (o.plain) {
            nobody.token.clear();
        }
        connection.send(request(nobody, "GET", o.path), [&](const Answer& answer) {
            ++answered;
            if (answer.status != o.expect) {
                bench.fail("first request", answer);
            }
        });
    });
    bench.loop.run([&] { return answered == o.connections; }, Clock::now() + std::chrono::minutes(2));
    bench.meet("idle");
    if (o.plain) {
        return {{"connections", o.connections}, {"idle", answered}};
    }
    // Not all in the same instant: the relay's queue of database reads is bounded.
    std::size_t ended = 0;
    std::size_t sent = 0;
    while (sent < o.connections) {
        for (const auto stop = std::min(sent + 50, o.connections); sent < stop; ++sent) {
            bench.connections[sent].send(
                request(bench.connections[sent].identity(), "GET", "/v1/inbox?state=waiting&wait=60"),
                [&](const Answer& answer) {
                    ++ended;
                    bench.fail("poll", answer);
                }
            );
        }
        bench.loop.run([] { return false; }, Clock::now() + std::chrono::milliseconds(50));
    }
    // Whether they are parked is the server's word (relay_parked_polls).
    bench.meet("parked", {{"ended", ended}, {"first_failure", bench.first_failure}});
    return {{"connections", o.connections}, {"idle", answered}, {"ended_early", ended}};
}

} // namespace relay::bench
