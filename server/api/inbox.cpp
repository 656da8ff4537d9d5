// The inbox: single bundles, claims and receipts, single and in batches (protocol.md §6).
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/problem.hpp"
#include "server/api/bundle_json.hpp"
#include "server/api/lasting_call.hpp"
#include "server/api/parameters.hpp"
#include "server/api/services.hpp"

#include <boost/asio/this_coro.hpp>

namespace relay::server::api {

using protocol::append_json_member;
using protocol::append_json_name;
using protocol::Error;

namespace {

constexpr std::int64_t max_batch_payload = 16LL << 20;
constexpr std::int64_t claim_memory = 64LL << 10; ///< of one in a batch, while their answer is made

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
    const bool with_payload = claimed->payload.has_value();
    claimed->payload.reset();
    const Executor executor = co_await boost::asio::this_coro::executor;
    const std::vector<HeldClaim> held{{claimed->bundle.bundle_id, claim_id}};
    const auto call = std::make_shared<LastingCall>(services, executor, party, held);
    response.on_written =
        [&services, party, bundle = std::move(claimed->bundle), claim_id, with_payload, call](bool whole) {
            if (whole && with_payload) {
                services.receiving.payload_sent(party, bundle, claim_id);
            }
        };
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

std::vector<HeldClaim> claims_held(const std::vector<ClaimEntry>& entries) {
    std::vector<HeldClaim> held;
    for (const auto& entry : entries) {
        if (*entry.answer) {
            held.push_back({entry.bundle_id, entry.claim_id});
        }
    }
    return held;
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
    // Before anything is claimed; what the payloads really take is counted with the answer.
    const auto wanted = static_cast<std::int64_t>(entries->size()) * claim_memory;
    const auto memory = co_await services.memory.take(wanted, request.caller->user_id.str());
    if (!memory) {
        co_return memory.error();
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
            if (claimed.payload && !entry.with_payload && !claimed.bundle.every_byte_sent) {
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
    const Executor executor = co_await boost::asio::this_coro::executor;
    const auto call = std::make_shared<LastingCall>(services, executor, party, claims_held(*entries));
    response.on_written = [&services, party, entries, call](bool whole) {
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
        {Method::get, "/v1/inbox/{uuid}", Action::read_inbox, BodyKind::none, bind_handler(services, get_bundle)},
        {Method::post, "/v1/inbox/{uuid}/claim", Action::claim, BodyKind::json, bind_handler(services, claim)},
        {Method::post, "/v1/inbox/{uuid}/receipt", Action::receipt, BodyKind::json, bind_handler(services, receipt)},
        {Method::post, "/v1/inbox/claims", Action::claim, BodyKind::batch, bind_handler(services, claim_batch)},
        {Method::post, "/v1/inbox/receipts", Action::receipt, BodyKind::batch, bind_handler(services, receipt_batch)},
    };
}

} // namespace relay::server::api
