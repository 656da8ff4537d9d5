// sign-ins: offices sign in with their password, at a rate or as fast as they go, each connection one after the other.
#include "tests/bench/load.hpp"

namespace relay::bench {
namespace {

struct SignIns {
    Bench& bench;
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
        const auto body = R"({"user_id":")" + connection.identity().user_id + R"(","password":")" +
                          bench.options.password + R"(","client":{"name":"bench","version":"1.0"}})";
        Identity nobody = connection.identity();
        nobody.token.clear();
        connection.send(
            request(nobody, "POST", "/v1/sessions", body),
            [this, &connection, began](const Answer& answer) {
                latencies.add(Clock::now() - began);
                answer.status == 201 ? void(++done) : bench.fail("sign-in", answer);
                if (answer.status == 0) {
                    --busy;
                    return;
                }
                if (bench.options.rate == 0) {
                    next(connection);
                    return;
                }
                const auto pause = static_cast<double>(bench.connections.size()) / bench.options.rate;
                bench.loop.at(
                    began + std::chrono::microseconds(static_cast<std::int64_t>(pause * 1e6)),
                    [this, &connection] { next(connection); }
                );
            }
        );
    }
};

} // namespace

nlohmann::json load_sign_ins(Bench& bench) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    bench.open_connections(o.connections);
    bench.meet("ready");
    SignIns sign_ins{bench};
    const auto began = Clock::now();
    sign_ins.end = began + std::chrono::microseconds(static_cast<std::int64_t>(o.seconds * 1e6));
    sign_ins.busy = o.connections;
    for (auto& connection : bench.connections) {
        sign_ins.next(connection);
    }
    bench.loop.run([&] { return sign_ins.busy == 0; }, sign_ins.end + std::chrono::seconds(60));
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    return {
        {"done", sign_ins.done},
        {"seconds", took},
        {"per_second", static_cast<double>(sign_ins.done) / took},
        {"unfinished", sign_ins.busy},
        {"latency_ms", sign_ins.latencies.json()}};
}

} // namespace relay::bench
