#include "client/sending.hpp"

#include "client/chunk_workers.hpp"
#include "client/progress.hpp"
#include "client/words.hpp"
#include "protocol/bytes.hpp"

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace relay::client {
namespace {

constexpr int most_rounds = 4;

std::vector<std::size_t> missing_chunks(const Json& bundle, std::size_t count) {
    std::vector<std::size_t> missing;
    for (const auto& number : member_of(bundle, "missing_chunks")) {
        const auto value = number.is_number_unsigned() ? number.get<std::uint64_t>() : count;
        if (value < count) {
            missing.push_back(static_cast<std::size_t>(value));
        }
    }
    return missing;
}

/// The accepted bundle when this chunk completed it, null when more are to come.
Outcome<Json>
send_chunk(Session& session, HttpClient& http, const PackedBundle& bundle, const File& payload, std::size_t n) {
    Request request;
    request.method = "PUT";
    request.path = "/v1/outbox/" + bundle.manifest.bundle_id.str() + "/chunks/" + std::to_string(n);
    request.headers = {"Content-Type: application/octet-stream"};
    request.upload.file = &payload;
    request.upload.offset = static_cast<std::uint64_t>(bundle.manifest.chunk_size) * n;
    request.upload.size = static_cast<std::uint64_t>(bundle.manifest.size_of_chunk(n));
    const auto response = session.send_over(http, std::move(request));
    if (!response) {
        return response.error();
    }
    return response->status == 201 ? Json::parse(response->body, nullptr, false) : Json();
}

/// One round over what is missing, several at once. Null when the bundle is not complete after it.
Outcome<Json> send_missing(
    Session& session,
    const PackedBundle& bundle,
    const File& payload,
    const std::vector<std::size_t>& missing,
    Progress& progress
) {
    std::mutex mutex;
    Json accepted;
    const auto done = for_each_chunk(session, missing, [&](HttpClient& http, std::size_t n) -> Outcome<void> {
        auto sent = send_chunk(session, http, bundle, payload, n);
        if (!sent) {
            return sent.error();
        }
        progress.add(static_cast<std::uint64_t>(bundle.manifest.size_of_chunk(n)));
        if (!sent->is_null()) {
            const std::lock_guard lock(mutex);
            accepted = *std::move(sent);
        }
        return {};
    });
    if (!accepted.is_null()) {
        return accepted;
    }
    return done ? Outcome<Json>(Json()) : Outcome<Json>(done.error());
}

/// What an earlier run has brought.
std::uint64_t bytes_there(const protocol::Manifest& manifest, const std::vector<std::size_t>& missing) {
    auto bytes = manifest.payload_size;
    for (const auto n : missing) {
        bytes -= manifest.size_of_chunk(n);
    }
    return static_cast<std::uint64_t>(bytes);
}

/// The bundle, unless it has_ended().
Outcome<Json> unless_ended(Json bundle) {
    if (!has_ended(bundle)) {
        return bundle;
    }
    const auto state = text_at(bundle, "state");
    Failure failure;
    failure.code = state;
    failure.status = 410;
    failure.text = words(
        "bundle {0} was sent before, and is now {1}",
        "{0} は前に送信されていて、今の状態は {1} です",
        {text_at(bundle, "bundle_id"), state}
    );
    return failure;
}

/// A line that broke, or a chunk that arrived damaged: what is missing is asked for again.
bool may_go_on(const Failure& failure) {
    return failure.code == "unreachable" || failure.code == "chunk_digest_mismatch" || failure.code == "timeout";
}

} // namespace

bool has_ended(const Json& bundle) {
    const auto state = text_at(bundle, "state");
    return state == "withdrawn" || state == "rejected" || state == "expired";
}

bool fits_inline(const PackedBundle& bundle, const Limits& limits) noexcept {
    return bundle.manifest.chunks.size() == 1 && bundle.manifest.payload_size <= limits.inline_payload;
}

Outcome<Json> describe_upload(const PackedBundle& bundle, const Limits& limits) {
    Json body{{"signed_manifest", protocol::to_base64(bundle.signed_manifest)}};
    if (fits_inline(bundle, limits)) {
        const auto payload = read_whole(bundle.payload, static_cast<std::size_t>(limits.inline_payload));
        if (!payload) {
            return payload.error();
        }
        body["payload"] = protocol::to_base64(protocol::as_bytes(*payload));
    }
    return body;
}

Outcome<Json> send_bundle(Session& session, const PackedBundle& bundle) {
    const auto body = describe_upload(bundle, session.limits());
    if (!body) {
        return body.error();
    }
    auto payload = File::open_to_read(bundle.payload);
    if (!payload) {
        return payload.error();
    }
    Progress progress("sending", static_cast<std::uint64_t>(bundle.manifest.payload_size));
    for (int round = 1;; ++round) {
        auto reply = session.call("PUT", "/v1/outbox/" + bundle.manifest.bundle_id.str(), *body);
        if (!reply) {
            return reply.error();
        }
        if (reply->status != 202) {
            return unless_ended(std::move(reply->body));
        }
        const auto missing = missing_chunks(reply->body, bundle.manifest.chunks.size());
        if (round == 1) {
            progress.add(bytes_there(bundle.manifest, missing));
        }
        auto sent = send_missing(session, bundle, *payload, missing, progress);
        if (sent && !sent->is_null()) {
            return sent;
        }
        const bool go_on = sent || may_go_on(sent.error());
        if (!go_on || round == most_rounds) {
            return sent ? Outcome<Json>(local_failure(words(
                              "the relay does not take the last chunks: try again later",
                              "データの残りを送信できません。しばらく待ってから、もう一度実行してください"
                          )))
                        : sent;
        }
    }
}

Outcome<Json> send_bundle_again(Session& session, const PackedBundle& bundle) {
    auto sent = send_bundle(session, bundle);
    if (sent || !is_final(sent.error())) {
        return sent;
    }
    auto accepted = find_accepted(session, bundle.manifest.bundle_id);
    if (!accepted) {
        return accepted.error();
    }
    return *accepted ? unless_ended(**std::move(accepted)) : std::move(sent);
}

bool is_final(const Failure& failure) noexcept {
    return failure.status >= 400 && failure.status < 500 && failure.status != 401 && failure.status != 403 &&
           failure.status != 408 && failure.status != 429;
}

Outcome<std::optional<Json>> find_accepted(Session& session, const protocol::BundleId& bundle_id) {
    auto reply = session.call("GET", "/v1/outbox/" + bundle_id.str());
    if (!reply) {
        return reply.error().status == 404 ? Outcome<std::optional<Json>>(std::nullopt) : reply.error();
    }
    return text_at(reply->body, "state") == "uploading" ? std::nullopt : std::optional(std::move(reply->body));
}

} // namespace relay::client
