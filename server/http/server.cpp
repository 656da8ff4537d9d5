#include "server/http/server.hpp"

#include "server/config_address.hpp"
#include "server/http/connection.hpp"
#include "server/ops/log.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <sys/socket.h>

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

namespace relay::server::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Executor>;

constexpr auto accept_pause = std::chrono::milliseconds(100);
constexpr int backlog = 4096;

/// Logs what ended a coroutine that must not end by an exception.
auto report(const char* event) {
    return [event](const std::exception_ptr& thrown) {
        if (!thrown) {
            return;
        }
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& e) {
            ops::log(ops::Level::error, event, {{"cause", e.what()}});
        }
    };
}

Awaitable<void> serve_connection(TlsStream::Socket socket, std::shared_ptr<ConnectionSet> set) {
    ops::Metrics& metrics = set->core->surroundings.metrics;
    metrics.connections(1);
    std::exception_ptr thrown;
    try {
        Connection connection(std::move(socket), set);
        co_await connection.run();
    } catch (const std::exception&) {
        thrown = std::current_exception();
    }
    metrics.connections(-1);
    if (thrown) {
        std::rethrow_exception(thrown);
    }
}

/// One listening socket and the connections that came by it, all on one io_context.
struct Listener {
    Listener(asio::io_context& io, std::shared_ptr<ServerCore> core)
        : context(io),
          acceptor(io.get_executor()),
          sweep(io.get_executor()),
          set(std::make_shared<ConnectionSet>(std::move(core), SteadyClock::now())) {}

    asio::io_context& context;
    Acceptor acceptor;
    Timer sweep;
    std::shared_ptr<ConnectionSet> set;
    bool stopped = false;
};
using ListenerPtr = std::shared_ptr<Listener>;

void take_in(const ListenerPtr& listener, TlsStream::Socket socket) {
    ServerCore& core = *listener->set->core;
    if (core.connections.fetch_add(1) >= core.surroundings.config.limits.connections) {
        core.connections.fetch_sub(1);
        core.surroundings.metrics.connection_refused();
        return; // closes
    }
    auto task = [set = listener->set, taken = std::make_shared<TlsStream::Socket>(std::move(socket))] {
        return serve_connection(std::move(*taken), set);
    };
    asio::co_spawn(listener->context.get_executor(), std::move(task), report("connection_failed"));
}

Awaitable<void> accept_connections(ListenerPtr listener) {
    Timer pause(listener->context.get_executor());
    while (listener->acceptor.is_open()) {
        TlsStream::Socket socket(listener->context.get_executor());
        error_code failure;
        co_await listener->acceptor.async_accept(socket, asio::redirect_error(use_relay_awaitable, failure));
        if (!failure) {
            take_in(listener, std::move(socket));
            continue;
        }
        if (!listener->acceptor.is_open() || failure == asio::error::operation_aborted) {
            co_return;
        }
        ops::log(ops::Level::warn, "accept_failed", {{"cause", failure.message()}});
        pause.expires_after(accept_pause);
        co_await pause.async_wait(asio::redirect_error(use_relay_awaitable, failure));
    }
}

Awaitable<void> sweep_deadlines(ListenerPtr listener) {
    while (!listener->stopped) {
        listener->sweep.expires_after(DeadlineWheel::tick);
        error_code failure;
        co_await listener->sweep.async_wait(asio::redirect_error(use_relay_awaitable, failure));
        listener->set->wheel.turn(SteadyClock::now());
    }
}

error_code open_acceptor(Acceptor& acceptor, const tcp::endpoint& where, bool shared_port) {
    error_code failure;
    acceptor.open(where.protocol(), failure);
    if (!failure) {
        acceptor.set_option(Acceptor::reuse_address(true), failure);
    }
    const int on = 1;
    if (!failure && shared_port &&
        ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
        failure.assign(errno, boost::system::system_category());
    }
    if (!failure) {
        acceptor.bind(where, failure);
    }
    return failure;
}

