// SQL of pg_event_store, through the auditors' views.
#pragma once

#include "storage/postgres/query.hpp"

namespace relay::storage::postgres::event_sql {

inline constexpr Query repeatable_read = {
    "event_repeatable_read",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
};

// What the reader's snapshot sees: all before transaction `seen_until`, but for the running ones.
inline constexpr Query read_snapshot = {
    "event_read_snapshot",
    "SELECT pg_snapshot_xmax(s)::text::bigint AS seen_until,"
    " ARRAY(SELECT x::text FROM pg_snapshot_xip(s) x) AS running FROM pg_current_snapshot() s",
};

// $1 office, $2 user, $3 bundle, $4 type, $5 from, $6 to. An office's events are found by its bundles: one indexed
// event of each names the offices. Indexes: events_sender, events_recipient, events_bundle, events_subject_office,
// events_actor, events_subject_user, events_at.
#define RELAY_EVENT_FILTERS                                                                                            \
    " ($1::text IS NULL OR e.event_id IN ("                                                                            \
    "SELECT s.event_id FROM audit_events s WHERE s.subject_office = $1 UNION ALL "                                     \
    "SELECT r.event_id FROM audit_events r WHERE r.type = 'bundle_refused' AND (r.sender = $1 OR r.recipient = $1)"    \
    " UNION ALL SELECT x.event_id FROM audit_events a JOIN audit_events x ON x.bundle_id = a.bundle_id"                \
    " WHERE a.type = 'bundle_accepted' AND (a.sender = $1 OR a.recipient = $1)"                                        \
    " AND (x.sender = $1 OR x.recipient = $1)))"                                                                       \
    " AND ($2::text IS NULL OR e.actor_user = $2 OR e.subject_user = $2)"                                              \
    " AND ($3::uuid IS NULL OR e.bundle_id = $3) AND ($4::text IS NULL OR e.type = $4)"                                \
    " AND ($5::bigint IS NULL OR e.at >= to_timestamp(0) + $5 * interval '1 microsecond')"                             \
    " AND ($6::bigint IS NULL OR e.at < to_timestamp(0) + $6 * interval '1 microsecond')"

// $8 seen_until and $9 running transactions.
#define RELAY_SEEN "(e.xid < $8::bigint AND e.xid <> ALL($9::bigint[]))"

// Between which indexes all events of a time stand. $1 from, $2 to. As many rows as the log has hours.
inline constexpr Query find_indexes = {
    "event_find_indexes",
    "SELECT min(first_index) AS first, max(last_index) AS last FROM log_hours WHERE"
    " ($1::bigint IS NULL OR hour >= date_trunc('hour', to_timestamp(0) + $1 * interval '1 microsecond', 'UTC'))"
    " AND ($2::bigint IS NULL OR hour <= date_trunc('hour', to_timestamp(0) + $2 * interval '1 microsecond', 'UTC'))",
};

// $7 the last position shown without index, $10 limit, $11 the index before the first that may be shown, $12 the last.
inline constexpr Query list_indexed = {
    "event_list_indexed",
    "SELECT e.index, e.position, e.leaf FROM audit_events e WHERE" RELAY_EVENT_FILTERS
    " AND e.index > $11::bigint AND e.index <= $12::bigint AND NOT (e.position <= $7::bigint AND " RELAY_SEEN
    ") ORDER BY e.index LIMIT $10",
};
inline constexpr Query list_unindexed = {
    "event_list_unindexed",
    "SELECT NULL::bigint AS index, e.position, e.leaf FROM audit_unindexed e WHERE" RELAY_EVENT_FILTERS
    " AND e.position > $7::bigint AND ($8::bigint = 0 OR " RELAY_SEEN ") ORDER BY e.position LIMIT $10",
};

#undef RELAY_SEEN
#undef RELAY_EVENT_FILTERS

inline constexpr Query find_bundle = {
    "event_find_bundle",
    "SELECT state, sender, recipient, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,"
    " (extract(epoch FROM accepted_at) * 1000000)::bigint AS accepted_at, manifest_sha256, payload_size, chunk_size,"
    " file_sizes, file_digests, chunk_digests FROM audit_bundles WHERE bundle_id = $1::uuid AND state <> 'uploading'",
};

inline constexpr Query all[] = {read_snapshot, find_indexes, list_indexed, list_unindexed, find_bundle};

} // namespace relay::storage::postgres::event_sql
