// sign-ins: offices sign in with their password, at a rate or as fast as they go, each connection one after the other.
#include "tests/bench/load.hpp"

namespace relay::bench {

nlohmann::json load_sign_ins(Bench& bench) {
    const auto& o = bench.options;
    bench.identities = read_identities(o.identities, o.first, o.connections);
    bench.open_connections(o.connections);
    ClosedLoop loop;
    loop.next = [&](std::size_t n) {
        Identity nobody = bench.connections[n].identity();
        nobody.token.clear();
        const auto body = R"({"user_id":")" + nobody.user_id + R"(","password":")" + o.password +
                          R"(","client":{"name":"bench","version":"1.0"}})";
        return request(nobody, "POST", "/v1/sessions", body);
    };
    loop.judge = [&](const Answer& answer) { return bench.expect("sign-in", answer, 201); };
    loop.patience = std::chrono::seconds(60);
    return run_closed_loop(bench, loop);
}

} // namespace relay::bench
