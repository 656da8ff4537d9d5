#include "server/app.hpp"

#include "server/accounts/argon_pool.hpp"
#include "server/accounts/passwords.hpp"
#include "server/accounts/peer_certificate.hpp"
#include "server/accounts/registry.hpp"
#include "server/accounts/sign_in.hpp"
#include "server/api/access.hpp"
#include "server/api/routes.hpp"
#include "server/api/services.hpp"
#include "server/http/server.hpp"
#include "server/http/tls_context.hpp"
#include "server/mailbox/changes.hpp"
#include "server/mailbox/coverage.hpp"
#include "server/mailbox/janitor.hpp"
#include "server/ops/admin_endpoint.hpp"
#include "server/ops/log.hpp"
#include "server/ops/metrics.hpp"
#include "storage/objects/make_payload_store.hpp"
#include "storage/postgres/db_executor.hpp"
#include "storage/postgres/mailbox_listener.hpp"
#include "storage/postgres/pg_account_store.hpp"
#include "storage/postgres/pg_bundle_store.hpp"
#include "storage/postgres/pg_event_store.hpp"
#include "storage/postgres/schema.hpp"
#include "storage/postgres/sequencer.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

namespace relay::server {

namespace asio = boost::asio;
using protocol::Result;

namespace {

constexpr auto housekeeping_pause = std::chrono::seconds(1);
constexpr int rounds_between_pings = 5;
constexpr auto drain_poll = std::chrono::milliseconds(50);
/// Coverage must reach the database before the process ends; beyond this it counts as not sent.
constexpr auto coverage_grace = std::chrono::seconds(5);
/// Calls of connections that were broken off end with their database calls, whose own limit is 10 s.
constexpr auto close_grace = std::chrono::seconds(12);
/// After notifications may have been lost, all polls ask again, spread over this long.
constexpr auto wake_everybody_over = std::chrono::seconds(2);

protocol::Time wall_clock() {
    return std::chrono::time_point_cast<protocol::Duration>(std::chrono::system_clock::now());
}

storage::postgres::PgOptions database_options(const Config& config) {
    storage::postgres::PgOptions options;
    options.url = config.database.url;
    options.audit_url = config.database.audit_url;
    options.connections = config.database.connections;
    options.partial_lapse = config.claims.partial_lapse;
    options.sent_lapse = config.claims.sent_lapse;
    options.expire_after = config.bundles.expire_after;
    options.unfinished_upload = config.bundles.unfinished_upload;
    options.outstanding_upload_bytes = config.limits.outstanding_upload_bytes;
    options.inline_payload = config.limits.inline_payload;
    return options;
}

mailbox::SendingSettings sending_settings(const Config& config) {
    mailbox::SendingSettings settings;
    settings.manifest = {config.limits.chunk_size, config.limits.payload_size};
    settings.rules = {config.standard.accept_v3};
    settings.inline_payload = config.limits.inline_payload;
    return settings;
}

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

/// One io_context per network thread, and one for what runs beside them.
struct Threads {
    using Guard = asio::executor_work_guard<Executor>;

    explicit Threads(int count) : background(1), background_guard(background.get_executor()) {
        for (int i = 0; i < count; ++i) {
            network.push_back(std::make_unique<asio::io_context>(1));
            guards.emplace_back(network.back()->get_executor());
        }
    }

    [[nodiscard]] std::vector<asio::io_context*> contexts() const {
        std::vector<asio::io_context*> all;
        for (const auto& context : network) {
            all.push_back(context.get());
        }
        return all;
    }

    /// Runs until every context ran out of work after release(), or was stopped.
    void run() {
        std::vector<std::jthread> running;
        for (auto& context : network) {
            running.emplace_back([&context = *context] { context.run(); });
        }
        background.run();
    }

    void stop() {
        for (auto& context : network) {
            context->stop();
        }
        background.stop();
    }

