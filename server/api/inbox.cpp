// The inbox: lists with long poll, single bundles, claims and receipts, single and in batches (protocol.md §6).
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/problem.hpp"
#include "server/api/bundle_json.hpp"
#include "server/api/conditions.hpp"
#include "server/api/gather.hpp"
#include "server/api/parameters.hpp"
#include "server/api/services.hpp"

#include <algorithm>

namespace relay::server::api {

using protocol::append_json_member;
using protocol::append_json_name;
using protocol::Error;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr std::int64_t max_batch_payload = 16LL << 20;
constexpr std::int64_t max_wait_seconds = 60;

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

/// `from_the_first`: asks for all that waits. Then what the hub knows may spare the look.
Awaitable<Result<Page>>
look_or_remember(const Services& services, const storage::InboxQuery& query, bool from_the_first) {
    auto& changes = services.changes;
    if (!from_the_first) {
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

/// Waits until the page is another one than the caller knows; without an ETag, until there is something on it.
Answer wait_for_page(const Services& services, const Request& request, storage::InboxQuery query, SteadyTime deadline) {
    const auto known = request.field("if-none-match");
    const auto settled = [known](const Page& page) {
        return known.empty() ? !page.empty : !none_match_names(known, page.etag);
    };
    // Most wait for the first bundle of an inbox where nothing waits: an arrival alone can end that.
    const bool from_the_first = query.state == protocol::BundleState::waiting && !query.after;
    const bool for_an_arrival = from_the_first && (known.empty() || known == nothing_waiting().etag);
    // Registered first, then asked: what changes in between is not missed.
    const Executor executor = co_await boost::asio::this_coro::executor;
    auto waiter = services.changes.wait_for(
        query.recipient, for_an_arrival ? mailbox::Heed::arrivals : mailbox::Heed::every_change, executor
    );
    while (true) {
        auto page = co_await look_or_remember(services, query, from_the_first);
        if (!page) {
            co_return page.error();
        }
        if (settled(*page)) {
            co_return page_response(std::move(*page), false);
        }
        page->body.shrink_to_fit();
        const auto wake = co_await waiter.park(end_of_wait(services, request, deadline));
        const bool over = wake == mailbox::Wake::drain || std::chrono::steady_clock::now() >= deadline;
        if (wake != mailbox::Wake::changed && over) {
            co_return page_response(std::move(*page), !known.empty());
        }
        auto allowed = co_await services.access.still_allowed(*request.peer, *request.caller);
        if (!allowed) {
            co_return allowed.error();
        }
    }
}

/// The page as it is now.
Answer show_page(const Services& services, const Request& request, storage::InboxQuery query) {
    auto page = co_await load_page(services, query);
    if (!page) {
        co_return page.error();
    }
    const auto known = request.field("if-none-match");
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

Answer get_bundle(const Services& services, Request& request) {
    auto found = co_await services.bundles.find(bundle_id_of(request), true);
    if (!found) {
        co_return found.error();
    }
    const bool there = found->has_value() && (*found)->recipient == request.caller->office &&
                       (*found)->state != protocol::BundleState::uploading;
    if (!there) {
        co_return protocol::errors::not_found("not in this inbox");
    }
    auto response = co_await bundle_response(services.registry, 200, **found, Detail::whole);
    co_return response;
}

void append_claim(std::string& out, const mailbox::Claimed& claimed, bool with_payload) {
    out += '{';
    append_json_member(out, "claim_id", claimed.claim_id.str());
    append_json_member(out, "expires_at", protocol::to_rfc3339(claimed.expires_at));
    append_json_name(out, "signed_manifest");
    out += '"';
    protocol::append_base64(out, claimed.bundle.signed_manifest);
    out += '"';
    if (with_payload && claimed.payload) {
        append_json_name(out, "payload");
        out += '"';
        protocol::append_base64(out, *claimed.payload);
        out += '"';
    }
    out += '}';
}

/// A UUID in a body; bad_format at its member otherwise.
template <class Id>
Id read_id(protocol::JsonNode& node, std::string_view name) {
    const auto text = node.string(name);
    const auto id = text ? Id::parse(*text) : std::nullopt;
    if (text && !id) {
        node.add(name, "bad_format");
    }
    return id.value_or(Id{});
}

Answer claim(const Services& services, Request& request) {
    auto document = protocol::JsonDocument::parse(request.json, {});
    auto root = document.root();
    const auto claim_id = read_id<protocol::ClaimId>(root, "claim_id");
    const auto good = body_verdict(document);
    if (!good) {
        co_return good.error();
    }
    const auto party = party_of(request);
    auto claimed = co_await services.receiving.claim(party, bundle_id_of(request), claim_id, true);
    if (!claimed) {
        co_return claimed.error();
    }
    std::string out;
    append_claim(out, *claimed, true);
    auto response = http::json_response(200, std::move(out));
    if (claimed->payload) {
        claimed->payload.reset();
        response.on_written = [&services, party, bundle = std::move(claimed->bundle), claim_id](bool whole) {
            if (whole) {
                services.receiving.payload_sent(party, bundle, claim_id);
            }
        };
    }
    co_return response;
}

Answer receipt(const Services& services, Request& request) {
    auto document = protocol::JsonDocument::parse(request.json, {});
    auto word = document.root().base64("signed_receipt").value_or(protocol::Bytes());
    const auto good = body_verdict(document);
    if (!good) {
        co_return good.error();
    }
    auto party = party_of(request);
    auto bundle = co_await services.receiving.receive_receipt(std::move(party), bundle_id_of(request), std::move(word));
    if (!bundle) {
        co_return bundle.error();
    }
    auto response = co_await bundle_response(services.registry, 200, *bundle, Detail::answer);
    co_return response;
}

struct ClaimEntry {
    protocol::BundleId bundle_id;
    protocol::ClaimId claim_id;
    std::optional<Result<mailbox::Claimed>> answer;
    bool with_payload = false;
};

void begin_result(std::string& out, const protocol::BundleId& bundle_id) {
    out += out.back() == '[' ? "{" : ",{";
    append_json_member(out, "bundle_id", bundle_id.str());
    append_json_name(out, "status");
}

void append_problem(std::string& out, const Error& error, const Request& request) {
    out += std::to_string(protocol::status_of(error.code));
    append_json_name(out, "problem");
    out += protocol::problem_json(error, request.language, request.id.str());
}

/// Payloads come inline in order until the batch's share is reached.
void share_out_payloads(std::vector<ClaimEntry>& entries) {
    std::int64_t given = 0;
    for (auto& entry : entries) {
        if (!*entry.answer || !(**entry.answer).payload) {
            continue;
        }
        const auto size = (**entry.answer).bundle.payload_size;
        entry.with_payload = given + size <= max_batch_payload;
        if (!entry.with_payload) {
            given = max_batch_payload;
            continue;
        }
        given += size;
    }
}

Answer claim_batch(const Services& services, Request& request) {
    auto document = protocol::JsonDocument::parse(request.json, {});
    const auto entries = std::make_shared<std::vector<ClaimEntry>>();
    for (auto& node : document.root().objects("claims", 1, max_batch)) {
        ClaimEntry entry;
        entry.bundle_id = read_id<protocol::BundleId>(node, "bundle_id");
        entry.claim_id = read_id<protocol::ClaimId>(node, "claim_id");
        entries->push_back(std::move(entry));
    }
    const auto good = body_verdict(document);
    if (!good) {
        co_return good.error();
    }
    const auto party = party_of(request);
    const std::function<Awaitable<void>(std::size_t)> claim_one = [&](std::size_t i) -> Awaitable<void> {
        auto& entry = (*entries)[i];
        auto claimed = co_await services.receiving.claim(party, entry.bundle_id, entry.claim_id, true);
        entry.answer.emplace(std::move(claimed));
    };
    co_await gather(entries->size(), claim_one);
    share_out_payloads(*entries);
    std::string out = R"({"results":[)";
    for (auto& entry : *entries) {
        begin_result(out, entry.bundle_id);
        if (!*entry.answer) {
            append_problem(out, entry.answer->error(), request);
        } else {
            auto& claimed = **entry.answer;
            if (claimed.payload && !entry.with_payload) {
                claimed.expires_at =
                    claimed.bundle.last_call_at.value_or(services.clock()) + services.config.claims.partial_lapse;
            }
            out += "200";
            append_json_name(out, "claim");
            append_claim(out, claimed, entry.with_payload);
            claimed.payload.reset();
        }
        out += '}';
    }
    out += "]}";
    auto response = http::json_response(200, std::move(out));
    response.on_written = [&services, party, entries](bool whole) {
        for (const auto& entry : *entries) {
            if (whole && entry.with_payload) {
                services.receiving.payload_sent(party, (**entry.answer).bundle, entry.claim_id);
            }
        }
    };
    co_return response;
}

struct ReceiptEntry {
    protocol::BundleId bundle_id;
    protocol::Bytes signed_receipt;
    std::optional<Result<storage::BundleRecord>> answer;
};

Answer receipt_batch(const Services& services, Request& request) {
    auto document = protocol::JsonDocument::parse(request.json, {});
    std::vector<ReceiptEntry> entries;
    for (auto& node : document.root().objects("receipts", 1, max_batch)) {
        ReceiptEntry entry;
        entry.bundle_id = read_id<protocol::BundleId>(node, "bundle_id");
        entry.signed_receipt = node.base64("signed_receipt").value_or(protocol::Bytes());
        entries.push_back(std::move(entry));
    }
    const auto good = body_verdict(document);
    if (!good) {
        co_return good.error();
    }
    const auto party = party_of(request);
    const std::function<Awaitable<void>(std::size_t)> receive_one = [&](std::size_t i) -> Awaitable<void> {
        auto& entry = entries[i];
        auto kept =
            co_await services.receiving.receive_receipt(party, entry.bundle_id, std::move(entry.signed_receipt));
        entry.answer.emplace(std::move(kept));
    };
    co_await gather_on(services.workers, entries.size(), receive_one);
    std::string out = R"({"results":[)";
    for (const auto& entry : entries) {
        begin_result(out, entry.bundle_id);
        if (*entry.answer) {
            out += "200";
            append_json_name(out, "bundle");
            const auto appended = co_await append_bundle_json(out, services.registry, **entry.answer, Detail::answer);
            if (!appended) {
                co_return appended.error();
            }
        } else {
            append_problem(out, entry.answer->error(), request);
        }
        out += '}';
    }
    out += "]}";
    co_return http::json_response(200, std::move(out));
}

} // namespace

std::vector<Route> inbox_routes(const Services& services) {
    using auth::Action;
    using http::BodyKind;
    using http::Method;
    return {
        {Method::get, "/v1/inbox", Action::read_inbox, BodyKind::none, bind_handler(services, list_bundles)},
        {Method::get, "/v1/inbox/{uuid}", Action::read_inbox, BodyKind::none, bind_handler(services, get_bundle)},
        {Method::post, "/v1/inbox/{uuid}/claim", Action::claim, BodyKind::json, bind_handler(services, claim)},
        {Method::post, "/v1/inbox/{uuid}/receipt", Action::receipt, BodyKind::json, bind_handler(services, receipt)},
        {Method::post, "/v1/inbox/claims", Action::claim, BodyKind::batch, bind_handler(services, claim_batch)},
        {Method::post, "/v1/inbox/receipts", Action::receipt, BodyKind::batch, bind_handler(services, receipt_batch)},
    };
}

} // namespace relay::server::api
