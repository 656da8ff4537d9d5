// What happens to every request, in one order (protocol.md §4 "Order of the checks", stages 1 and 2).
#pragma once

#include "server/http/head_parser.hpp"
#include "server/http/message_reader.hpp"
#include "server/http/server.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace relay::server::http {

/// A body may take minutes: who sends it is judged again at its end when the last judgement is older than this.
inline constexpr std::chrono::seconds judgement_holds{1};

/// One request and what is told of it at the end. Outlives its answer.
struct Exchange {
    Request request;
    const Route* route = nullptr;
    MemoryBudget::Grant memory;
    std::optional<protocol::Error> head_error; ///< why it could not be framed
    std::optional<protocol::ErrorCode> error_code;
    std::string cause;
    SteadyClock::time_point judged; ///< when it was last asked who calls, and whether they may
    bool framed = false;            ///< else nothing behind this request may be read as one
    bool keep_alive = false;        ///< what the client asked for
    int status = 0;
};

/// Immutable; shared by all connections.
class Pipeline {
public:
    explicit Pipeline(const Surroundings& surroundings);

    /// Always an answer; every exception ends here as `internal`.
    [[nodiscard]] Awaitable<Response> answer(Exchange& exchange, MessageBody& body, Peer& peer) const;
    /// The access line and the metrics, once the answer was written or could not be.
    void finish(const Exchange& exchange, std::int64_t bytes_in, std::int64_t bytes_out, bool whole) const;

private:
    /// All stages before the handler.
    [[nodiscard]] Awaitable<Result<void>> prepare(Exchange& exchange, MessageBody& body, Peer& peer) const;
    /// Session, role, rate limit, licence.
    [[nodiscard]] Awaitable<Result<void>> admit(Exchange& exchange, Peer& peer) const;
    /// Rate limit of who has no session: by certificate.
    [[nodiscard]] Result<void> take_rate(const Peer& peer) const;
    /// Certificate, session and licence once more, before the handler may act on the whole body.
    [[nodiscard]] Awaitable<Result<void>> judge_again(Exchange& exchange, Peer& peer) const;
    [[nodiscard]] Awaitable<Result<void>> read_json(Exchange& exchange, MessageBody& body) const;
    /// A large answer holds its memory until it was written. Error: unavailable, of calls that change nothing alone.
    [[nodiscard]] Awaitable<Result<void>> weigh(const Request& request, Response& response) const;
    [[nodiscard]] Response conclude(Exchange& exchange, Result<Response> result) const;
    void settle(const Exchange& exchange, const protocol::Error& error, Response& response) const;

    const Surroundings& surroundings_;
    std::vector<ops::RouteSeries*> series_; // of each route
    ops::RouteSeries& unmatched_;
};

/// Moves what the head says into the request.
void begin_exchange(Exchange& exchange, Head head);

} // namespace relay::server::http
