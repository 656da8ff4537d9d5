// polls: every connection asks for the same path (or posts a body to it), one request at a time, for so many seconds,
// as fast as they go or at a rate.
#include "tests/bench/load.hpp"

namespace relay::bench {

nlohmann::json load_polls(Bench& bench) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    if (o.plain) {
        for (auto& identity : bench.identities) {
            identity.token.clear();
        }
    }
    bench.open_connections(o.connections);
    const std::string body(o.body, 'b');
    ClosedLoop loop;
    loop.next = [&](std::size_t n) { return request(bench.connections[n].identity(), o.method, o.path, body); };
    loop.judge = [&](const Answer& answer) { return bench.expect("request", answer, o.expect); };
    loop.patience = std::chrono::seconds(70); // a long poll may just have been parked
    return run_closed_loop(bench, loop);
}

} // namespace relay::bench
