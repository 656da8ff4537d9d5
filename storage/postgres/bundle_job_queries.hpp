// SQL of reads, withdrawal and the janitor's work on bundles: jobs of the executor.
#pragma once

#include "storage/postgres/bundle_queries.hpp"
#include "storage/postgres/bundle_queries_common.hpp"
#include "storage/postgres/query.hpp"

#include <array>

namespace relay::storage::postgres::bundle_queries {

// $1 bundle_id, $2 whether with the signed manifest and receipt. Primary keys.
inline constexpr Query find_bundle{"find_bundle", "SELECT " RELAY_BUNDLE_COLUMNS(RELAY_MS) R"(,
    m.files, m.cover, m.chunk_digests, CASE WHEN $2::boolean THEN m.signed_manifest END,
    CASE WHEN $2::boolean THEN c.signed_receipt END
FROM bundles b )" RELAY_BUNDLE_JOINS " WHERE b.bundle_id = $1::uuid"};

// $1 bundle_id, $2 n, $3 claim_id. Bytes leave the database only under the claim.
inline constexpr Query find_chunk{"find_chunk", "SELECT " RELAY_BUNDLE_COLUMNS(RELAY_MS) R"(,
    NULL::text, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea,
    coalesce(b.due_at <= date_trunc('milliseconds', clock_timestamp()), false),
    substring(m.chunk_digests FROM $2::int * 32 + 1 FOR 32), k.size, k.object_key,
    CASE WHEN b.state = 'claimed' AND b.claim_id = $3::uuid THEN k.bytes END
FROM bundles b )" RELAY_BUNDLE_JOINS R"(
LEFT JOIN payload_chunks k ON k.upload_id = b.upload_id AND k.n = $2::int
WHERE b.bundle_id = $1::uuid)"};

// $1 recipient, $2 in_place of the last one shown, $3 limit. Index bundles_inbox.
inline constexpr Query list_inbox{
    "list_inbox",
    "SELECT " RELAY_BUNDLE_COLUMNS(RELAY_MS) R"(,
    m.files, m.cover, NULL::bytea, NULL::bytea, NULL::bytea
FROM (SELECT * FROM bundles WHERE recipient = $1 AND in_place > $2::bigint ORDER BY in_place LIMIT $3::int) b )" RELAY_BUNDLE_JOINS
                                             " ORDER BY b.in_place"};

// What waits in many inboxes at once, one element each: $1 recipient, $2 in_place of the last one shown, $3 limit, $4
// the look's number, which comes last. Index bundles_inbox_state.
inline constexpr Query list_waiting{"list_waiting", "SELECT " RELAY_OPEN_BUNDLE_COLUMNS R"(,
    m.files, m.cover, NULL::bytea, NULL::bytea, NULL::bytea, i.nth
FROM (SELECT unnest($1::text[]) AS recipient, unnest($2::bigint[]) AS after, unnest($3::int[]) AS most,
             unnest($4::int[]) AS nth) i
CROSS JOIN LATERAL (SELECT * FROM bundles w WHERE w.recipient = i.recipient AND w.state = 'waiting'
                    AND w.in_place > i.after ORDER BY w.in_place LIMIT i.most) b
LEFT JOIN bundle_manifests m ON m.bundle_id = b.bundle_id)"};

// As list_inbox, $4 state. Index bundles_inbox_state.
inline constexpr Query list_inbox_state{"list_inbox_state", "SELECT " RELAY_BUNDLE_COLUMNS(RELAY_MS) R"(,
    m.files, m.cover, NULL::bytea, NULL::bytea, NULL::bytea
FROM (SELECT * FROM bundles WHERE recipient = $1 AND state = $4 AND in_place > $2::bigint
      ORDER BY in_place LIMIT $3::int) b )" RELAY_BUNDLE_JOINS " ORDER BY b.in_place"};

// $1 sender, $2 out_place of the last one shown, $3 limit, $4 state or null, $5 and $6 ms of accepted_at or null.
// Index bundles_outbox.
inline constexpr Query list_outbox{"list_outbox", "SELECT " RELAY_BUNDLE_COLUMNS(RELAY_MS) R"(,
    m.files, m.cover, NULL::bytea, NULL::bytea, NULL::bytea
FROM (SELECT * FROM bundles WHERE sender = $1 AND out_place < $2::bigint AND ($4::text IS NULL OR state = $4::text)
      AND ($5::bigint IS NULL OR accepted_at >= to_timestamp(0) + $5::bigint * interval '1 ms')
      AND ($6::bigint IS NULL OR accepted_at < to_timestamp(0) + $6::bigint * interval '1 ms')
      ORDER BY out_place DESC LIMIT $3::int) b )" RELAY_BUNDLE_JOINS " ORDER BY b.out_place DESC"};

// Rare writes ------------------------------------------------------------------------------------------------------

// A drop is a settlement whose time has come. $1 bundle_id, locked, $2 sender or null, $3 upload_id or null.
inline constexpr Query drop_upload{"drop_upload", R"(
UPDATE bundles SET due_at = reserved_at WHERE bundle_id = $1::uuid AND state = 'uploading'
  AND ($2::text IS NULL OR sender = $2::text) AND ($3::uuid IS NULL OR upload_id = $3::uuid))"};

