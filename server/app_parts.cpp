#include "server/app_parts.hpp"

#include "server/api/routes.hpp"
#include "storage/objects/make_payload_store.hpp"
#include "storage/postgres/schema.hpp"

#include <csignal>
#include <utility>

namespace relay::server {

using protocol::Result;

namespace {

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
    return options;
}

storage::objects::StoreOptions store_options(const Config& config, ops::Metrics& metrics) {
    storage::objects::StoreOptions options;
    options.access_key = config.objects.access_key;
    options.secret_key = config.objects.secret_key;
    options.ca_file = config.objects.ca.string();
    options.timeout = config.objects.timeout;
    options.connections = config.objects.connections;
    options.observer = [&metrics](const char* op, const char* outcome, double seconds) {
        metrics.object_request(op, outcome, seconds);
    };
    return options;
}

mailbox::SendingSettings sending_settings(const Config& config) {
    mailbox::SendingSettings settings;
    settings.manifest = {config.limits.chunk_size, config.limits.payload_size};
    settings.rules = {config.standard};
    settings.inline_payload = config.limits.inline_payload;
    return settings;
}

} // namespace

App::Parts::Parts(Config c)
    : config(std::move(c)),
      threads(config.server.threads),
      metrics(RELAY_VERSION),
      tls(config),
      memory(config.limits.memory),
      clock(wall_clock),
      signals(threads.background, SIGTERM, SIGINT, SIGHUP) {
}

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
    const storage::postgres::JobObserver observe =
        [this](const char* name, storage::postgres::JobTime waited, storage::postgres::JobTime worked, bool) {
            using Seconds = std::chrono::duration<double>;
            metrics.db_query(name, Seconds(waited).count(), Seconds(worked).count());
        };
    auto started = storage::postgres::DbExecutor::start(options, {}, observe);
    if (!started) {
        return started.error();
    }
    executor = std::move(*started);
    auto store = storage::objects::make_payload_store(config.objects.url, store_options(config, metrics));
    if (!store) {
        return store.error();
    }
    object_index = std::make_unique<storage::postgres::PgObjectIndex>(*executor);
    payloads = std::make_unique<mailbox::StoreGuard>(std::move(*store), *object_index);
    auto bundle_store = storage::postgres::PgBundleStore::start(options, *executor, {}, observe);
    if (!bundle_store) {
        return bundle_store.error();
    }
    bundles = std::move(*bundle_store);
    accounts = std::make_unique<storage::postgres::PgAccountStore>(*executor);
    events = std::make_unique<storage::postgres::PgEventStore>(*executor);

    argon = std::make_unique<accounts::ArgonPool>(config.passwords.threads);
    registry = std::make_unique<accounts::Registry>(*accounts, threads.background);
    certificates =
        std::make_unique<accounts::CertificateCheck>(*registry, *accounts, config.certificates.register_unknown);
    passwords = std::make_unique<accounts::Passwords>(*accounts, *argon, accounts::PasswordPolicy::of(config));
    sign_in = std::make_unique<accounts::SignIn>(*accounts, *registry, *passwords, config);
    const api::TrustSource trust = [this] { return tls.trust_and_generation(); };
    const api::RateSettings rate{config.limits.requests_per_second, config.limits.burst};
    access = std::make_unique<api::Access>(*registry, *certificates, trust, rate, clock);

    changes = std::make_unique<mailbox::Changes>(threads.contexts());
    coverage = std::make_unique<mailbox::Coverage>(*bundles, threads.background, clock);
    sending = std::make_unique<mailbox::Sending>(
        mailbox::Sending::Parts{*bundles, *events, *payloads, *access, verifier, clock}, sending_settings(config)
    );
    receiving = std::make_unique<mailbox::Receiving>(
        mailbox::Receiving::Parts{
            *bundles,
            *payloads,
            *access,
            *coverage,
            verifier,
            clock,
            [this](const char* kind) { metrics.payload_fault(kind); }},
        mailbox::ReceivingSettings{config.limits.inline_payload, config.claims.partial_lapse, config.claims.sent_lapse}
    );
    janitor = std::make_unique<mailbox::Janitor>(
        mailbox::Janitor::Parts{
            *bundles,
            *payloads,
            *object_index,
            clock,
            [this](const mailbox::SweepReport& found) {
                metrics.orphans(found.orphaned_objects, found.rows_without_object);
            }},
        config.bundles.unfinished_upload
    );

    services.reset(new api::Services{
        config,
        clock,
        *access,
        *registry,
        *sign_in,
        *passwords,
        *sending,
        *receiving,
        *changes,
        *bundles,
        *accounts,
        *events,
        threads.batch_contexts(),
        memory});
    router = std::make_unique<http::Router>(api::make_router(*services));
    server = std::make_unique<http::Server>(
        http::Surroundings{config, *router, *access, tls, memory, metrics}, threads.contexts()
    );
    return {};
}

} // namespace relay::server
