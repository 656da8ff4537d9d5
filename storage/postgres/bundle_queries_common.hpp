// Pieces of SQL that the queries on bundles share. Macros, since only literals can be joined into constants.
#pragma once

// Milliseconds since the epoch; a double holds them exactly until the year 5138.
#define RELAY_MS(x) "(date_part('epoch', " x ") * 1000)::bigint"
// The time that decides: taken after the locks of earlier statements, once for all rows and events of a statement.
#define RELAY_MOMENT "moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS t)"

// Columns 0 to 27 of bundle_rows.hpp; 28 to 32 follow in each query. `receipt`: outcome and reason of the receipt;
// `present`: numbers of the chunks that are there.
#define RELAY_BUNDLE_COLUMNS_WITH(receipt, present)                                                                    \
    "b.bundle_id, b.upload_id, b.sender, b.recipient, s.name, r.name, b.state, b.manifest_sha256, " RELAY_MS(          \
        "b.created_at"                                                                                                 \
    ) ", " RELAY_MS("b.accepted_at") ", " RELAY_MS("b.expires_at") ", " RELAY_MS("b.claimed_at"                        \
    ) ", " RELAY_MS("b.fetched_at") ", " RELAY_MS("b.rejected_at") ", " RELAY_MS("b.withdrawn_at"                      \
    ) ", " RELAY_MS("b.expired_at") ", b.claim_id, " RELAY_MS("b.last_call_at"                                         \
    ) ", "                                                                                                             \
      "b.sent_at IS NOT NULL, b.confirmation, " receipt ", b.payload_size, b.chunk_size, b.chunk_count, "              \
      "b.in_place, b.out_place, " present
#define RELAY_BUNDLE_COLUMNS                                                                                           \
    RELAY_BUNDLE_COLUMNS_WITH(                                                                                         \
        "c.outcome, c.reason",                                                                                         \
        "CASE WHEN b.state = 'uploading' THEN "                                                                        \
        "(SELECT string_agg(p.n::text, ',') FROM payload_chunks p WHERE p.upload_id = b.upload_id) END"                \
    )
#define RELAY_BUNDLE_JOINS                                                                                             \
    " LEFT JOIN offices s ON s.number = b.sender LEFT JOIN offices r ON r.number = b.recipient"                        \
    " LEFT JOIN receipts c ON c.bundle_id = b.bundle_id LEFT JOIN bundle_manifests m ON m.bundle_id = b.bundle_id "