/// Another program's listener must be an error: with SO_REUSEPORT a second server of the same user would just share it.
/// To be bound is enough to know; listening, the probe would take connections that it then breaks.
error_code check_free(asio::io_context& context, const tcp::endpoint& where) {
    Acceptor probe(context.get_executor());
    return where.port() == 0 ? error_code() : open_acceptor(probe, where, false);
}

/// A predecessor that is just ending holds its port for a moment longer.
constexpr int bind_tries = 20;
constexpr std::chrono::milliseconds bind_pause{50};

} // namespace

struct Server::State {
    std::shared_ptr<ServerCore> core;
    std::vector<ListenerPtr> listeners;
    std::uint16_t port = 0;

    /// Blocks for at most a second, at start.
    error_code listen(const tcp::endpoint& where) {
        error_code failure = try_listen(where);
        for (int tries = 1; failure == asio::error::address_in_use && tries < bind_tries; ++tries) {
            std::this_thread::sleep_for(bind_pause);
            failure = try_listen(where);
        }
        return failure;
    }

    error_code try_listen(tcp::endpoint where) {
        error_code failure = check_free(listeners.front()->context, where);
        for (const ListenerPtr& listener : listeners) {
            if (!failure) {
                failure = open_acceptor(listener->acceptor, where, true);
            }
            if (!failure) {
                where.port(listener->acceptor.local_endpoint(failure).port());
            }
        }
        // Only when all are bound: what is bound and does not listen takes no connections.
        for (const ListenerPtr& listener : listeners) {
            if (!failure) {
                listener->acceptor.listen(backlog, failure);
            }
        }
        if (failure) {
            for (const ListenerPtr& listener : listeners) {
                error_code ignored;
                listener->acceptor.close(ignored);
            }
        }
        port = where.port();
        return failure;
    }

    void end(bool at_once) {
        for (const ListenerPtr& listener : listeners) {
            asio::post(listener->context.get_executor(), [listener, at_once] {
                error_code ignored;
                listener->acceptor.close(ignored);
                listener->set->draining = true;
                listener->stopped = listener->stopped || at_once;
                for (Connection* connection : listener->set->all) {
                    at_once ? connection->abort() : connection->drain();
                }
                if (at_once) {
                    listener->sweep.cancel();
                }
            });
        }
    }
};

Server::Server(Surroundings surroundings, std::vector<asio::io_context*> contexts) : state_(std::make_unique<State>()) {
    state_->core = std::make_shared<ServerCore>(surroundings);
    for (asio::io_context* context : contexts) {
        state_->listeners.push_back(std::make_shared<Listener>(*context, state_->core));
    }
}

Server::~Server() = default;

protocol::Result<void> Server::start() {
    const Endpoint& endpoint = state_->core->surroundings.config.server.listen;
    const auto address = address_of(endpoint);
    error_code failure = asio::error::invalid_argument;
    if (address) {
        failure = state_->listen(tcp::endpoint(*address, endpoint.port));
    }
    if (failure) {
        return protocol::errors::internal(
            "cannot listen on server.listen " + endpoint.host + ":" + std::to_string(endpoint.port) + ": " +
            failure.message()
        );
    }
    for (const ListenerPtr& listener : state_->listeners) {
        asio::co_spawn(
            listener->context.get_executor(),
            [listener] { return accept_connections(listener); },
            report("listener_failed")
        );
        asio::co_spawn(
            listener->context.get_executor(), [listener] { return sweep_deadlines(listener); }, report("sweeper_failed")
        );
    }
    return {};
}

std::uint16_t Server::port() const noexcept {
    return state_->port;
}

void Server::drain() {
    state_->end(false);
}

int Server::connections() const noexcept {
    return state_->core->connections.load();
}

void Server::close_all() {
    state_->end(true);
}

} // namespace relay::server::http