    std::vector<std::unique_ptr<asio::io_context>> network;
    asio::io_context background;
    std::vector<Guard> guards;
    Guard background_guard;
};

}  // namespace

/// In the order in which they are built; destroyed in reverse, so that nobody outlives what it uses.
struct App::Parts {
    explicit Parts(Config c)
        : config(std::move(c)), threads(config.server.threads > 0 ? config.server.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))),
          metrics(RELAY_VERSION), tls(config), memory(config.limits.memory), signals(threads.background, SIGTERM, SIGINT, SIGHUP) {}

    Result<void> build();
    void add_probes();
    Result<void> start();
    Awaitable<void> open_doors();
    Awaitable<void> watch_signals();
    Awaitable<void> keep_house();
    Awaitable<void> stop();
    void reload();
    void count(int& parked);

    Config config;
    Threads threads;
    ops::Metrics metrics;
    http::TlsContext tls;
    http::MemoryBudget memory;
    mailbox::Clock clock = wall_clock;

    std::unique_ptr<storage::postgres::DbExecutor> executor;
    std::unique_ptr<storage::PayloadStore> payloads;
    std::unique_ptr<storage::postgres::PgBundleStore> bundles;
    std::unique_ptr<storage::postgres::PgAccountStore> accounts;
    std::unique_ptr<storage::postgres::PgEventStore> events;

    std::unique_ptr<accounts::ArgonPool> argon;
    std::unique_ptr<accounts::Registry> registry;
    std::unique_ptr<accounts::CertificateCheck> certificates;
    std::unique_ptr<accounts::Passwords> passwords;
    std::unique_ptr<accounts::SignIn> sign_in;
    std::unique_ptr<api::Access> access;

    std::unique_ptr<mailbox::Changes> changes;
    std::unique_ptr<mailbox::Coverage> coverage;
    std::unique_ptr<mailbox::Sending> sending;
    std::unique_ptr<mailbox::Receiving> receiving;
    std::unique_ptr<mailbox::Janitor> janitor;

    std::unique_ptr<api::Services> services;
    std::unique_ptr<http::Router> router;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<ops::AdminEndpoint> admin;
    std::unique_ptr<storage::postgres::Sequencer> sequencer;
    std::unique_ptr<storage::postgres::MailboxListener> listener;

    asio::signal_set signals;
    Result<void> outcome;
    bool store_answers = true;
    bool draining = false;
};

App::App(Config config) : parts_(std::make_unique<Parts>(std::move(config))) {}
App::~App() = default;

Result<void> App::Parts::build() {
    auto schema = storage::postgres::check_schema(config.database.url);
    if (!schema) {
        return schema;
    }
    auto trusted = tls.reload();
    if (!trusted) {
        return trusted;
    }
    const auto options = database_options(config);
    const storage::postgres::JobObserver observe = [this](const char* name, protocol::Duration waited, protocol::Duration worked, bool) {
        metrics.db_query(name, static_cast<double>(waited.count()) / 1000, static_cast<double>(worked.count()) / 1000);
    };
    auto started = storage::postgres::DbExecutor::start(options, {}, observe);
    if (!started) {
        return started.error();
    }
    executor = std::move(*started);
    auto store = storage::objects::make_payload_store(config.objects.url);
    if (!store) {
        return store.error();
    }
    payloads = std::move(*store);
    auto bundle_store = storage::postgres::PgBundleStore::start(options, *executor, {}, observe);
    if (!bundle_store) {
        return bundle_store.error();
    }
    bundles = std::move(*bundle_store);
    accounts = std::make_unique<storage::postgres::PgAccountStore>(*executor);
    events = std::make_unique<storage::postgres::PgEventStore>(*executor);

    argon = std::make_unique<accounts::ArgonPool>(config.passwords.threads);
    registry = std::make_unique<accounts::Registry>(*accounts, threads.background);
    certificates = std::make_unique<accounts::CertificateCheck>(*registry, *accounts, config.certificates.register_unknown);
    passwords = std::make_unique<accounts::Passwords>(*accounts, *argon, accounts::PasswordPolicy::of(config));
    sign_in = std::make_unique<accounts::SignIn>(*accounts, *registry, *passwords, config);
    const api::TrustSource trust = [this] { return std::pair(tls.trust(), tls.trust_generation()); };
    const api::RateSettings rate{config.limits.requests_per_second, config.limits.burst};
    access = std::make_unique<api::Access>(*registry, *certificates, trust, rate, clock);

    changes = std::make_unique<mailbox::Changes>(threads.contexts());
    coverage = std::make_unique<mailbox::Coverage>(*bundles, threads.background, clock);
    sending = std::make_unique<mailbox::Sending>(
        mailbox::Sending::Parts{*bundles, *events, *payloads, *access, clock}, sending_settings(config)
    );
    receiving = std::make_unique<mailbox::Receiving>(
        mailbox::Receiving::Parts{*bundles, *payloads, *access, *coverage, clock},
        mailbox::ReceivingSettings{config.limits.inline_payload, config.claims.partial_lapse, config.claims.sent_lapse}
    );
    janitor = std::make_unique<mailbox::Janitor>(*bundles, *payloads, config.bundles.unfinished_upload);

    services.reset(new api::Services{
        config, clock, *access, *registry, *sign_in, *passwords, *sending, *receiving, *changes, *bundles, *accounts, *events});
    router = std::make_unique<http::Router>(api::make_router(*services));
    server = std::make_unique<http::Server>(
        http::Surroundings{config, *router, *access, tls, memory, metrics}, threads.contexts()
    );
    return {};
}

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
    admin->add_probe([this]() -> std::optional<std::string> {
        return store_answers ? std::nullopt : std::optional<std::string>("object store");
    });
}

