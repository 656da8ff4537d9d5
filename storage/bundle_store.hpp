// What is kept of bundles: acceptance, chunks, claims, coverage, receipts, withdrawal, lists.
// Implemented by storage/postgres/pg_bundle_store; every method may be called from any io_context and completes there.
// Every method may end in `unavailable` (nothing kept) or `internal` (outcome unknown); further errors are named.
#pragma once

#include "protocol/bundle_state.hpp"
#include "protocol/bytes.hpp"
#include "protocol/delivery_event.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"
#include "storage/awaitable.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace relay::storage {

using protocol::BundleId;
using protocol::BundleState;
using protocol::Bytes;
using protocol::ClaimId;
using protocol::Digest;
using protocol::EventId;
using protocol::OfficeNumber;
using protocol::Result;
using protocol::Time;
using protocol::UploadId;

/// A bundle's row and what of its manifest answers need. Absent members do not apply.
struct BundleRecord {
    BundleId bundle_id;
    UploadId upload_id;
    OfficeNumber sender, recipient;
    BundleState state = BundleState::uploading;
    Digest manifest_sha256;
    Time created_at; ///< the manifest's
    std::optional<Time> accepted_at, expires_at, claimed_at, fetched_at, rejected_at, withdrawn_at, expired_at;
    std::optional<ClaimId> claim_id; ///< never shown while the claim lasts
    std::optional<Time> last_call_at;
    bool every_byte_sent = false;
    std::optional<std::string> confirmation; ///< "receipt" or "none"
    std::optional<protocol::Outcome> receipt_outcome;
    std::optional<std::string> reason; ///< of a rejection
    std::int64_t payload_size = 0, chunk_size = 0;
    int chunk_count = 0;
    std::string files_json; ///< the JSON array as answers show it
    std::optional<Bytes> cover;
    std::int64_t in_place = 0, out_place = 0; ///< positions in the two mailboxes; cursors and ETags use these
    std::vector<int> missing_chunks;          ///< ascending, while uploading

    // Only where a method says so:
    std::vector<Digest> chunk_digests;
    Bytes signed_manifest;
    Bytes signed_receipt;

    [[nodiscard]] protocol::LifeFacts facts() const;
};

/// Who acts and under which event ID: each attempt carries its own, so that an attempt is recognised after a doubtful
/// commit.
struct Attempt {
    EventId event_id;
    protocol::Actor actor;
};

struct AcceptItem {
    Attempt attempt;
    BundleId bundle_id;
    UploadId upload_id; ///< made up for this attempt
    OfficeNumber sender, recipient;
    Digest manifest_sha256;
    Time created_at;
    std::int64_t payload_size = 0, chunk_size = 0;
    std::string files_json;
    std::optional<Bytes> cover;
    std::vector<Digest> chunk_digests;
    Bytes signed_manifest;
    std::optional<Bytes> payload; ///< inline: published in the same commit; else reserved (`uploading`)
};

struct AcceptOutcome {
    enum class What : std::uint8_t { created, known };
    What what = What::created;
    BundleRecord
        bundle; ///< as it is now; of `known` the caller compares sender and manifest_sha256. With chunk_digests.
    std::optional<Bytes> payload; ///< of `known`: the item's, given back
};

struct ChunkItem {
    Attempt attempt;
    BundleId bundle_id;
    UploadId upload_id;
    int n = 0;
    std::int64_t size = 0;
    Digest sha256;
    std::optional<Bytes> bytes;            ///< small ones live in the database
    std::optional<std::string> object_key; ///< large ones: fsynced in the payload store, announced before
};

struct ChunkOutcome {
    bool completed = false; ///< this very call published the bundle (201)
    BundleRecord bundle;    ///< as it is now
};

struct ClaimItem {
    Attempt attempt;
    BundleId bundle_id;
    ClaimId claim_id;
    OfficeNumber recipient;        ///< the session's office
    std::int64_t inline_limit = 0; ///< give the payload where it is one chunk of at most this many bytes
};

struct ClaimOutcome {
    BundleRecord bundle; ///< with signed_manifest, when the claim is held
    std::optional<Bytes> payload;
};

/// Bytes [first, second) of the whole payload that were written to a connection under a claim.
using SentRange = std::pair<std::int64_t, std::int64_t>;

struct CoverageItem {
    Attempt attempt; ///< of bundle_sent, should these be the last bytes
    BundleId bundle_id;
    ClaimId claim_id;
    std::vector<SentRange> ranges; ///< empty: only keeps the claim alive
};

struct ReceiptItem {
    Attempt attempt;
    EventId sent_event_id; ///< of bundle_sent, should `ranges` be the last bytes
    BundleId bundle_id;
    ClaimId claim_id;
    OfficeNumber recipient;
    protocol::Outcome outcome = protocol::Outcome::stored;
    std::optional<std::string> reason;
    Digest manifest_sha256; ///< must be the bundle's, else bad_receipt
    Bytes signed_receipt;
    Digest receipt_sha256;         ///< of the signed receipt's bytes
    std::vector<SentRange> ranges; ///< coverage that shares this commit
};

