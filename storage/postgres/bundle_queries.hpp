// SQL of commit groups, whose statements are pipelined into one transaction and take arrays with one element per item.
// Each that changes what an inbox shows tells its mailboxes, at most once a statement.
#pragma once

#include "storage/postgres/bundle_queries_common.hpp"
#include "storage/postgres/query.hpp"

#include <array>

namespace relay::storage::postgres::bundle_queries {

// One plan serves every group, made when the tables may still be small. So that it goes by the keys for good: an upload
// in progress is told by `in_place IS NULL` (bundles_uploading would be scanned whole), due_at and doomed stand in
// forms that no index offers, and a look-up is a scalar subquery (EXISTS may be answered by hashing a whole table).

// $1 bundle_ids. Primary key.
inline constexpr Query lock_bundles{
    "lock_bundles", "SELECT bundle_id FROM bundles WHERE bundle_id = ANY($1::uuid[]) ORDER BY bundle_id FOR UPDATE"};

// The same, and settles what is due. The clock is read when all locks are had; the function's statements see what is
// committed by then. A mailbox may hear of an arrival that was none. $1 bundle_ids. Primary key.
inline constexpr Query lock_and_settle{"lock_and_settle", R"(
SELECT settle_bundles($1::uuid[]), CASE WHEN d.offices IS NOT NULL THEN pg_notify('relay_mailbox', d.offices) END
FROM (SELECT min(b.due_at) AS due_at, string_agg(b.office, ',') AS offices
      FROM (SELECT due_at, CASE WHEN in_place IS NOT NULL THEN recipient || '+' END AS office
            FROM bundles WHERE bundle_id = ANY($1::uuid[]) ORDER BY bundle_id FOR UPDATE) b) d
WHERE d.due_at <= clock_timestamp())"};

// Before the bundles' places change, in one order. $1 offices of acceptances, $2 bundle_ids of chunks. Primary keys.
inline constexpr Query lock_mailboxes{"lock_mailboxes", R"(
SELECT office FROM mailboxes WHERE office = ANY(ARRAY(
    SELECT unnest($1::text[]) UNION SELECT recipient FROM bundles WHERE bundle_id = ANY($2::uuid[])))
ORDER BY office FOR UPDATE)"};

// $1 keys. Primary key.
inline constexpr Query lock_objects{
    "lock_objects",
    "SELECT key FROM pending_objects WHERE key = ANY($1::text[]) AND doomed IS NOT TRUE ORDER BY key FOR UPDATE"};

// $1 offices in their order, $2 places to take in their inboxes, $3 in their outboxes. Primary key. The rows are locked
// in that order: of the joins that pg_options.hpp leaves, one goes by the array and the other by the key.
inline constexpr Query take_places{"take_places", R"(
UPDATE mailboxes m SET last_in = m.last_in + d.ins, last_out = m.last_out + d.outs
FROM (SELECT unnest($1::text[]) AS office, unnest($2::bigint[]) AS ins, unnest($3::bigint[]) AS outs) d
WHERE m.office = d.office)"};

// Acceptances, one element per item: $1 bundle_id … $10 whole, $11 and $12 how far its places lie before the mailboxes'
// last ones, $13 bytes that earlier items of this group reserve for the sender, $14 files, $15 cover, $16
// chunk_digests, $17 signed_manifest, $18 payload or null, $19 event_id, $20 and $21 actor. $22 ms until expiry, $23 ms
// until an unfinished upload is dropped, $24 bytes a sender may have outstanding (bundles_uploading). Everything hangs
// on the row that was inserted: a group that runs again adds nothing.
inline constexpr Query insert_bundles{"insert_bundles", "WITH " RELAY_MOMENT R"(,
taken AS (
    INSERT INTO bundles (bundle_id, upload_id, sender, recipient, out_place, in_place, state, manifest_sha256,
                         payload_size, chunk_size, chunk_count, created_at, reserved_at, accepted_at, expires_at, due_at)
    SELECT i.bundle_id, i.upload_id, i.sender, i.recipient, o.last_out - i.out_back,
           CASE WHEN i.whole THEN p.last_in - i.in_back END, CASE WHEN i.whole THEN 'waiting' ELSE 'uploading' END,
           i.manifest_sha256, i.payload_size, i.chunk_size, i.chunk_count, i.created_at, t,
           CASE WHEN i.whole THEN t END, CASE WHEN i.whole THEN t + $22::bigint * interval '1 ms' END,
           t + CASE WHEN i.whole THEN $22::bigint ELSE $23::bigint END * interval '1 ms'
    FROM (SELECT unnest($1::uuid[]) AS bundle_id, unnest($2::uuid[]) AS upload_id, unnest($3::text[]) AS sender,
                 unnest($4::text[]) AS recipient, unnest($5::bytea[]) AS manifest_sha256,
                 unnest($6::timestamptz[]) AS created_at, unnest($7::bigint[]) AS payload_size,
                 unnest($8::bigint[]) AS chunk_size, unnest($9::int[]) AS chunk_count, unnest($10::boolean[]) AS whole,
                 unnest($11::bigint[]) AS in_back, unnest($12::bigint[]) AS out_back, unnest($13::bigint[]) AS ahead) i
    JOIN mailboxes o ON o.office = i.sender JOIN mailboxes p ON p.office = i.recipient CROSS JOIN moment
    WHERE i.whole OR i.payload_size + i.ahead <= $24::bigint - (
        SELECT coalesce(sum(u.payload_size), 0) FROM bundles u WHERE u.sender = i.sender AND u.state = 'uploading')
    ORDER BY i.bundle_id ON CONFLICT (bundle_id) DO NOTHING RETURNING *, array_position($1::uuid[], bundle_id) AS k),
manifests AS (
    INSERT INTO bundle_manifests (bundle_id, files, cover, chunk_digests, signed_manifest)
    SELECT bundle_id, ($14::text[])[k], ($15::bytea[])[k], ($16::bytea[])[k], ($17::bytea[])[k] FROM taken),
payloads AS (
    INSERT INTO payload_chunks (upload_id, n, size, bytes)
    SELECT upload_id, 0, payload_size, ($18::bytea[])[k] FROM taken WHERE in_place IS NOT NULL),
told AS (
    INSERT INTO events (event_id, type, at, actor_user, actor_certificate, bundle_id, sender, recipient, manifest_sha256)
    SELECT ($19::uuid[])[k], 'bundle_accepted', accepted_at, ($20::text[])[k], ($21::bytea[])[k], bundle_id, sender,
           recipient, manifest_sha256 FROM taken WHERE in_place IS NOT NULL)
SELECT )" RELAY_OPEN_BUNDLE_COLUMNS R"(,
    NULL::text, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, b.bundle_id, NULL::bytea,
    )" RELAY_NOTIFY("recipient || '+'", "taken WHERE in_place IS NOT NULL") R"(
FROM taken b)"};

// $1 bundle_id, $2 upload_id, $3 n, $4 size, $5 bytes or null, $6 object_key or null.
inline constexpr Query insert_chunks{"insert_chunks", R"(
WITH taken AS (
    INSERT INTO payload_chunks (upload_id, n, size, bytes, object_key)
    SELECT i.upload_id, i.n, i.size, i.bytes, i.object_key
    FROM (SELECT unnest($1::uuid[]) AS bundle_id, unnest($2::uuid[]) AS upload_id, unnest($3::int[]) AS n,
                 unnest($4::bigint[]) AS size, unnest($5::bytea[]) AS bytes, unnest($6::text[]) AS object_key) i
    JOIN bundles b ON b.bundle_id = i.bundle_id AND b.upload_id = i.upload_id AND b.in_place IS NULL
    WHERE i.n BETWEEN 0 AND b.chunk_count - 1 AND (i.object_key IS NULL OR (
        SELECT p.key FROM pending_objects p WHERE p.key = i.object_key AND p.doomed IS NOT TRUE) IS NOT NULL)
    ON CONFLICT (upload_id, n) DO NOTHING RETURNING object_key)
DELETE FROM pending_objects p USING taken WHERE p.key = taken.object_key)"};

// Objects of chunks that were not taken are of no use to anybody. $1 keys.
inline constexpr Query doom_untaken{
    "doom_untaken", "UPDATE pending_objects SET doomed = true WHERE key = ANY($1::text[]) AND doomed IS NOT TRUE"};

// A statement of its own, later than insert_chunks: whoever sees all chunks publishes. $1 bundle_id, $2 upload_id,
// $3 event_id, $4 and $5 actor, $6 ms until expiry.
inline constexpr Query publish_bundles{"publish_bundles", "WITH " RELAY_MOMENT R"(,
ready AS MATERIALIZED (
    SELECT b.bundle_id, b.recipient, i.event_id, i.actor_user, i.actor_certificate,
           row_number() OVER (PARTITION BY b.recipient ORDER BY b.bundle_id DESC) - 1 AS back
    FROM (SELECT unnest($1::uuid[]) AS bundle_id, unnest($2::uuid[]) AS upload_id, unnest($3::uuid[]) AS event_id,
                 unnest($4::text[]) AS actor_user, unnest($5::bytea[]) AS actor_certificate) i
    JOIN bundles b ON b.bundle_id = i.bundle_id AND b.upload_id = i.upload_id AND b.in_place IS NULL
    WHERE (SELECT count(*) FROM payload_chunks p WHERE p.upload_id = b.upload_id) = b.chunk_count),
places AS (
    UPDATE mailboxes m SET last_in = m.last_in + d.ins
    FROM (SELECT recipient, count(*) AS ins FROM ready GROUP BY recipient) d WHERE m.office = d.recipient
    RETURNING m.office, m.last_in),
published AS (
    UPDATE bundles b SET state = 'waiting', in_place = p.last_in - d.back, accepted_at = t,
        expires_at = t + $6::bigint * interval '1 ms', due_at = t + $6::bigint * interval '1 ms'
    FROM ready d JOIN places p ON p.office = d.recipient CROSS JOIN moment WHERE b.bundle_id = d.bundle_id
    RETURNING b.bundle_id, b.sender, b.recipient, b.manifest_sha256, b.accepted_at,
              d.event_id, d.actor_user, d.actor_certificate),
told AS (
    INSERT INTO events (event_id, type, at, actor_user, actor_certificate, bundle_id, sender, recipient, manifest_sha256)
    SELECT event_id, 'bundle_accepted', accepted_at, actor_user, actor_certificate, bundle_id, sender, recipient,
           manifest_sha256
    FROM published)
SELECT )" RELAY_NOTIFY("recipient || '+'", "published")};

// $1 bundle_id, $2 claim_id, $3 recipient, $4 event_id, $5 and $6 actor, $7 inline limit, $8 ms of the partial lapse,
// $9 of the sent one. A bundle that came after lock_and_settle is not locked: the row that is changed must still be the
// one that was judged.
inline constexpr Query claim_bundles{"claim_bundles", "WITH " RELAY_MOMENT R"(,
held AS (
    UPDATE bundles b SET state = 'claimed', claim_id = i.claim_id,
        claimed_at = CASE o.state WHEN 'waiting' THEN t ELSE o.claimed_at END,
        last_call_at = greatest(o.last_call_at, t),
        sent = CASE o.state WHEN 'waiting' THEN '{}' ELSE o.sent END,
        due_at = greatest(o.last_call_at, t)
                 + CASE WHEN o.sent_at IS NULL THEN $8::bigint ELSE $9::bigint END * interval '1 ms'
    FROM (SELECT unnest($1::uuid[]) AS bundle_id, unnest($2::uuid[]) AS claim_id, unnest($3::text[]) AS recipient,
                 unnest($7::bigint[]) AS inline_limit, unnest($4::uuid[]) AS event_id, unnest($5::text[]) AS actor_user,
                 unnest($6::bytea[]) AS actor_certificate) i
    JOIN bundles o ON o.bundle_id = i.bundle_id AND o.recipient = i.recipient CROSS JOIN moment
    WHERE b.bundle_id = o.bundle_id AND (o.state = 'claimed' AND o.claim_id = i.claim_id OR
          o.state = 'waiting' AND (
              SELECT l.claim_id FROM lapsed_claims l WHERE l.bundle_id = i.bundle_id AND l.claim_id = i.claim_id) IS NULL)
      AND b.state = o.state AND b.claim_id IS NOT DISTINCT FROM o.claim_id
    RETURNING o.state AS was, b.*, i.inline_limit, i.event_id, i.actor_user, i.actor_certificate),
told AS (
    INSERT INTO events (event_id, type, at, actor_user, actor_certificate, bundle_id, sender, recipient, manifest_sha256)
    SELECT event_id, 'bundle_claimed', claimed_at, actor_user, actor_certificate, bundle_id, sender, recipient,
           manifest_sha256
    FROM held WHERE was = 'waiting')
SELECT )" RELAY_OPEN_BUNDLE_COLUMNS R"(,
    m.files, m.cover, NULL::bytea, m.signed_manifest, NULL::bytea, b.bundle_id,
    CASE WHEN b.chunk_count = 1 AND b.payload_size <= b.inline_limit
        THEN (SELECT p.bytes FROM payload_chunks p WHERE p.upload_id = b.upload_id AND p.n = 0) END,
    )" RELAY_NOTIFY("recipient", "held WHERE was = 'waiting'") R"(
FROM held b
LEFT JOIN bundle_manifests m ON m.bundle_id = b.bundle_id)"};

// $1 bundle_id, $2 claim_id, $3 ranges, $4 event_id, $5 and $6 actor, $7 ms of the partial lapse, $8 of the sent one.
inline constexpr Query cover_bundles{"cover_bundles", "WITH " RELAY_MOMENT R"(,
covered AS (
    UPDATE bundles b SET sent = d.sent, sent_at = coalesce(d.sent_at, CASE WHEN d.complete THEN t END),
        last_call_at = greatest(b.last_call_at, t),
        due_at = greatest(b.last_call_at, t) + CASE WHEN d.complete THEN $8::bigint ELSE $7::bigint END * interval '1 ms'
    FROM (SELECT i.*, o.sent_at, o.sent + i.ranges AS sent,
                 o.sent_at IS NOT NULL OR o.sent + i.ranges @> int8range(0, o.payload_size) AS complete
          FROM (SELECT unnest($1::uuid[]) AS bundle_id, unnest($2::uuid[]) AS claim_id,
                       unnest($3::int8multirange[]) AS ranges, unnest($4::uuid[]) AS event_id,
                       unnest($5::text[]) AS actor_user, unnest($6::bytea[]) AS actor_certificate) i
          JOIN bundles o ON o.bundle_id = i.bundle_id AND o.claim_id = i.claim_id AND o.state = 'claimed') d, moment
    WHERE b.bundle_id = d.bundle_id
    RETURNING d.complete AND d.sent_at IS NULL AS finished, b.bundle_id, b.sender, b.recipient, b.manifest_sha256,
              b.sent_at, d.event_id, d.actor_user, d.actor_certificate)
INSERT INTO events (event_id, type, at, actor_user, actor_certificate, bundle_id, sender, recipient, manifest_sha256)
SELECT event_id, 'bundle_sent', sent_at, actor_user, actor_certificate, bundle_id, sender, recipient, manifest_sha256
FROM covered WHERE finished)"};

// Receipts with the coverage that shares their commit (it stays when the receipt is refused), and the end of the
// payload. $1 bundle_id, $2 claim_id, $3 ranges, $4 recipient, $5 outcome, $6 manifest_sha256, $7 receipt_sha256, $8
// event_id, $9 event_id of bundle_sent, $10 and $11 actor, $12 reason, $13 signed_receipt, $14 ms of the partial lapse,
// $15 of the sent one.
inline constexpr Query take_receipts{"take_receipts", "WITH " RELAY_MOMENT R"(,
judged AS MATERIALIZED (
    SELECT d.*, d.was = 'claimed' AND d.complete AND d.sent_at IS NULL AS finished,
           CASE WHEN NOT d.meant THEN NULL
                WHEN d.was = 'fetched' THEN 'receipt_late'
                WHEN d.outcome = 'rejected' THEN 'bundle_rejected'
                WHEN d.complete THEN 'bundle_fetched' END AS taken
    FROM (SELECT i.*, t, o.state AS was, o.upload_id, o.sender, o.sent_at, o.sent + i.ranges AS sent,
                 o.manifest_sha256 = i.manifest_sha256 AS meant, o.manifest_sha256 AS digest,
                 o.sent_at IS NOT NULL OR o.sent + i.ranges @> int8range(0, o.payload_size) AS complete
          FROM (SELECT unnest($1::uuid[]) AS bundle_id, unnest($2::uuid[]) AS claim_id,
                       unnest($3::int8multirange[]) AS ranges, unnest($4::text[]) AS recipient,
                       unnest($5::text[]) AS outcome, unnest($6::bytea[]) AS manifest_sha256,
                       unnest($7::bytea[]) AS receipt_sha256, unnest($8::uuid[]) AS event_id,
                       unnest($9::uuid[]) AS sent_event_id, unnest($10::text[]) AS actor_user,
                       unnest($11::bytea[]) AS actor_certificate, unnest($12::text[]) AS reason,
                       unnest($13::bytea[]) AS signed_receipt) i
          JOIN bundles o ON o.bundle_id = i.bundle_id AND o.recipient = i.recipient AND o.claim_id = i.claim_id
          CROSS JOIN moment
          WHERE o.state = 'claimed'
             OR o.state = 'fetched' AND o.confirmation = 'none' AND i.outcome = 'stored') d),
changed AS (
    UPDATE bundles b SET
        state = CASE d.taken WHEN 'bundle_fetched' THEN 'fetched' WHEN 'bundle_rejected' THEN 'rejected' ELSE b.state END,
        confirmation = CASE WHEN d.taken IN ('bundle_fetched', 'receipt_late') THEN 'receipt' ELSE b.confirmation END,
        fetched_at = CASE d.taken WHEN 'bundle_fetched' THEN d.t ELSE b.fetched_at END,
        rejected_at = CASE d.taken WHEN 'bundle_rejected' THEN d.t END,
        sent = d.sent, sent_at = coalesce(d.sent_at, CASE WHEN d.complete THEN d.t END),
        last_call_at = greatest(b.last_call_at, d.t),
        due_at = CASE WHEN d.taken IS NULL THEN greatest(b.last_call_at, d.t)
                     + CASE WHEN d.complete THEN $15::bigint ELSE $14::bigint END * interval '1 ms' END
    FROM judged d WHERE b.bundle_id = d.bundle_id AND (d.was = 'claimed' OR d.taken IS NOT NULL)
    RETURNING b.*, d.taken, d.outcome, d.reason),
kept AS (
    INSERT INTO receipts (bundle_id, outcome, reason, signed_receipt, receipt_sha256, received_at)
    SELECT bundle_id, outcome, reason, signed_receipt, receipt_sha256, t FROM judged WHERE taken IS NOT NULL),
gone AS (
    DELETE FROM payload_chunks p USING judged d
    WHERE d.taken IN ('bundle_fetched', 'bundle_rejected') AND p.upload_id = d.upload_id
    RETURNING d.bundle_id, d.t, p.object_key),
doomed AS (
    INSERT INTO pending_objects (key, at, doomed, bundle_id)
    SELECT object_key, t, true, bundle_id FROM gone WHERE object_key IS NOT NULL),
told AS (
    INSERT INTO events (event_id, type, at, actor_user, actor_certificate, bundle_id, sender, recipient, manifest_sha256,
                        confirmation, receipt_sha256)
    SELECT e.event_id, e.type, d.t, CASE WHEN e.nth < 3 THEN d.actor_user END,
           CASE WHEN e.nth < 3 THEN d.actor_certificate END, d.bundle_id, d.sender, d.recipient, d.digest,
           CASE e.type WHEN 'bundle_fetched' THEN 'receipt' END, CASE e.nth WHEN 2 THEN d.receipt_sha256 END
    FROM judged d CROSS JOIN LATERAL (VALUES
        (1, d.sent_event_id, 'bundle_sent', d.finished),
        (2, d.event_id, d.taken, d.taken IS NOT NULL),
        (3, relay_uuid7(d.t), 'payload_destroyed', d.taken IN ('bundle_fetched', 'bundle_rejected') AND (
            SELECT g.object_key FROM gone g WHERE g.bundle_id = d.bundle_id AND g.object_key IS NOT NULL LIMIT 1) IS NULL)
        ) e (nth, event_id, type, holds)
    WHERE e.holds ORDER BY d.bundle_id, e.nth)
SELECT )" RELAY_BUNDLE_COLUMNS_WITH(RELAY_TIME, "b.outcome, b.reason", "NULL::text") R"(,
    m.files, m.cover, m.chunk_digests, NULL::bytea, NULL::bytea, b.bundle_id, NULL::bytea,
    )" RELAY_NOTIFY("recipient", "changed WHERE taken IS NOT NULL") R"(
FROM changed b
LEFT JOIN bundle_manifests m ON m.bundle_id = b.bundle_id WHERE b.taken IS NOT NULL)"};

// For items that the statement which should take them did not answer. $1 bundle_id, $2 event_id, $3 claim_id or null,
// $4 upload_id or null, $5 n of a chunk or null, $6 inline limit of a claim or null, $7 whether of an acceptance, $8
// whether of a receipt, $9 sender of a reservation or null. OFFSET 0 keeps the conditions on `b` and `i` where they
// spare the look-up: nothing of what an acceptance has just stored travels back, and receipts stand only beside end
// states.
inline constexpr Query answer_items{"answer_items", "SELECT " RELAY_BUNDLE_COLUMNS(RELAY_TIME) R"(,
    CASE WHEN NOT i.accepts OR b.upload_id <> i.upload_id THEN m.files END,
    CASE WHEN NOT i.accepts OR b.upload_id <> i.upload_id THEN m.cover END,
    CASE WHEN i.accepts AND b.upload_id <> i.upload_id OR i.receives OR i.n IS NOT NULL AND b.in_place IS NOT NULL
        THEN m.chunk_digests END,
    CASE WHEN i.inline_limit IS NOT NULL AND b.state = 'claimed' AND b.claim_id = i.claim_id THEN m.signed_manifest END,
    NULL::bytea, i.bundle_id,
    CASE WHEN b.state = 'claimed' AND b.claim_id = i.claim_id AND b.chunk_count = 1 AND b.payload_size <= i.inline_limit
        THEN (SELECT p.bytes FROM payload_chunks p WHERE p.upload_id = b.upload_id AND p.n = 0) END,
    CASE WHEN i.n IS NOT NULL THEN (SELECT e.event_id FROM events e WHERE e.event_id = i.event_id) IS NOT NULL END,
    CASE WHEN i.inline_limit IS NOT NULL THEN (
        SELECT l.claim_id FROM lapsed_claims l WHERE l.bundle_id = i.bundle_id AND l.claim_id = i.claim_id) IS NOT NULL END,
    CASE WHEN i.n IS NOT NULL THEN b.state <> 'uploading' OR (
        SELECT p.n FROM payload_chunks p WHERE p.upload_id = i.upload_id AND p.n = i.n) IS NOT NULL END,
    CASE WHEN b.bundle_id IS NULL AND i.reserver IS NOT NULL THEN (SELECT coalesce(sum(u.payload_size), 0)::bigint
        FROM bundles u WHERE u.sender = i.reserver AND u.state = 'uploading') END
FROM (SELECT unnest($1::uuid[]) AS bundle_id, unnest($2::uuid[]) AS event_id, unnest($3::uuid[]) AS claim_id,
             unnest($4::uuid[]) AS upload_id, unnest($5::int[]) AS n, unnest($6::bigint[]) AS inline_limit,
             unnest($7::boolean[]) AS accepts, unnest($8::boolean[]) AS receives, unnest($9::text[]) AS reserver) i
LEFT JOIN bundles b ON b.bundle_id = i.bundle_id
LEFT JOIN LATERAL (SELECT * FROM receipts c WHERE c.bundle_id = b.bundle_id AND b.state IN ('fetched', 'rejected')
                   OFFSET 0) c ON true
LEFT JOIN LATERAL (SELECT * FROM bundle_manifests m WHERE m.bundle_id = b.bundle_id
                   AND (NOT i.accepts OR b.upload_id <> i.upload_id) OFFSET 0) m ON true)"};

inline constexpr std::array group_queries{
    lock_bundles,
    lock_and_settle,
    lock_mailboxes,
    lock_objects,
    take_places,
    insert_bundles,
    insert_chunks,
    doom_untaken,
    publish_bundles,
    claim_bundles,
    cover_bundles,
    take_receipts,
    answer_items,
};

} // namespace relay::storage::postgres::bundle_queries