Result<void> App::Parts::start() {
    registry->on_change([this](const std::vector<protocol::OfficeNumber>& affected) { changes->notify(affected); });
    registry->start();
    storage::postgres::ListenerCallbacks heard;
    heard.on_mailbox = [this](const std::vector<protocol::OfficeNumber>& offices) { changes->notify(offices); };
    heard.on_registry = [this] { registry->poke(); };
    heard.on_connected = [this] {
        registry->poke();
        changes->notify_all(wake_everybody_over);
    };
    auto listening = storage::postgres::MailboxListener::start(config.database.url, std::move(heard));
    if (!listening) {
        return listening.error();
    }
    listener = std::move(*listening);
    auto sequencing = storage::postgres::Sequencer::start(config.database.url, nullptr);
    if (!sequencing) {
        return sequencing.error();
    }
    sequencer = std::move(*sequencing);
    asio::co_spawn(threads.background, janitor->run(), [](const std::exception_ptr& e) { log_escaped("janitor", e); });
    asio::co_spawn(threads.background, keep_house(), [](const std::exception_ptr& e) { log_escaped("housekeeping", e); });
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
    outcome = server->start();
    if (!outcome) {
        threads.stop();
        co_return;
    }
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
        changes->notify_all(wake_everybody_over);  // parked polls of certificates that are no longer trusted
    }
}

void App::Parts::count(int& parked) {
    const auto now = static_cast<int>(changes->parked());
    metrics.parked_polls(now - std::exchange(parked, now));
    metrics.body_memory(memory.used());
    metrics.db_queue_depth(static_cast<std::int64_t>(executor->queued()));
    metrics.crl_overdue(tls.trust()->crl_overdue(clock()));
}

Awaitable<void> App::Parts::keep_house() {
    asio::steady_timer pause(threads.background);
    int parked = 0;
    for (int round = 0; !draining; ++round) {
        count(parked);
        if (tls.files_changed()) {
            reload();
        }
        if (round % rounds_between_pings == 0) {
            const auto pong = co_await payloads->ping();
            store_answers = pong.has_value();
        }
        pause.expires_after(housekeeping_pause);
        co_await pause.async_wait(use_relay_awaitable);
    }
}

Awaitable<void> App::Parts::watch_signals() {
    while (true) {
        const int signal = co_await signals.async_wait(use_relay_awaitable);
        if (signal != SIGHUP) {
            break;
        }
        const auto reading = read_config(config.file);
        if (reading.problems.empty()) {
            ops::set_log_level(reading.config.server.log_level);
        }
        reload();
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

}  // namespace relay::server
