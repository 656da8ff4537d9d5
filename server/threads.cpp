#include "server/threads.hpp"

#include <algorithm>
#include <thread>

namespace relay::server {
namespace {

using Contexts = std::vector<std::unique_ptr<boost::asio::io_context>>;

std::vector<boost::asio::io_context*> pointers_to(const Contexts& contexts) {
    std::vector<boost::asio::io_context*> all;
    for (const auto& context : contexts) {
        all.push_back(context.get());
    }
    return all;
}

} // namespace

Threads::Threads(int count) : background(1) {
    if (count <= 0) {
        count = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    }
    for (int i = 0; i < count; ++i) {
        network.push_back(std::make_unique<boost::asio::io_context>(1));
        guards.emplace_back(network.back()->get_executor());
        batch.push_back(std::make_unique<boost::asio::io_context>(1));
        guards.emplace_back(batch.back()->get_executor());
    }
    guards.emplace_back(background.get_executor());
}

std::vector<boost::asio::io_context*> Threads::contexts() const {
    return pointers_to(network);
}

std::vector<boost::asio::io_context*> Threads::batch_contexts() const {
    return pointers_to(batch);
}

void Threads::run() {
    std::vector<std::jthread> running;
    for (auto* contexts : {&network, &batch}) {
        for (auto& context : *contexts) {
            running.emplace_back([&context = *context] { context.run(); });
        }
    }
    background.run();
}

void Threads::stop() {
    for (auto* contexts : {&network, &batch}) {
        for (auto& context : *contexts) {
            context->stop();
        }
    }
    background.stop();
}

} // namespace relay::server
