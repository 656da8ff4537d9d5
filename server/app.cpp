#include "server/app.hpp"

#include "server/app_parts.hpp"
#include "server/ops/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>
#include <exception>
#include <thread>
#include <utility>

namespace relay::server {

namespace asio = boost::asio;
using protocol::Result;

namespace {

constexpr auto housekeeping_pause = std::chrono::seconds(1);
constexpr auto between_pings = std::chrono::seconds(5);
constexpr auto drain_poll = std::chrono::milliseconds(50);
/// Coverage must reach the database before the process ends; beyond this it counts as not sent.
constexpr auto coverage_grace = std::chrono::seconds(5);
/// Calls of connections that were broken off end with their database calls, whose own limit is 10 s.
constexpr auto close_grace = std::chrono::seconds(12);
/// After notifications may have been lost, all polls ask again, spread over this long.
constexpr auto wake_everybody_over = std::chrono::seconds(2);

void log_escaped(const char* where, const std::exception_ptr& error) {
    if (!error) {
        return;
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        ops::log(ops::Level::error, "task_failed", {{"task", where}, {"cause", e.what()}});
    }
}

} // namespace

App::App(Config config) : parts_(std::make_unique<Parts>(std::move(config))) {
}
App::~App() = default;

void App::Parts::add_probes() {
    admin->add_probe([this]() -> std::optional<std::string> {
        if (registry->fresh(std::chrono::steady_clock::now())) {
            return std::nullopt;
        }
        return "database";
    });
    admin->add_probe([this]() -> std::optional<std::string> {
        return server->port() != 0 ? std::nullopt : std::optional<std::string>("listener");
    });
    // Small bundles live in the database and keep flowing; who needs the object store gets 503 of their own.
    admin->add_warning([this]() -> std::optional<std::string> {
        return store_answers ? std::nullopt : std::optional<std::string>("the object store does not answer");
    });
    // An overdue CRL stays in force: a server that refused traffic for it would take the country down with it.
    admin->add_warning([this]() -> std::optional<std::string> {
        return tls.trust()->crl_overdue(clock()) ? std::optional<std::string>("a CRL is past its nextUpdate")
                                                 : std::nullopt;
    });
}

Result<void> App::Parts::start() {
    registry->on_change([this](const std::vector<protocol::OfficeNumber>& affected) {
        std::vector<storage::MailboxChange> everybody_there(affected.size());
        std::transform(affected.begin(), affected.end(), everybody_there.begin(), [](const auto& office) {
            return storage::MailboxChange{office};
        });
        changes->notify(everybody_there);
    });
    registry->start();
    storage::postgres::ListenerCallbacks heard;
    heard.on_mailbox = [this](const std::vector<storage::MailboxChange>& inboxes) { changes->notify(inboxes); };
    heard.on_registry = [this] { registry->poke(); };
    heard.on_connected = [this] {
        registry->poke();
        changes->notify_all(wake_everybody_over);
    };
    heard.on_alive = [this] { changes->heard(); };
    auto listening = storage::postgres::MailboxListener::start(config.database.url, std::move(heard));
    if (!listening) {
        return listening.error();
    }
    listener = std::move(*listening);
    auto sequencing = storage::postgres::Sequencer::start(config.database.url, [this](std::int64_t log_size) {
        metrics.log_leaves(log_size);
    });
    if (!sequencing) {
        return sequencing.error();
    }
    sequencer = std::move(*sequencing);
    janitor->start(threads.background);
    asio::co_spawn(threads.background, keep_house(), [](const std::exception_ptr& e) {
        log_escaped("housekeeping", e);
    });
    asio::co_spawn(threads.background, watch_signals(), [](const std::exception_ptr& e) { log_escaped("signals", e); });

    asio::co_spawn(threads.background, open_doors(), [this](const std::exception_ptr& e) {
        log_escaped("opening", e);
        if (e) {
            threads.stop();
        }
    });
    if (!config.server.admin_listen.host.empty()) {
        admin = std::make_unique<ops::AdminEndpoint>(threads.background, config.server.admin_listen, metrics);
        add_probes();
        auto told = admin->start();
        if (!told) {
            return told;
        }
    }
    return {};
}

/// The first request must find the accounts loaded: nobody is let in before.
Awaitable<void> App::Parts::open_doors() {
    while (!registry->fresh(std::chrono::steady_clock::now())) {
        [[maybe_unused]] const auto loaded = co_await registry->refresh_on_miss();
    }
    // A store that does not answer yet may come later; one that is another relay's may not.
    const auto pong = co_await payloads->ping();
    outcome = payloads->foreign() ? Result<void>(pong.error()) : server->start();
    if (!outcome) {
        threads.stop();
        co_return;
    }
    asio::co_spawn(threads.background, watch_object_store(), [](const std::exception_ptr& e) {
        log_escaped("object store", e);
    });
    ops::log(ops::Level::info, "listening", {{"port", server->port()}, {"admin_port", admin ? admin->port() : 0}});
}

void App::Parts::reload() {
    const auto before = tls.trust_generation();
    const auto reloaded = tls.reload();
    if (!reloaded) {
        ops::log(ops::Level::error, "reload_failed", {{"cause", reloaded.error().cause}});
        return;
    }
    ops::log(ops::Level::info, "reloaded");
    if (tls.trust_generation() != before) {
        changes->notify_all(wake_everybody_over); // parked polls of certificates that are no longer trusted
    }
}

void App::Parts::count(int& parked) {
    const auto now = static_cast<int>(changes->parked());
    metrics.parked_polls(now - std::exchange(parked, now));
    metrics.body_memory(memory.used());
    metrics.db_queue_depth(static_cast<std::int64_t>(executor->queued() + bundles->queued()));
    metrics.crl_overdue(tls.trust()->crl_overdue(clock()));
    metrics.certificate_expires_at(tls.certificate_not_after());
}

Awaitable<void> App::Parts::keep_house() {
    asio::steady_timer pause(threads.background);
    int parked = 0;
    while (!draining) {
        try {
            count(parked);
            if (tls.files_changed()) {
                reload();
            }
        } catch (...) {
            log_escaped("housekeeping", std::current_exception()); // a second later once more
        }
        pause.expires_after(housekeeping_pause);
        co_await pause.async_wait(use_relay_awaitable);
    }
}

/// On its own: a store that hangs must not keep a new CRL waiting.
Awaitable<void> App::Parts::watch_object_store() {
    asio::steady_timer pause(threads.background);
    while (!draining) {
        try {
            co_await ask_object_store();
        } catch (...) {
            log_escaped("object store", std::current_exception());
        }
        pause.expires_after(between_pings);
        co_await pause.async_wait(use_relay_awaitable);
    }
}

Awaitable<void> App::Parts::ask_object_store() {
    const auto pong = co_await payloads->ping();
    if (store_answers != pong.has_value()) {
        const auto cause = pong ? std::string() : pong.error().cause;
        ops::log(
            pong ? ops::Level::info : ops::Level::error,
            pong ? "object_store_up" : "object_store_down",
            {{"cause", cause}}
        );
    }
    store_answers = pong.has_value();
    metrics.object_store_up(store_answers);
}

void App::Parts::read_log_level() {
    const auto reading = read_config(config.file);
    for (const auto& problem : reading.problems) {
        ops::log(ops::Level::error, "config_not_reloaded", {{"key", problem.key}, {"cause", problem.what}});
    }
    if (reading.problems.empty()) {
        ops::set_log_level(reading.config.server.log_level);
    }
}

Awaitable<void> App::Parts::watch_signals() {
    while (true) {
        const int signal = co_await signals.async_wait(use_relay_awaitable);
        if (signal != SIGHUP) {
            break;
        }
        try {
            read_log_level();
            reload();
        } catch (...) {
            log_escaped("signals", std::current_exception());
        }
    }
    co_await stop();
}

Awaitable<void> App::Parts::stop() {
    ops::log(ops::Level::info, "draining", {{"connections", server->connections()}});
    asio::steady_timer pause(threads.background);
    const auto deadline = std::chrono::steady_clock::now() + config.server.drain;
    draining = true;
    if (admin) {
        admin->set_draining();
    }
    server->drain();
    changes->drain();
    while (server->connections() > 0 && std::chrono::steady_clock::now() < deadline) {
        pause.expires_after(drain_poll);
        co_await pause.async_wait(use_relay_awaitable);
    }
    server->close_all();
    payloads->stop(); // calls that wait for it end now
    const auto closed = std::chrono::steady_clock::now() + close_grace;
    while (server->connections() > 0 && std::chrono::steady_clock::now() < closed) {
        pause.expires_after(drain_poll);
        co_await pause.async_wait(use_relay_awaitable);
    }
    // What was written to connections is recorded before the process may end.
    coverage->flush();
    const auto give_up = std::chrono::steady_clock::now() + coverage_grace;
    while (!coverage->idle() && std::chrono::steady_clock::now() < give_up) {
        pause.expires_after(drain_poll);
        co_await pause.async_wait(use_relay_awaitable);
    }
    janitor->stop();
    registry->stop();
    if (admin) {
        admin->stop();
    }
    ops::log(ops::Level::info, "stopped", {{"connections", server->connections()}});
    threads.stop();
}

Result<void> App::run() {
    auto& parts = *parts_;
    auto built = parts.build();
    if (!built) {
        return built;
    }
    auto started = parts.start();
    if (!started) {
        return started;
    }
    parts.threads.run();
    parts.listener->stop();
    parts.sequencer->stop();
    parts.bundles->stop();
    parts.executor->stop();
    if (parts.server->connections() > 0) {
        // A call that outlived every deadline may still touch what it was given: the process ends without it.
        ops::log(ops::Level::error, "calls_left_behind", {{"connections", parts.server->connections()}});
        auto ended = parts.outcome;
        static_cast<void>(parts_.release());
        return ended;
    }
    return parts.outcome;
}

} // namespace relay::server
