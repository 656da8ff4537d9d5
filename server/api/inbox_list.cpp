// The inbox as a list, and the long poll that waits for it to change (protocol.md §6).
#include "server/api/bundle_json.hpp"
#include "server/api/conditions.hpp"
#include "server/api/parameters.hpp"
#include "server/api/services.hpp"

#include <algorithm>

namespace relay::server::api {

using protocol::Error;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr std::int64_t max_wait_seconds = 60;
/// Longer than the registry takes to read the accounts again once the database is back.
constexpr auto pause_without_database = std::chrono::seconds(2);

struct Page {
    std::string body;
    std::string etag;
    bool empty = true;
};

Page page_of(std::string body, bool empty) {
    Page page;
    page.empty = empty;
    page.body = std::move(body);
    page.etag = '"' + protocol::Digest::of(page.body).hex().substr(0, 32) + '"';
    return page;
}

Awaitable<Result<Page>> load_page(const Services& services, const storage::InboxQuery& query) {
    const auto listed = co_await services.bundles.list_inbox(query);
    if (!listed) {
        co_return listed.error();
    }
    auto body = co_await bundle_list_json(services.registry, *listed, "in", &storage::BundleRecord::in_place);
    if (!body) {
        co_return body.error();
    }
    co_return page_of(std::move(*body), listed->bundles.empty());
}

Response page_response(Page page, bool unchanged) {
    auto response = unchanged ? http::empty_response(304) : http::json_response(200, std::move(page.body));
    response.fields.emplace_back("ETag", std::move(page.etag));
    return response;
}

/// A wait ends early where the session or the certificate does: then the 401 is due at once.
SteadyTime end_of_wait(const Services& services, const Request& request, SteadyTime wanted) {
    const auto ends = std::min(request.caller->session_expires_at, request.peer->not_after) - services.clock();
    return std::min(wanted, std::chrono::steady_clock::now() + std::max(ends, protocol::Duration::zero()));
}

const Page& nothing_waiting() {
    static const Page page = page_of(R"({"bundles":[]})", true);
    return page;
}

bool asks_from_the_first(const storage::InboxQuery& query) {
    return query.state == protocol::BundleState::waiting && !query.after;
}

/// Of who asks for all that waits, what the hub knows may spare the look.
Awaitable<Result<Page>> look_or_remember(const Services& services, const storage::InboxQuery& query) {
    auto& changes = services.changes;
    if (!asks_from_the_first(query)) {
        auto page = co_await load_page(services, query);
        co_return page;
    }
    if (changes.nothing_waits(query.recipient)) {
        co_return nothing_waiting();
    }
    const auto look = changes.begin_look(query.recipient);
    auto page = co_await load_page(services, query);
    if (page && page->empty) {
        changes.saw_nothing(query.recipient, look);
    }
    co_return page;
}

/// Ends a wait whose caller is gone, so that the next one finds room: after a cut everybody comes back at once. Who has
/// closed its sending side alone gets the page early.
class LineWatch final {
public:
    LineWatch(http::Line& line, mailbox::Changes::Waiter& waiter) : line_(line) {
        line_.watch([&waiter] { waiter.abandon(); });
    }
    ~LineWatch() { line_.unwatch(); }
    LineWatch(const LineWatch&) = delete;
    LineWatch& operator=(const LineWatch&) = delete;

private:
    http::Line& line_;
};

/// After a wait: who may look still, and at what. A database that is away for a moment ends no wait.
Awaitable<Result<Page>> look_again(
    const Services& services,
    const Request& request,
    const storage::InboxQuery& query,
    mailbox::Changes::Waiter& waiter,
    SteadyTime deadline
) {
    while (true) {
        Result<Page> page = Page();
        auto allowed = co_await services.access.still_allowed(*request.peer, *request.caller);
        if (allowed) {
            page = co_await look_or_remember(services, query);
        } else {
            page = allowed.error();
        }
        if (page || page.error().code != protocol::ErrorCode::unavailable) {
            co_return page;
        }
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline) {
            co_return page;
        }
        const auto wake = co_await waiter.park(std::min(deadline, now + pause_without_database));
        if (wake == mailbox::Wake::drain || wake == mailbox::Wake::abandoned) {
            co_return page;
        }
    }
}

/// Waits until the page is another one than the caller knows; without an ETag, until there is something on it.
Answer wait_for_page(const Services& services, const Request& request, storage::InboxQuery query, SteadyTime deadline) {
    const auto known = request.list_field("if-none-match");
    const auto settled = [&known](const Page& page) {
        return known.empty() ? !page.empty : !none_match_names(known, page.etag);
    };
    // Most wait for the first bundle of an inbox where nothing waits: an arrival alone can end that.
    const bool for_an_arrival = asks_from_the_first(query) && (known.empty() || known == nothing_waiting().etag);
    // Registered first, then asked: what changes in between is not missed.
    const Executor executor = co_await boost::asio::this_coro::executor;
    auto waiter = services.changes.wait_for(
        query.recipient, for_an_arrival ? mailbox::Heed::arrivals : mailbox::Heed::every_change, executor
    );
    std::optional<LineWatch> watch; // only of who parks
    auto page = co_await look_or_remember(services, query);
    while (page) {
        if (settled(*page)) {
            co_return page_response(std::move(*page), false);
        }
        if (!known.empty()) {
            page->body.clear(); // who knows the page already never gets it: 304 at the end of the wait
        }
        page->body.shrink_to_fit();
        if (!watch) {
            watch.emplace(*request.line, waiter);
        }
        const auto wake = co_await waiter.park(end_of_wait(services, request, deadline));
        const bool session_ends = wake == mailbox::Wake::deadline && std::chrono::steady_clock::now() < deadline;
        if (wake != mailbox::Wake::changed && !session_ends) {
            co_return page_response(std::move(*page), !known.empty());
        }
        page = co_await look_again(services, request, query, waiter, deadline);
    }
    co_return page.error();
}

/// The page as it is now.
Answer show_page(const Services& services, const Request& request, storage::InboxQuery query) {
    auto page = co_await load_page(services, query);
    if (!page) {
        co_return page.error();
    }
    const auto known = request.list_field("if-none-match");
    const bool unchanged = !known.empty() && none_match_names(known, page->etag);
    co_return page_response(std::move(*page), unchanged);
}

Answer refuse(Error error) {
    co_return error;
}

Answer list_bundles(const Services& services, Request& request) {
    Parameters parameters(request, {"state", "after", "limit", "wait"});
    storage::InboxQuery query;
    query.recipient = request.caller->office;
    query.state = protocol::BundleState::waiting;
    if (parameters.text("state") == "all") {
        query.state.reset();
    } else if (const auto state = parameters.parsed("state", protocol::parse_bundle_state)) {
        query.state = state;
        if (state == protocol::BundleState::uploading) {
            parameters.add("state", "out_of_range"); // does not exist for the recipient
        }
    }
    query.after = parameters.cursor("in");
    query.limit = parameters.limit();
    const std::chrono::seconds wait(parameters.integer("wait", 0, max_wait_seconds).value_or(0));
    auto good = parameters.verdict();
    if (!good) {
        return refuse(good.error());
    }
    return wait == std::chrono::seconds::zero()
               ? show_page(services, request, std::move(query))
               : wait_for_page(services, request, std::move(query), std::chrono::steady_clock::now() + wait);
}

} // namespace

std::vector<Route> inbox_list_routes(const Services& services) {
    return {
        {http::Method::get,
         "/v1/inbox",
         auth::Action::read_inbox,
         http::BodyKind::none,
         bind_handler(services, list_bundles),
         true},
    };
}

} // namespace relay::server::api
