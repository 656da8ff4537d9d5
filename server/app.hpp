// The composition root: builds every part in order, runs the network threads, stops in reverse.
#pragma once

#include "protocol/error.hpp"
#include "server/config.hpp"

#include <memory>

namespace relay::server {

class App {
public:
    explicit App(Config config);
    ~App();

    /// Returns after SIGTERM or SIGINT, when everything is drained and stopped. SIGHUP reloads certificates, CRL and
    /// log level. Error: what kept the server from starting.
    [[nodiscard]] protocol::Result<void> run();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace relay::server
