// What the process is made of, in the order in which it is built. For app.cpp and app_parts.cpp alone.
#pragma once

#include "protocol/cms/verifier.hpp"
#include "server/accounts/argon_pool.hpp"
#include "server/accounts/passwords.hpp"
#include "server/accounts/peer_certificate.hpp"
#include "server/accounts/registry.hpp"
#include "server/accounts/sign_in.hpp"
#include "server/api/access.hpp"
#include "server/api/services.hpp"
#include "server/app.hpp"
#include "server/http/server.hpp"
#include "server/http/tls_context.hpp"
#include "server/mailbox/changes.hpp"
#include "server/mailbox/coverage.hpp"
#include "server/mailbox/janitor.hpp"
#include "server/mailbox/store_guard.hpp"
#include "server/ops/admin_endpoint.hpp"
#include "server/ops/metrics.hpp"
#include "server/threads.hpp"
#include "storage/postgres/db_executor.hpp"
#include "storage/postgres/mailbox_listener.hpp"
#include "storage/postgres/pg_account_store.hpp"
#include "storage/postgres/pg_bundle_store.hpp"
#include "storage/postgres/pg_event_store.hpp"
#include "storage/postgres/pg_object_index.hpp"
#include "storage/postgres/sequencer.hpp"

#include <boost/asio/signal_set.hpp>

#include <memory>

namespace relay::server {

/// In the order in which they are built; destroyed in reverse, so that nobody outlives what it uses.
struct App::Parts {
    explicit Parts(Config c);

    /// Makes everything that needs no running thread. Error: what is missing.
    protocol::Result<void> build();
    void add_probes();
    protocol::Result<void> start();
    Awaitable<void> open_doors();
    Awaitable<void> watch_signals();
    Awaitable<void> keep_house();
    Awaitable<void> watch_object_store();
    Awaitable<void> ask_object_store();
    Awaitable<void> stop();
    void reload();
    void read_log_level();
    void count(int& parked);

    Config config;
    Threads threads;
    ops::Metrics metrics;
    http::TlsContext tls;
    http::MemoryBudget memory;
    mailbox::Clock clock;
    protocol::cms::Verifier verifier;

    std::unique_ptr<storage::postgres::DbExecutor> executor;
    std::unique_ptr<storage::postgres::PgBundleStore> bundles;
    std::unique_ptr<storage::postgres::PgAccountStore> accounts;
    std::unique_ptr<storage::postgres::PgEventStore> events;
    std::unique_ptr<storage::postgres::PgObjectIndex> object_index;
    std::unique_ptr<mailbox::StoreGuard> payloads;

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

    boost::asio::signal_set signals;
    protocol::Result<void> outcome;
    bool store_answers = true;
    bool draining = false;
};

} // namespace relay::server
