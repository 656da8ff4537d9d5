// The HTTPS listener and its connections: one io_context per network thread, each accepting for itself (SO_REUSEPORT).
#pragma once

#include "protocol/error.hpp"
#include "server/config.hpp"
#include "server/http/deadlines.hpp"
#include "server/http/gate.hpp"
#include "server/http/memory_budget.hpp"
#include "server/http/router.hpp"
#include "server/http/tls_context.hpp"
#include "server/ops/metrics.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <vector>

namespace relay::server::http {

/// What every connection shares. Owned by app; outlives the Server.
struct Surroundings {
    const Config& config;
    const Router& router;
    Gate& gate;
    TlsContext& tls;
    MemoryBudget& memory;
    ops::Metrics& metrics;
    Deadlines deadlines{};
};

class Server {
public:
    /// `contexts`: one io_context per network thread; they are run by app and outlive the Server.
    Server(Surroundings surroundings, std::vector<boost::asio::io_context*> contexts);
    ~Server();

    /// Binds and accepts. Error: internal with address and reason.
    [[nodiscard]] protocol::Result<void> start();
    /// The port that was bound (port 0 asks for a free one).
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Accepts no more; idle connections are closed, active ones end after their answer with `Connection: close`.
    void drain();
    /// Thread-safe; connections that are still there.
    [[nodiscard]] int connections() const noexcept;
    /// Breaks off what is left.
    void close_all();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace relay::server::http
