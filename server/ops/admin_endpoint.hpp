// Plain HTTP on server.admin_listen, for operators and containers: /healthz, /readyz, /metrics. One request a
// connection.
#pragma once

#include "protocol/error.hpp"
#include "server/config.hpp"
#include "server/ops/metrics.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace relay::server::ops {

/// Made, started and stopped on the thread that runs `context`, or before it runs.
class AdminEndpoint {
public:
    /// What is missing, or nothing. Called on the context for each /readyz: must not block.
    using Probe = std::function<std::optional<std::string>()>;

    AdminEndpoint(boost::asio::io_context& context, Endpoint endpoint, const Metrics& metrics);
    ~AdminEndpoint();

    void add_probe(Probe probe);
    /// What operators should see to, though the server is ready: told in the body of a 200.
    void add_warning(Probe probe);
    /// Error: internal with address and reason.
    [[nodiscard]] protocol::Result<void> start();
    /// The port that was bound (port 0 asks for a free one).
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Thread-safe: /readyz tells 503 from now on.
    void set_draining() noexcept;
    void stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace relay::server::ops
