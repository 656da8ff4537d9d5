// What the scenarios of relay-bench-load share. Each is one file load_*.cpp.
#pragma once

#include "tests/bench/bundle_maker.hpp"
#include "tests/bench/connection.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace relay::bench {

struct Options {
    Target target;
    std::string identities; ///< file
    std::size_t first = 0;  ///< of the identities in the file
    std::size_t connections = 64;
    double seconds = 10;
    double rate = 0;       ///< deliveries, sign-ins or polls a second; 0: as fast as they go
    std::size_t count = 0; ///< bundles prepared, handshakes made, …
    std::size_t payload = 10000;
    std::size_t batch = 0; ///< bundles in one call; 0: single calls
    bool resume = false;
    std::string path;     ///< of the polls
    std::string method;   ///< empty: GET, or POST with a body
    std::size_t body = 0; ///< bytes to send there
    int expect = 200;
    std::size_t chunks = 4;
    std::size_t chunk_size = 16U << 20U;
    std::string password;
    std::size_t recipient = 0; ///< 1 and up: everybody sends to this one of the identities
    bool plain = false;        ///< no token, no bundles: a server that is not the relay
};

/// Times in microseconds, kept one by one.
class Latencies {
public:
    void add(Clock::duration d) { us_.push_back(std::chrono::duration<double, std::micro>(d).count()); }
    void add_us(double us) { us_.push_back(us); }
    /// {"p50","p99","max"} in milliseconds; null when nothing was measured.
    [[nodiscard]] nlohmann::json json() const;
    /// All of them, in tenths of a millisecond, for whoever puts those of several processes together.
    [[nodiscard]] std::vector<std::int64_t> values() const;

private:
    std::vector<double> us_;
};

struct Bench {
    explicit Bench(Options o);

    Options options;
    Loop loop;
    SslContext context;
    std::vector<Identity> identities;
    std::deque<Connection> connections;
    std::uint64_t failures = 0;
    std::string first_failure;

    /// `count` connections, one identity after the other; at most `at_once` handshakes at a time. `on_open` is called
    /// with each: a server does not wait long for the first request.
    void
    open_connections(std::size_t count, const std::function<void(Connection&)>& on_open = {}, std::size_t at_once = 64);
    void fail(const std::string& what, const Answer& answer);
    /// 1, or a failure and 0.
    std::uint64_t expect(const std::string& what, const Answer& answer, int status);
    /// Prints `word` with `facts` on a line and waits for a line on standard input: then whoever measures looks.
    void meet(const std::string& word, nlohmann::json facts = nlohmann::json::object());
};

/// A request with the identity's token.
[[nodiscard]] std::string request(
    const Identity& who,
    std::string_view method,
    std::string_view path,
    std::string_view body = {},
    std::string_view fields = {}
);
/// The three calls of a delivery.
[[nodiscard]] std::string upload_request(const Identity& sender, const Bundle& bundle);
[[nodiscard]] std::string claim_request(const Identity& recipient, const Bundle& bundle);
[[nodiscard]] std::string receipt_request(const Identity& recipient, const Bundle& bundle);

[[nodiscard]] inline Clock::duration in_seconds(double seconds) {
    return std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6));
}

/// What every scenario tells: {"done","seconds","per_second","unfinished"}.
[[nodiscard]] nlohmann::json figures(std::uint64_t done, Clock::time_point began, std::size_t unfinished);

/// Every connection, by its number, one request at a time, for the seconds of the options.
struct ClosedLoop {
    std::function<std::string(std::size_t)> next;        ///< a connection's next request; empty: it has no more
    std::function<std::uint64_t(const Answer&)> judge;   ///< how much was done by it
    Clock::duration patience = std::chrono::seconds(30); ///< with what is still unanswered after those seconds
};
/// Meets as "ready", then runs it, at the rate of the options. Its figures, and "latency_ms".
[[nodiscard]] nlohmann::json run_closed_loop(Bench& bench, const ClosedLoop& loop);

using Scenario = nlohmann::json (*)(Bench&);
[[nodiscard]] nlohmann::json load_uploads(Bench& bench);
[[nodiscard]] nlohmann::json load_deliveries(Bench& bench);
[[nodiscard]] nlohmann::json load_handshakes(Bench& bench);
[[nodiscard]] nlohmann::json load_parked(Bench& bench);
[[nodiscard]] nlohmann::json load_polls(Bench& bench);
[[nodiscard]] nlohmann::json load_country(Bench& bench);
[[nodiscard]] nlohmann::json load_sign_ins(Bench& bench);
[[nodiscard]] nlohmann::json load_chunks_up(Bench& bench);
[[nodiscard]] nlohmann::json load_chunks_down(Bench& bench);

} // namespace relay::bench
