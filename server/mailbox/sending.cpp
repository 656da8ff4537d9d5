#include "server/mailbox/sending.hpp"

#include "server/mailbox/chunk_upload.hpp"
#include "server/mailbox/refusal.hpp"

#include <algorithm>
#include <utility>

namespace relay::server::mailbox {

using protocol::Error;
using protocol::ErrorCode;

/// What of an upload is known so far; refusal events tell no more than this.
struct Sending::Judged {
    std::optional<protocol::BundleId> bundle_id;
    bool signature_good = false;
    protocol::Digest manifest_sha256;
    protocol::Manifest manifest;
    bool manifest_good = false;

    [[nodiscard]] RefusedFacts facts() const {
        RefusedFacts told;
        told.bundle_id = bundle_id;
        if (signature_good) {
            told.manifest_sha256 = manifest_sha256;
        }
        if (manifest_good) {
            told.sender = manifest.sender;
            told.recipient = manifest.recipient;
        }
        return told;
    }
};

/// An upload and what stages 3 to 6 say of it.
struct Sending::Examined {
    Party party;
    Upload upload;
    Judged judged;
    std::optional<Error> failure; ///< of stages 3 and 4
    std::optional<Error> refused; ///< of stages 5 and 6
    bool completes = false;       ///< its payload is a chunk of an upload that is there
};

namespace {

/// The manifest's form, and its bundle_id against the path's: one stage, all findings at once.
Result<protocol::Manifest> read_form(
    protocol::BytesView content,
    const std::optional<protocol::BundleId>& path_id,
    const protocol::ManifestLimits& limits
) {
    auto manifest = protocol::read_manifest(content, limits);
    const auto named = manifest ? std::optional(manifest->bundle_id) : protocol::peek_bundle_id(content);
    if (!path_id || !named || *named == *path_id) {
        return manifest;
    }
    if (!manifest && manifest.error().code != ErrorCode::invalid_manifest) {
        return manifest;
    }
    Error error = manifest ? Error(ErrorCode::invalid_manifest) : manifest.error();
    error.findings.push_back({"/bundle_id", "inconsistent", {}, {}});
    return error;
}

storage::AcceptItem make_item(const Party& party, protocol::Time now, const protocol::Manifest& manifest) {
    storage::AcceptItem item;
    item.attempt = new_attempt(party, now);
    item.bundle_id = manifest.bundle_id;
    // By time, so that the chunks' keys come in about their order and stay within few pages of the index.
    item.upload_id = protocol::UploadId{protocol::time_uuid(now.time_since_epoch().count())};
    item.sender = manifest.sender;
    item.recipient = manifest.recipient;
    item.created_at = manifest.created_at;
    item.payload_size = manifest.payload_size;
    item.chunk_size = manifest.chunk_size;
    item.files_json = protocol::files_to_json(manifest.files);
    item.cover = manifest.cover;
    item.chunk_digests = manifest.chunks;
    return item;
}

bool fits_inline(const Bytes& payload, std::int64_t payload_size, std::size_t chunks, std::int64_t inline_payload) {
    const auto given = static_cast<std::int64_t>(payload.size());
    return chunks == 1 && payload_size <= inline_payload && given <= inline_payload;
}

Error inline_too_large() {
    return Error(ErrorCode::too_large, std::vector<protocol::Finding>{{"/payload", "out_of_range", {}, {}}});
}

} // namespace

Sending::Sending(Parts parts, SendingSettings settings) : parts_(std::move(parts)), settings_(settings) {
}

Awaitable<SendAnswer> Sending::send(Party party, Upload upload) {
    auto examined = co_await examine(std::move(party), std::move(upload));
    co_return co_await decide(std::move(examined));
}

Awaitable<Sending::ExaminedUpload> Sending::examine(Party party, Upload upload) {
    auto examined = std::make_shared<Examined>(Examined{std::move(party), std::move(upload), {}, {}, {}, false});
    examined->judged.bundle_id = examined->upload.path_id;
    auto read = co_await read_word(examined->party, examined->upload, examined->judged);
    if (!read) {
        examined->failure = read.error();
        co_return examined;
    }
    examined->refused = co_await judge(examined->party, examined->upload, examined->judged);
    co_return examined;
}

Awaitable<SendAnswer> Sending::decide(ExaminedUpload examined) {
    auto result = co_await admit(*examined);
    // A chunk's refusal is told with the drop of its upload, or is none of the bundle's.
    if (!result && !examined->completes && is_refusal(result.error())) {
        auto facts = examined->judged.facts();
        const auto code = result.error().code;
        co_await record_refusal(parts_.events, examined->party, code, std::move(facts), parts_.clock());
    }
    SendAnswer answer{std::move(result), examined->judged.bundle_id};
    co_return answer;
}

Awaitable<Result<void>> Sending::read_word(const Party& party, const Upload& upload, Judged& judged) {
    // Stage 3: the signature over the bytes received, then the signer.
    auto word = co_await verify_word(parts_.verifier, upload.signed_manifest, party, parts_.directory, parts_.clock());
    if (!word) {
        co_return word.error();
    }
    judged.signature_good = true;
    judged.manifest_sha256 = protocol::Digest::of(word->content);

    // Stage 4: the manifest's form.
    auto manifest = read_form(word->content, upload.path_id, settings_.manifest);
    if (!judged.bundle_id) {
        judged.bundle_id = manifest ? std::optional(manifest->bundle_id) : protocol::peek_bundle_id(word->content);
    }
    if (!manifest) {
        co_return manifest.error();
    }
    judged.manifest = std::move(*manifest);
    judged.manifest_good = true;
    co_return Result<void>();
}

Awaitable<Result<Sent>> Sending::admit(Examined& examined) {
    auto& [party, upload, judged, failure, refused, completes] = examined;
    if (failure) {
        co_return std::move(*failure);
    }
    // Stages 5 and 6. A known bundle_id is answered before the rules, but it is looked up only when a rule fails:
    // where all hold, the commit itself tells whether the ID is new, and the look-up is saved.
    if (refused) {
        auto found = co_await parts_.bundles.find(judged.manifest.bundle_id, false);
        if (!found) {
            co_return found.error();
        }
        if (found->has_value()) {
            co_return co_await answer_known(examined, std::move(**found));
        }
        co_return std::move(*refused);
    }

    auto item = make_item(party, parts_.clock(), judged.manifest);
    item.manifest_sha256 = judged.manifest_sha256;
    item.signed_manifest = std::move(upload.signed_manifest);
    const bool is_whole = upload.payload.has_value();
    item.payload = std::exchange(upload.payload, std::nullopt);
    auto outcome = co_await parts_.bundles.accept(std::move(item));
    if (!outcome) {
        co_return outcome.error();
    }
    if (outcome->what == storage::AcceptOutcome::What::known) {
        upload.payload = std::move(outcome->payload);
        co_return co_await answer_known(examined, std::move(outcome->bundle));
    }
    Sent sent;
    sent.what = is_whole ? Sent::What::accepted : Sent::What::uploading;
    sent.bundle = std::move(outcome->bundle);
    co_return sent;
}

Awaitable<std::optional<Error>> Sending::judge(const Party& party, const Upload& upload, const Judged& judged) {
    const auto& manifest = judged.manifest;
    if (upload.payload &&
        !fits_inline(*upload.payload, manifest.payload_size, manifest.chunks.size(), settings_.inline_payload)) {
        co_return inline_too_large();
    }
    auto refused =
        check_rules(manifest, upload.payload, party.office, parts_.directory, settings_.rules, parts_.clock());
    if (refused && rests_on_accounts(*refused)) {
        co_await parts_.directory.refresh();
        refused =
            check_rules(manifest, upload.payload, party.office, parts_.directory, settings_.rules, parts_.clock());
    }
    co_return refused;
}

Awaitable<Result<Sent>> Sending::answer_known(Examined& examined, storage::BundleRecord known) {
    if (known.sender != examined.party.office || known.manifest_sha256 != examined.judged.manifest_sha256) {
        co_return Error(ErrorCode::bundle_id_reused);
    }
    Sent sent;
    if (known.state != protocol::BundleState::uploading) {
        sent.what = Sent::What::known;
        sent.bundle = std::move(known);
        co_return sent;
    }
    if (examined.upload.payload) {
        examined.completes = true;
        co_return co_await complete_inline(examined.party, examined.upload, std::move(known));
    }
    sent.what = Sent::What::uploading;
    sent.bundle = std::move(known);
    co_return sent;
}

Awaitable<Result<Sent>> Sending::complete_inline(const Party& party, Upload& upload, storage::BundleRecord known) {
    // The payload of a repeated call is the chunk call for chunk 0, with all its checks and refusals.
    const auto chunks = static_cast<std::size_t>(known.chunk_count);
    if (!fits_inline(*upload.payload, known.payload_size, chunks, settings_.inline_payload)) {
        co_return inline_too_large();
    }
    const auto size = static_cast<std::int64_t>(upload.payload->size());
    const auto bundle_id = known.bundle_id;
    auto chunk = co_await begin_chunk(party, bundle_id, 0, size);
    if (!chunk) {
        co_return chunk.error();
    }
    if (!(*chunk)->already_there()) {
        auto written = co_await (*chunk)->write(*upload.payload);
        if (!written) {
            co_return written.error();
        }
        auto finished = co_await (*chunk)->finish();
        if (!finished) {
            co_return finished.error();
        }
        if (finished->has_value()) {
            Sent sent;
            sent.what = Sent::What::accepted;
            sent.bundle = std::move(**finished);
            co_return sent;
        }
    }
    auto now = co_await parts_.bundles.find(bundle_id, false);
    if (!now) {
        co_return now.error();
    }
    if (!now->has_value()) {
        co_return protocol::errors::unavailable("the upload was dropped while it was completed");
    }
    Sent sent;
    sent.what = Sent::What::known;
    sent.bundle = std::move(**now);
    co_return sent;
}

Awaitable<Result<std::unique_ptr<ChunkUpload>>>
Sending::begin_chunk(Party party, protocol::BundleId bundle_id, int n, std::int64_t size) {
    auto found = co_await parts_.bundles.find(bundle_id, false);
    if (!found) {
        co_return found.error();
    }
    if (!found->has_value() || (*found)->sender != party.office || n >= (*found)->chunk_count) {
        co_return protocol::errors::not_found("no such chunk of an own bundle");
    }
    auto& bundle = **found;
    if (bundle.state != protocol::BundleState::uploading || !std::ranges::binary_search(bundle.missing_chunks, n)) {
        co_return chunk_already_there();
    }
    const auto wanted = std::min(bundle.chunk_size, bundle.payload_size - n * bundle.chunk_size);
    if (size > wanted) {
        co_return Error(ErrorCode::too_large, "more bytes than the chunk has");
    }
    if (size < wanted) {
        co_return Error(ErrorCode::chunk_digest_mismatch, "fewer bytes than the chunk has");
    }
    ChunkPlan plan;
    plan.party = std::move(party);
    plan.n = n;
    plan.size = wanted;
    plan.sha256 = bundle.chunk_digests.at(static_cast<std::size_t>(n));
    // Payloads that may come inline live in the database, whichever way they came.
    plan.in_database = bundle.payload_size <= settings_.inline_payload;
    plan.bundle = std::move(bundle);
    co_return co_await open_chunk(parts_, std::move(plan));
}

Awaitable<Result<std::optional<storage::BundleRecord>>> Sending::withdraw(Party party, protocol::BundleId bundle_id) {
    auto attempt = new_attempt(party, parts_.clock());
    co_return co_await parts_.bundles.withdraw(bundle_id, party.office, std::move(attempt));
}

} // namespace relay::server::mailbox