/// What a chunk read needs to know, and where the bytes are.
struct ChunkSource {
    std::int64_t size = 0;   ///< of the chunk
    std::int64_t offset = 0; ///< of the chunk in the whole payload
    Digest sha256;
    std::optional<Bytes> bytes;
    std::optional<std::string> object_key;
    OfficeNumber sender;
};

struct ListPage {
    std::vector<BundleRecord> bundles; ///< without chunk_digests, signed_manifest, signed_receipt
    bool more = false;
};

struct OutboxQuery {
    OfficeNumber sender;
    std::optional<BundleState> state;
    std::optional<Time> from, to;       ///< of accepted_at, [from, to)
    std::optional<std::int64_t> before; ///< out_place of the last one shown
    int limit = 100;
};

struct InboxQuery {
    OfficeNumber recipient;
    std::optional<BundleState> state;  ///< nothing: all
    std::optional<std::int64_t> after; ///< in_place of the last one shown
    int limit = 100;
};

class BundleStore {
public:
    virtual ~BundleStore() = default;

    /// Error: quota_exceeded (a reservation beyond limits.outstanding_upload_bytes of the sender).
    [[nodiscard]] virtual Awaitable<Result<AcceptOutcome>> accept(AcceptItem item) = 0;
    /// Announces an object before its first byte is written. Committed when it returns.
    [[nodiscard]] virtual Awaitable<Result<void>> announce_object(std::string key) = 0;
    /// Error: not_found (no such upload of this attempt any more, or the object's announcement was doomed: judge anew).
    [[nodiscard]] virtual Awaitable<Result<ChunkOutcome>> put_chunk(ChunkItem item) = 0;
    /// Errors of protocol::judge_claim.
    [[nodiscard]] virtual Awaitable<Result<ClaimOutcome>> claim(ClaimItem item) = 0;
    /// Keeps the claim and adds what was sent; a claim that ended meanwhile is no error.
    [[nodiscard]] virtual Awaitable<Result<void>> cover(CoverageItem item) = 0;
    /// Errors of protocol::judge_receipt; bad_receipt where the digest is not the manifest's. The record is
    /// without signed_receipt.
    [[nodiscard]] virtual Awaitable<Result<BundleRecord>> receive_receipt(ReceiptItem item) = 0;
    /// Drops an unfinished upload whose payload was refused, and keeps the refusal's event with it. False, and no
    /// event: it is no unfinished upload any more. Another upload under the same ID is left alone.
    [[nodiscard]] virtual Awaitable<Result<bool>>
    drop_upload(BundleId bundle_id, UploadId upload_id, protocol::DeliveryEvent refusal) = 0;
    /// Settles what is due, then withdraws. `uploading` is dropped: outcome is nothing. Errors of judge_withdrawal.
    [[nodiscard]] virtual Awaitable<Result<std::optional<BundleRecord>>>
    withdraw(BundleId bundle_id, OfficeNumber sender, Attempt attempt) = 0;

    /// Settles what is due for it, then tells where chunk n is. Errors: not_found, and those of judge_read; not_found
    /// for n out of range.
    [[nodiscard]] virtual Awaitable<Result<ChunkSource>>
    locate_chunk(BundleId bundle_id, int n, ClaimId claim_id, OfficeNumber recipient) = 0;
    /// By ID, whoever asks; nothing when unknown. Writes nothing. With chunk_digests; signed_manifest and
    /// signed_receipt where asked.
    [[nodiscard]] virtual Awaitable<Result<std::optional<BundleRecord>>> find(BundleId bundle_id, bool with_signed) = 0;
    [[nodiscard]] virtual Awaitable<Result<ListPage>> list_outbox(OutboxQuery query) = 0;
    [[nodiscard]] virtual Awaitable<Result<ListPage>> list_inbox(InboxQuery query) = 0;

    // For the janitor:
    /// Lapses, expiries and drops that are due, at most `limit` bundles; how many were changed.
    [[nodiscard]] virtual Awaitable<Result<int>> settle_due(int limit) = 0;
    /// Doomed objects to delete now, at most `limit`; each call takes others, as long as there are any. Dooms announced
    /// ones older than `unfinished` in a commit of its own first.
    [[nodiscard]] virtual Awaitable<Result<std::vector<std::string>>>
    doomed_objects(protocol::Duration unfinished, int limit) = 0;
    /// These objects are gone: forgets them and writes payload_destroyed where one was a bundle's last.
    [[nodiscard]] virtual Awaitable<Result<void>> forget_objects(std::vector<std::string> keys) = 0;
    /// Sessions ended or run out 30 days ago and the like; bounded work.
    [[nodiscard]] virtual Awaitable<Result<void>> sweep_old_sessions() = 0;
};

} // namespace relay::storage
