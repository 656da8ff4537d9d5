// What auditors read of the delivery log: events as JSON pages, and one bundle with its events (protocol.md §9).
#include "protocol/json_writer.hpp"
#include "server/api/audit_stream.hpp"
#include "server/api/event_cursor.hpp"
#include "server/api/parameters.hpp"
#include "server/api/services.hpp"

namespace relay::server::api {

using protocol::append_json_member;
using protocol::append_json_name;

namespace {

constexpr int events_a_query = 500;
/// More than a bundle can have by its life; a bound all the same.
constexpr int max_event_queries = 200;

std::optional<std::string> parse_any_user(std::string_view text) {
    const bool good = protocol::UserId::parse(text) || text == "relayctl";
    return good ? std::optional(std::string(text)) : std::nullopt;
}

void append_event(std::string& out, const storage::EventRow& event) {
    out += out.back() == '[' ? "" : ",";
    append_event_json(out, event);
}

Answer list_events(const Services& services, Request& request) {
    Parameters parameters(request, {"office", "bundle_id", "type", "user_id", "from", "to", "after", "limit"});
    storage::EventQuery query;
    query.office = parameters.parsed("office", protocol::OfficeNumber::parse);
    query.bundle_id = parameters.parsed("bundle_id", protocol::BundleId::parse);
    query.type = parameters.parsed("type", protocol::parse_event_type);
    query.user_id = parameters.parsed("user_id", parse_any_user);
    query.from = parameters.time("from");
    query.to = parameters.time("to");
    query.after = parameters.parsed("after", parse_event_cursor).value_or(storage::EventPlace());
    query.limit = parameters.limit();
    auto good = parameters.verdict();
    if (!good) {
        co_return good.error();
    }
    const auto form = choose_event_form(request.list_field("accept"));
    if (form != EventForm::json) {
        co_return stream_events(services.events, query, form, still_allowed(services, request));
    }
    auto page = co_await services.events.list_events(query);
    if (!page) {
        co_return page.error();
    }
    std::string out = R"({"events":[)";
    for (const auto& event : page->events) {
        append_event(out, event);
    }
    out += ']';
    if (page->next) {
        append_json_member(out, "next", encode_event_cursor(*page->next));
    }
    out += '}';
    co_return http::json_response(200, std::move(out));
}

void append_bundle(std::string& out, const storage::AuditBundle& bundle) {
    append_json_member(out, "bundle_id", bundle.bundle_id.str());
    append_json_member(out, "state", to_string(bundle.state));
    append_json_member(out, "sender", bundle.sender.view());
    append_json_member(out, "recipient", bundle.recipient.view());
    append_json_member(out, "created_at", protocol::to_rfc3339(bundle.created_at));
    append_json_member(out, "accepted_at", protocol::to_rfc3339(bundle.accepted_at));
    append_json_member(out, "manifest_sha256", bundle.manifest_sha256.hex());
    append_json_name(out, "files");
    out += '[';
    for (const auto& file : bundle.files) {
        out += out.back() == '[' ? "{\"size\":" : ",{\"size\":";
        out += std::to_string(file.size);
        append_json_member(out, "sha256", file.sha256.hex());
        out += '}';
    }
    out += ']';
    append_json_name(out, "payload");
    out +=
        R"({"size":)" + std::to_string(bundle.payload_size) + R"(,"chunk_size":)" + std::to_string(bundle.chunk_size);
    out += R"(,"chunks":[)";
    for (const auto& digest : bundle.chunk_digests) {
        out += out.back() == '[' ? "\"" : ",\"";
        out += digest.hex() + '"';
    }
    out += "]}";
}

Answer get_bundle(const Services& services, Request& request) {
    const auto bundle_id = bundle_id_of(request);
    auto bundle = co_await services.events.find_audit_bundle(bundle_id);
    if (!bundle) {
        co_return bundle.error();
    }
    if (!bundle->has_value()) {
        co_return protocol::errors::not_found("no such bundle");
    }
    std::string out = "{";
    append_bundle(out, **bundle);
    append_json_name(out, "events");
    out += '[';
    storage::EventQuery query;
    query.bundle_id = bundle_id;
    query.limit = events_a_query;
    for (int i = 0; i < max_event_queries; ++i) {
        auto page = co_await services.events.list_events(query);
        if (!page) {
            co_return page.error();
        }
        for (const auto& event : page->events) {
            append_event(out, event);
        }
        if (!page->next) {
            break;
        }
        query.after = std::move(*page->next);
    }
    out += "]}";
    co_return http::json_response(200, std::move(out));
}

} // namespace

std::vector<Route> audit_routes(const Services& services) {
    using auth::Action;
    using http::BodyKind;
    using http::Method;
    return {
        {Method::get,
         "/v1/audit/events",
         Action::read_audit,
         BodyKind::none,
         bind_handler(services, list_events),
         true},
        {Method::get,
         "/v1/audit/bundles/{uuid}",
         Action::read_audit,
         BodyKind::none,
         bind_handler(services, get_bundle)},
    };
}

} // namespace relay::server::api
