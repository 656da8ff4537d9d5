// The threads of the process: one io_context per network thread, as many for the entries of batches, and one for what
// runs beside them.
#pragma once

#include "storage/awaitable.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <vector>

namespace relay::server {

struct Threads {
    using Guard = boost::asio::executor_work_guard<Executor>;

    /// `count`: network threads; 0: one per core.
    explicit Threads(int count);

    [[nodiscard]] std::vector<boost::asio::io_context*> contexts() const;       ///< of `network`
    [[nodiscard]] std::vector<boost::asio::io_context*> batch_contexts() const; ///< of `batch`
    /// Runs until stop(); the calling thread runs `background`.
    void run();
    /// Thread-safe.
    void stop();

    std::vector<std::unique_ptr<boost::asio::io_context>> network;
    /// A hundred signatures in one call must not keep the connections of a network thread waiting.
    std::vector<std::unique_ptr<boost::asio::io_context>> batch;
    boost::asio::io_context background;
    std::vector<Guard> guards; ///< keep idle contexts running
};

} // namespace relay::server
