#include "server/threads.hpp"

#include <algorithm>
#include <thread>

namespace relay::server {

Threads::Threads(int count) : background(1) {
    if (count <= 0) {
        count = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    }
    for (int i = 0; i < count; ++i) {
        network.push_back(std::make_unique<boost::asio::io_context>(1));
        guards.emplace_back(network.back()->get_executor());
    }
    guards.emplace_back(background.get_executor());
}

std::vector<boost::asio::io_context*> Threads::contexts() const {
    std::vector<boost::asio::io_context*> all;
    for (const auto& context : network) {
        all.push_back(context.get());
    }
    return all;
}

void Threads::run() {
    std::vector<std::jthread> running;
    for (auto& context : network) {
        running.emplace_back([&context = *context] { context.run(); });
    }
    background.run();
}

void Threads::stop() {
    for (auto& context : network) {
        context->stop();
    }
    background.stop();
}

} // namespace relay::server
