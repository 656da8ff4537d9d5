#include "server/ops/admin_endpoint.hpp"

#include "server/config_address.hpp"
#include "server/ops/log.hpp"
#include "storage/awaitable.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

namespace relay::server::ops {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
using boost::system::error_code;

constexpr auto request_deadline = std::chrono::seconds(10);
constexpr std::size_t most_header_bytes = 8192;
constexpr int most_connections = 64;

struct Page {
    int status = 200;
    std::string_view type = "text/plain; charset=utf-8";
    std::string body;
};

std::string serialize(const Page& page, bool with_body) {
    const std::string_view reason = page.status == 200   ? "OK"
                                    : page.status == 404 ? "Not Found"
                                    : page.status == 405 ? "Method Not Allowed"
                                                         : "Service Unavailable";
    std::string text = "HTTP/1.1 " + std::to_string(page.status) + " " + std::string(reason);
    text += "\r\nContent-Type: " + std::string(page.type);
    text += "\r\nContent-Length: " + std::to_string(page.body.size());
    text += page.status == 405 ? "\r\nAllow: GET, HEAD" : "";
    text += "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
    return with_body ? text + page.body : text;
}

} // namespace

struct AdminEndpoint::State : std::enable_shared_from_this<AdminEndpoint::State> {
    State(asio::io_context& io, Endpoint where, const Metrics& counted)
        : context(io),
          endpoint(std::move(where)),
          metrics(counted),
          acceptor(io.get_executor()) {}

    Page page(std::string_view path) const;
    Awaitable<void> accept();
    Awaitable<void> serve(std::shared_ptr<Socket> socket);
    Awaitable<void> answer(Socket& socket);

    asio::io_context& context;
    Endpoint endpoint;
    const Metrics& metrics;
    Acceptor acceptor;
    std::vector<Probe> probes, warnings;
    std::atomic<bool> draining{false};
    std::uint16_t port = 0;
    int open = 0;
};

static nlohmann::json ask(const std::vector<AdminEndpoint::Probe>& probes) {
    auto told = nlohmann::json::array();
    for (const auto& probe : probes) {
        if (auto what = probe()) {
            told.push_back(std::move(*what));
        }
    }
    return told;
}

Page AdminEndpoint::State::page(std::string_view path) const {
    Page page;
    if (path == "/healthz") {
        page.body = "ok\n";
    } else if (path == "/metrics") {
        page.type = "text/plain; version=0.0.4; charset=utf-8";
        page.body = metrics.text();
    } else if (path == "/readyz") {
        auto missing = ask(probes);
        if (draining.load()) {
            missing.push_back("draining");
        }
        page.status = missing.empty() ? 200 : 503;
        if (missing.empty()) {
            missing = ask(warnings);
        }
        page.type = "application/json";
        page.body = missing.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    } else {
        page.status = 404;
        page.body = "not found\n";
    }
    return page;
}

Awaitable<void> AdminEndpoint::State::answer(Socket& socket) {
    std::string head;
    std::array<char, 1024> piece{};
    error_code failure;
    while (head.find("\r\n\r\n") == std::string::npos) {
        const std::size_t got =
            co_await socket.async_read_some(asio::buffer(piece), asio::redirect_error(use_relay_awaitable, failure));
        if (failure || head.size() + got > most_header_bytes) {
            co_return;
        }
        head.append(piece.data(), got);
    }
    const std::size_t space = head.find(' ');
    const std::string_view method = std::string_view(head).substr(0, space);
    std::string_view target = std::string_view(head).substr(space + 1);
    target = target.substr(0, target.find_first_of(" ?\r\n"));
    Page found;
    if (method == "GET" || method == "HEAD") {
        found = page(target);
    } else {
        found.status = 405;
    }
    const std::string text = serialize(found, method != "HEAD");
    co_await asio::async_write(socket, asio::buffer(text), asio::redirect_error(use_relay_awaitable, failure));
    socket.shutdown(tcp::socket::shutdown_send, failure);
    // Until the other side has read and closes; else what it still sends would break the answer off.
    while (!failure) {
        co_await socket.async_read_some(asio::buffer(piece), asio::redirect_error(use_relay_awaitable, failure));
    }
}

Awaitable<void> AdminEndpoint::State::serve(std::shared_ptr<Socket> socket) {
    const auto timer = std::make_shared<Timer>(socket->get_executor(), request_deadline);
    timer->async_wait([socket](const error_code& cancelled) {
        if (!cancelled) {
            error_code ignored;
            socket->close(ignored);
        }
    });
    ++open;
    co_await answer(*socket);
    --open;
    timer->cancel();
}

Awaitable<void> AdminEndpoint::State::accept() {
    const auto self = shared_from_this();
    Timer pause(context.get_executor());
    while (acceptor.is_open()) {
        const auto socket = std::make_shared<Socket>(context.get_executor());
        error_code failure;
        co_await acceptor.async_accept(*socket, asio::redirect_error(use_relay_awaitable, failure));
        if (failure) {
            if (!acceptor.is_open()) {
                co_return;
            }
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(asio::redirect_error(use_relay_awaitable, failure));
            continue;
        }
        if (open >= most_connections) {
            continue;
        }
        // The lambda lives as long as the coroutine, and with it the State.
        auto task = [self, socket] { return self->serve(socket); };
        asio::co_spawn(context.get_executor(), std::move(task), [](const std::exception_ptr& thrown) {
            if (thrown) {
                log(Level::error, "admin_request_failed");
            }
        });
    }
}

AdminEndpoint::AdminEndpoint(asio::io_context& context, Endpoint endpoint, const Metrics& metrics)
    : state_(std::make_shared<State>(context, std::move(endpoint), metrics)) {
}

AdminEndpoint::~AdminEndpoint() {
    stop();
}

void AdminEndpoint::add_warning(Probe probe) {
    state_->warnings.push_back(std::move(probe));
}

void AdminEndpoint::add_probe(Probe probe) {
    state_->probes.push_back(std::move(probe));
}

protocol::Result<void> AdminEndpoint::start() {
    error_code failure;
    const auto refuse = [&](const char* step) {
        return protocol::errors::internal(
            std::string(step) + " server.admin_listen " + state_->endpoint.host + ":" +
            std::to_string(state_->endpoint.port) + ": " + failure.message()
        );
    };
    const auto address = address_of(state_->endpoint);
    if (!address) {
        failure = asio::error::invalid_argument;
        return refuse("cannot read");
    }
    const tcp::endpoint where(*address, state_->endpoint.port);
    Acceptor& acceptor = state_->acceptor;
    acceptor.open(where.protocol(), failure);
    if (!failure) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), failure);
    }
    if (!failure) {
        acceptor.bind(where, failure);
    }
    if (!failure) {
        acceptor.listen(tcp::acceptor::max_listen_connections, failure);
    }
    if (failure) {
        return refuse("cannot listen on");
    }
    state_->port = acceptor.local_endpoint().port();
    auto task = [state = state_] { return state->accept(); };
    asio::co_spawn(state_->context.get_executor(), std::move(task), [](const std::exception_ptr& thrown) {
        if (thrown) {
            log(Level::error, "admin_listener_failed");
        }
    });
    return {};
}

std::uint16_t AdminEndpoint::port() const noexcept {
    return state_->port;
}

void AdminEndpoint::set_draining() noexcept {
    state_->draining.store(true);
}

void AdminEndpoint::stop() {
    error_code ignored;
    state_->acceptor.close(ignored);
}

} // namespace relay::server::ops
