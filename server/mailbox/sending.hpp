// Sending (protocol.md §4, §5): from a signed manifest to an accepted bundle, in one call or chunk by chunk.
#pragma once

#include "protocol/error.hpp"
#include "protocol/manifest.hpp"
#include "server/mailbox/directory.hpp"
#include "server/mailbox/manifest_rules.hpp"
#include "server/mailbox/party.hpp"
#include "server/mailbox/signed_word.hpp"
#include "storage/bundle_store.hpp"
#include "storage/event_store.hpp"
#include "storage/payload_store.hpp"

#include <memory>
#include <optional>

namespace relay::server::mailbox {

using protocol::Bytes;
using protocol::Result;

struct SendingSettings {
    protocol::ManifestLimits manifest;
    RuleSettings rules;
    std::int64_t inline_payload = 262144;
};

struct Upload {
    std::optional<protocol::BundleId> path_id; ///< of PUT; a batch entry has none
    Bytes signed_manifest;
    std::optional<Bytes> payload;
};

struct Sent {
    enum class What : std::uint8_t { accepted, uploading, known }; ///< 201, 202, 200
    What what = What::known;
    storage::BundleRecord bundle;
};

struct SendAnswer {
    Result<Sent> result;
    std::optional<protocol::BundleId> bundle_id; ///< as far as the upload told one; for the results of a batch
};

/// Where the bytes of a chunk go: given piece by piece, then finished. Dropped unfinished, nothing is kept.
class ChunkUpload {
public:
    virtual ~ChunkUpload() = default;
    /// Not even the bytes are wanted: the chunk is there already (204).
    [[nodiscard]] virtual bool already_there() const noexcept = 0;
    [[nodiscard]] virtual Awaitable<Result<void>> write(protocol::BytesView piece) = 0;
    /// The bundle when this call completed it (201), nothing otherwise (204). Errors: chunk_digest_mismatch,
    /// not_encrypted_for_recipient (chunk 0; the upload is dropped), not_found, unavailable.
    [[nodiscard]] virtual Awaitable<Result<std::optional<storage::BundleRecord>>> finish() = 0;
};

/// Thread-safe: holds no state of its own beside what it was given; every call stays on the caller's io_context.
class Sending {
public:
    struct Parts {
        storage::BundleStore& bundles;
        storage::EventStore& events;
        storage::PayloadStore& payloads;
        Directory& directory;
        protocol::cms::Verifier& verifier;
        Clock clock;
    };
    Sending(Parts parts, SendingSettings settings);

    /// Stages 3 to 7 of §4 and the commit. The answer is durable. Errors: every code of those stages, unavailable,
    /// internal.
    [[nodiscard]] Awaitable<SendAnswer> send(Party party, Upload upload);

    /// send() in two steps. What a bundle costs to check is in the first, which many threads may do for the entries of
    /// one batch; the second commits, and is begun in the entries' order: of two with one bundle_id the first counts.
    struct Examined;
    using ExaminedUpload = std::shared_ptr<Examined>;
    [[nodiscard]] Awaitable<ExaminedUpload> examine(Party party, Upload upload);
    [[nodiscard]] Awaitable<SendAnswer> decide(ExaminedUpload examined);

    /// Opens chunk `n` for writing. `size`: bytes announced. Errors: not_found, too_large, chunk_digest_mismatch (too
    /// few).
    [[nodiscard]] Awaitable<Result<std::unique_ptr<ChunkUpload>>>
    begin_chunk(Party party, protocol::BundleId bundle_id, int n, std::int64_t size);
    /// §5 DELETE: nothing when an upload was dropped (204), else the withdrawn bundle.
    [[nodiscard]] Awaitable<Result<std::optional<storage::BundleRecord>>>
    withdraw(Party party, protocol::BundleId bundle_id);

private:
    struct Judged;
    [[nodiscard]] Awaitable<Result<void>> read_word(const Party& party, const Upload& upload, Judged& judged);
    [[nodiscard]] Awaitable<Result<Sent>> admit(Examined& examined);
    [[nodiscard]] Awaitable<std::optional<protocol::Error>>
    judge(const Party& party, const Upload& upload, const Judged& judged);
    [[nodiscard]] Awaitable<Result<Sent>> answer_known(Examined& examined, storage::BundleRecord known);
    [[nodiscard]] Awaitable<Result<Sent>>
    complete_inline(const Party& party, Upload& upload, storage::BundleRecord known);

    Parts parts_;
    SendingSettings settings_;
};

} // namespace relay::server::mailbox
