// What handlers may use. Built by app, outlives every request.
#pragma once

#include "protocol/error.hpp"
#include "server/accounts/passwords.hpp"
#include "server/accounts/registry.hpp"
#include "server/accounts/sign_in.hpp"
#include "server/api/access.hpp"
#include "server/config.hpp"
#include "server/http/memory_budget.hpp"
#include "server/http/router.hpp"
#include "server/mailbox/changes.hpp"
#include "server/mailbox/receiving.hpp"
#include "server/mailbox/sending.hpp"
#include "storage/account_store.hpp"
#include "storage/bundle_store.hpp"
#include "storage/event_store.hpp"
#include "storage/gather.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace relay::server::api {

using http::Request;
using http::Response;
using http::Route;
using protocol::Result;
using Answer = Awaitable<Result<Response>>;

/// Entries of one batch.
inline constexpr std::size_t max_batch = 100;

struct Services {
    const Config& config;
    mailbox::Clock clock;
    Access& access;
    accounts::Registry& registry;
    accounts::SignIn& sign_in;
    accounts::Passwords& passwords;
    mailbox::Sending& sending;
    mailbox::Receiving& receiving;
    mailbox::Changes& changes;
    storage::BundleStore& bundles;
    storage::AccountStore& accounts;
    storage::EventStore& events;
    Workers workers;
    http::MemoryBudget& memory;
};

/// The caller as the mailbox sees it.
[[nodiscard]] mailbox::Party party_of(const Request& request);
/// The connection's certificate as the accounts see it; valid while the request is.
[[nodiscard]] accounts::PeerCertificate certificate_of(const Request& request);
/// Whether the caller, once let in, still is: asked while a long answer is on its way. The request outlives its answer.
using StillAllowed = std::function<Awaitable<Result<void>>()>;
[[nodiscard]] StillAllowed still_allowed(const Services& services, const Request& request);
[[nodiscard]] protocol::BundleId bundle_id_of(const Request& request); ///< the first captured segment

/// A handler as routes keep it. `services` must outlive the route.
[[nodiscard]] http::Handler bind_handler(const Services& services, Answer (*handler)(const Services&, Request&));

// One file per resource; routes.cpp puts them together.
[[nodiscard]] std::vector<Route> session_routes(const Services& services);
[[nodiscard]] std::vector<Route> outbox_routes(const Services& services);
[[nodiscard]] std::vector<Route> inbox_list_routes(const Services& services);
[[nodiscard]] std::vector<Route> inbox_routes(const Services& services);
[[nodiscard]] std::vector<Route> chunk_routes(const Services& services);
[[nodiscard]] std::vector<Route> office_routes(const Services& services);
[[nodiscard]] std::vector<Route> audit_routes(const Services& services);

} // namespace relay::server::api
