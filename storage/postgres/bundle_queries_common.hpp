// Pieces of SQL that the queries on bundles share. Macros, since only literals can be joined into constants.
#pragma once

// Milliseconds since the epoch; a double holds them exactly until the year 5138.
#define RELAY_MS(x) "(date_part('epoch', " x ") * 1000)::bigint"
// The time that decides: taken after the locks of earlier statements, once for all rows and events of a statement.
#define RELAY_MOMENT "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS t)"

// Tells the mailboxes of what a statement changed (storage/mailbox_change: a plus where something arrived). A scalar
// subquery of the statement's own rows runs once, with the first row that it returns.
#define RELAY_NOTIFY(office, from)                                                                                     \
    "(SELECT pg_notify('relay_mailbox', d.offices) FROM (SELECT string_agg(DISTINCT " office                           \
    ", ',') AS offices FROM " from ") d WHERE d.offices IS NOT NULL)"

// A time as it is, where rows come in the binary format.
#define RELAY_TIME(x) x

// Columns 0 to 25 of bundle_rows.hpp; 26 to 30 follow in each query. `time`: RELAY_MS for rows in text, RELAY_TIME for
// binary ones; `receipt`: outcome and reason of the receipt; `present`: numbers of the chunks that are there.
#define RELAY_BUNDLE_COLUMNS_WITH(time, receipt, present)                                                              \
    "b.bundle_id, b.upload_id, b.sender, b.recipient, b.state, b.manifest_sha256, " time("b.created_at"                \
    ) ", " time("b.accepted_at") ", " time("b.expires_at") ", " time("b.claimed_at") ", " time("b.fetched_at"          \
    ) ", " time("b.rejected_at") ", " time("b.withdrawn_at") ", " time("b.expired_at"                                  \
    ) ", b.claim_id, " time("b.last_call_at") ", "                                                                     \
                                              "b.sent_at IS NOT NULL, b.confirmation, " receipt                        \
                                              ", b.payload_size, b.chunk_size, b.chunk_count, "                        \
                                              "b.in_place, b.out_place, " present
// Of a bundle that has no receipt, and whose chunks are all there or all missing.
#define RELAY_OPEN_BUNDLE_COLUMNS RELAY_BUNDLE_COLUMNS_WITH(RELAY_TIME, "NULL::text, NULL::text", "NULL::text")
#define RELAY_BUNDLE_COLUMNS(time)                                                                                     \
    RELAY_BUNDLE_COLUMNS_WITH(                                                                                         \
        time,                                                                                                          \
        "c.outcome, c.reason",                                                                                         \
        "CASE WHEN b.state = 'uploading' THEN "                                                                        \
        "(SELECT string_agg(p.n::text, ',') FROM payload_chunks p WHERE p.upload_id = b.upload_id) END"                \
    )
#define RELAY_BUNDLE_JOINS                                                                                             \
    "LEFT JOIN receipts c ON c.bundle_id = b.bundle_id LEFT JOIN bundle_manifests m ON m.bundle_id = b.bundle_id "
