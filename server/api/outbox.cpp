// The outbox as the sender sees it: sending, single and in batches, lists, withdrawal (protocol.md §5).
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/problem.hpp"
#include "server/api/bundle_json.hpp"
#include "server/api/parameters.hpp"
#include "server/api/services.hpp"

namespace relay::server::api {

namespace {

/// The members of one upload, of a PUT's body or of a batch's entry.
mailbox::Upload read_upload(protocol::JsonNode& node) {
    mailbox::Upload upload;
    upload.signed_manifest = node.base64("signed_manifest").value_or(protocol::Bytes());
    upload.payload = node.optional_base64("payload");
    return upload;
}

int status_of(const mailbox::Sent& sent) {
    switch (sent.what) {
    case mailbox::Sent::What::accepted:
        return 201;
    case mailbox::Sent::What::uploading:
        return 202;
    case mailbox::Sent::What::known:
        return 200;
    }
    return 200;
}

Answer put_bundle(const Services& services, Request& request) {
    auto document = protocol::JsonDocument::parse(request.json, {});
    auto root = document.root();
    auto upload = read_upload(root);
    const auto good = body_verdict(document);
    if (!good) {
        co_return good.error();
    }
    upload.path_id = bundle_id_of(request);
    auto party = party_of(request);
    auto answer = co_await services.sending.send(std::move(party), std::move(upload));
    if (!answer.result) {
        co_return answer.result.error();
    }
    const int status = status_of(*answer.result);
    auto response = co_await bundle_response(services.registry, status, answer.result->bundle, Detail::answer);
    co_return response;
}

Awaitable<Result<void>>
append_result(std::string& out, const Services& services, const mailbox::SendAnswer& answer, const Request& request) {
    out += out.back() == '[' ? "{" : ",{";
    if (answer.bundle_id) {
        protocol::append_json_member(out, "bundle_id", answer.bundle_id->str());
    }
    protocol::append_json_name(out, "status");
    if (answer.result) {
        out += std::to_string(status_of(*answer.result));
        protocol::append_json_name(out, "bundle");
        const auto appended =
            co_await append_bundle_json(out, services.registry, answer.result->bundle, Detail::answer);
        if (!appended) {
            co_return appended.error();
        }
    } else {
        const auto& error = answer.result.error();
        out += std::to_string(protocol::status_of(error.code));
        protocol::append_json_name(out, "problem");
        out += protocol::problem_json(error, request.language, request.id.str());
    }
    out += '}';
    co_return Result<void>();
}

Answer post_batch(const Services& services, Request& request) {
    auto document = protocol::JsonDocument::parse(request.json, {});
    std::vector<mailbox::Upload> uploads;
    for (auto& node : document.root().objects("bundles", 1, max_batch)) {
        uploads.push_back(read_upload(node));
    }
    const auto good = body_verdict(document);
    if (!good) {
        co_return good.error();
    }
    std::vector<mailbox::Sending::ExaminedUpload> examined(uploads.size());
    std::vector<std::optional<mailbox::SendAnswer>> answers(uploads.size());
    const auto party = party_of(request);
    const std::function<Awaitable<void>(std::size_t)> examine_one = [&](std::size_t i) -> Awaitable<void> {
        examined[i] = co_await services.sending.examine(party, std::move(uploads[i]));
    };
    const std::function<Awaitable<void>(std::size_t)> decide_one = [&](std::size_t i) -> Awaitable<void> {
        auto answer = co_await services.sending.decide(std::move(examined[i]));
        answers[i].emplace(std::move(answer));
    };
    co_await gather_on(services.workers, answers.size(), examine_one);
    co_await gather(answers.size(), decide_one);
    std::string out = R"({"results":[)";
    for (const auto& answer : answers) {
        const auto appended = co_await append_result(out, services, *answer, request);
        if (!appended) {
            co_return appended.error();
        }
    }
    out += "]}";
    co_return http::json_response(200, std::move(out));
}

Answer get_bundle(const Services& services, Request& request) {
    auto found = co_await services.bundles.find(bundle_id_of(request), true);
    if (!found) {
        co_return found.error();
    }
    if (!found->has_value() || (*found)->sender != request.caller->office) {
        co_return protocol::errors::not_found("not in this outbox");
    }
    auto response = co_await bundle_response(services.registry, 200, **found, Detail::whole);
    co_return response;
}

Answer list_bundles(const Services& services, Request& request) {
    Parameters parameters(request, {"state", "from", "to", "after", "limit"});
    storage::OutboxQuery query;
    query.sender = request.caller->office;
    if (parameters.text("state") != "all") {
        query.state = parameters.parsed("state", protocol::parse_bundle_state);
    }
    query.from = parameters.time("from");
    query.to = parameters.time("to");
    query.before = parameters.cursor("out");
    query.limit = parameters.limit();
    auto good = parameters.verdict();
    if (!good) {
        co_return good.error();
    }
    auto page = co_await services.bundles.list_outbox(std::move(query));
    if (!page) {
        co_return page.error();
    }
    auto out = co_await bundle_list_json(services.registry, *page, "out", &storage::BundleRecord::out_place);
    if (!out) {
        co_return out.error();
    }
    co_return http::json_response(200, std::move(*out));
}

Answer withdraw(const Services& services, Request& request) {
    auto party = party_of(request);
    auto withdrawn = co_await services.sending.withdraw(std::move(party), bundle_id_of(request));
    if (!withdrawn) {
        co_return withdrawn.error();
    }
    if (!withdrawn->has_value()) {
        co_return http::empty_response(204);
    }
    auto response = co_await bundle_response(services.registry, 200, **withdrawn, Detail::answer);
    co_return response;
}

} // namespace

std::vector<Route> outbox_routes(const Services& services) {
    using auth::Action;
    using http::BodyKind;
    using http::Method;
    return {
        {Method::put, "/v1/outbox/{uuid}", Action::send, BodyKind::json, bind_handler(services, put_bundle)},
        {Method::post, "/v1/outbox", Action::send, BodyKind::batch, bind_handler(services, post_batch)},
        {Method::get, "/v1/outbox/{uuid}", Action::read_outbox, BodyKind::none, bind_handler(services, get_bundle)},
        {Method::get, "/v1/outbox", Action::read_outbox, BodyKind::none, bind_handler(services, list_bundles), true},
        {Method::delete_, "/v1/outbox/{uuid}", Action::withdraw, BodyKind::none, bind_handler(services, withdraw)},
    };
}

} // namespace relay::server::api