// $1 bundle_id, locked and settled, $2 sender, $3 event_id, $4 and $5 actor (the certificate as hex).
inline constexpr Query withdraw_bundle{"withdraw_bundle", "WITH " RELAY_MOMENT R"(,
withdrawn AS (
    UPDATE bundles SET state = 'withdrawn', withdrawn_at = t, due_at = NULL FROM moment
    WHERE bundle_id = $1::uuid AND sender = $2 AND state = 'waiting'
    RETURNING bundle_id, sender, recipient, manifest_sha256, withdrawn_at)
INSERT INTO events (event_id, type, at, actor_user, actor_certificate, bundle_id, sender, recipient, manifest_sha256)
SELECT $3::uuid, 'bundle_withdrawn', withdrawn_at, $4::text, decode($5::text, 'hex'), bundle_id, sender, recipient, manifest_sha256
FROM withdrawn)"};

// Drops, expiries and lapses that are due, and what they destroy. $1 bundle_ids, locked.
inline constexpr Query settle_bundles{"settle_bundles", "SELECT settle_bundles($1::uuid[])"};

// Bundles whose place in an inbox's page changed: written by this transaction, except where only a claim's calls were
// noted. A plus tells that something arrived (storage/mailbox_change). $1 bundle_ids.
inline constexpr Query notify_mailboxes{"notify_mailboxes", R"(
SELECT pg_notify('relay_mailbox', d.offices) FROM (
    SELECT string_agg(DISTINCT recipient || CASE state WHEN 'waiting' THEN '+' ELSE '' END, ',') AS offices FROM bundles
    WHERE bundle_id = ANY($1::uuid[]) AND in_place IS NOT NULL AND xmin = pg_current_xact_id_if_assigned()::xid
      AND (state <> 'claimed' OR last_call_at = claimed_at)) d
WHERE d.offices IS NOT NULL)"};

// Payloads of bundles that a withdrawal brought to their end. $1 bundle_ids, locked.
inline constexpr Query destroy_payloads{"destroy_payloads", "SELECT destroy_payloads($1::uuid[])"};

// Whose turn it is; what others hold is theirs to settle. $1 limit. Index bundles_due.
inline constexpr Query lock_due{"lock_due", R"(
SELECT bundle_id FROM bundles WHERE due_at <= now() ORDER BY due_at LIMIT $1::int FOR UPDATE SKIP LOCKED)"};

// $1 key.
inline constexpr Query announce_object{"announce_object", R"(
INSERT INTO pending_objects (key, at) VALUES ($1, clock_timestamp()) ON CONFLICT (key) DO NOTHING)"};

// $1 ms that an object may take, $2 limit. Index pending_objects_at.
inline constexpr Query doom_unfinished{"doom_unfinished", R"(
UPDATE pending_objects SET doomed = true WHERE key = ANY(ARRAY(
    SELECT key FROM pending_objects WHERE NOT doomed AND at < now() - $1::bigint * interval '1 ms'
    ORDER BY at LIMIT $2::int FOR UPDATE SKIP LOCKED)))"};

// Puts what it takes behind the others, so that objects that cannot be removed hold nobody up, and several processes
// take different ones. $1 limit. Index pending_objects_at.
inline constexpr Query take_doomed{"take_doomed", R"(
UPDATE pending_objects SET at = clock_timestamp() WHERE key = ANY(ARRAY(
    SELECT key FROM pending_objects WHERE doomed ORDER BY at LIMIT $1::int FOR UPDATE SKIP LOCKED)) RETURNING key)"};

// The rows' locks put two processes that forget objects of one bundle into an order. $1 keys.
inline constexpr Query lock_bundles_of_objects{"lock_bundles_of_objects", R"(
SELECT bundle_id FROM bundles WHERE bundle_id = ANY(ARRAY(
    SELECT bundle_id FROM pending_objects WHERE key = ANY($1::text[]) AND bundle_id IS NOT NULL))
ORDER BY bundle_id FOR UPDATE)"};

// $1 keys. A bundle_id comes once per object.
inline constexpr Query forget_objects{"forget_objects", R"(
DELETE FROM pending_objects WHERE key = ANY($1::text[]) AND doomed RETURNING bundle_id)"};

// $1 bundle_ids that lost objects in this transaction. Index pending_objects_bundle.
inline constexpr Query tell_destroyed{"tell_destroyed", "WITH " RELAY_MOMENT R"(
INSERT INTO events (event_id, type, at, bundle_id, sender, recipient, manifest_sha256)
SELECT relay_uuid7(t), 'payload_destroyed', t, b.bundle_id, b.sender, b.recipient, b.manifest_sha256
FROM bundles b, moment WHERE b.bundle_id = ANY($1::uuid[])
  AND NOT EXISTS (SELECT FROM pending_objects p WHERE p.bundle_id = b.bundle_id)
ORDER BY b.bundle_id)"};

// A token is known as expired for 30 days. Index sessions_expires_at.
inline constexpr Query sweep_sessions{"sweep_sessions", R"(
DELETE FROM sessions WHERE token_sha256 = ANY(ARRAY(
    SELECT token_sha256 FROM sessions WHERE expires_at < now() - interval '30 days' ORDER BY expires_at LIMIT 5000)))"};

inline constexpr std::array job_queries{
    find_bundle,      find_chunk,     list_inbox,      list_inbox_state, list_outbox,    drop_upload,
    withdraw_bundle,  lock_due,       announce_object, doom_unfinished,  take_doomed,    lock_bundles_of_objects,
    forget_objects,   tell_destroyed, sweep_sessions,  lock_bundles,     settle_bundles, destroy_payloads,
    notify_mailboxes,
};

} // namespace relay::storage::postgres::bundle_queries
