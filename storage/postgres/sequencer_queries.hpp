// SQL of the sequencer.
#pragma once

#include "storage/postgres/query.hpp"

namespace relay::storage::postgres::sequencer_sql {

// Session level; one holder over the cluster. The number is arbitrary and must never change.
inline constexpr Query try_lock = {"sequencer_try_lock", "SELECT pg_try_advisory_lock(7365010722)"};

inline constexpr Query size = {"sequencer_size", "SELECT coalesce(max(index) + 1, 0) FROM log_leaves"};

// Committed events from transaction $1 on, behind position $2, that have no index: the next $3. Tells how many, the
// last position and the oldest transaction that was still running for this statement.
#define RELAY_APPEND(position, bound)                                                                                  \
    "WITH base AS (SELECT coalesce(max(index) + 1, 0) AS next FROM log_leaves),"                                       \
    " fresh AS MATERIALIZED (SELECT e.event_id, e.position FROM events e WHERE e.xid >= $1" bound " AND " position     \
    " > $2"                                                                                                            \
    " AND NOT EXISTS (SELECT FROM log_leaves l WHERE l.event_id = e.event_id) ORDER BY " position " LIMIT $3),"        \
    " added AS (INSERT INTO log_leaves (index, event_id)"                                                              \
    " SELECT base.next + row_number() OVER (ORDER BY fresh.position) - 1, fresh.event_id FROM fresh, base"             \
    " RETURNING index)"                                                                                                \
    " SELECT (SELECT count(*) FROM added) AS added, (SELECT max(position) FROM fresh) AS position,"                    \
    " (SELECT max(index) + 1 FROM added) AS size, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin"

// For the first look, from the mark on. Indexes: events_position, log_leaves_event.
inline constexpr Query append_all = {"sequencer_append_all", RELAY_APPEND("e.position", "")};
// For all later ones, in a form that leaves events_position out: by it the whole log would be read again and again. So
// it would by what a restored database tells of transactions of the cluster it came from, which lie ahead of this
// one's. Indexes: events_xid, log_leaves_event.
inline constexpr Query append_new = {
    "sequencer_append_new",
    RELAY_APPEND("(e.position + 0)", " AND e.xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint")};

#undef RELAY_APPEND

inline constexpr Query read_mark = {"sequencer_read_mark", "SELECT position FROM log_mark"};
inline constexpr Query move_mark = {"sequencer_move_mark", "UPDATE log_mark SET position = $1 WHERE position < $1"};

// Who may be writing events: each transaction holds this lock from before its first position until it has ended.
#define RELAY_WRITERS                                                                                                  \
    " FROM pg_locks WHERE locktype = 'relation' AND relation = 'events'::regclass AND mode = 'RowExclusiveLock'"       \
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
// The snapshot for the position is older than the look at the locks. Index: events_position.
inline constexpr Query last_position = {
    "sequencer_last_position",
    "SELECT (SELECT coalesce(max(position), 0) FROM events) AS position,"
    " coalesce(array_agg(virtualtransaction), '{}') AS writers" RELAY_WRITERS,
};
// $1 virtual transactions.
inline constexpr Query have_ended = {
    "sequencer_have_ended",
    "SELECT count(*) = 0" RELAY_WRITERS " AND virtualtransaction = ANY($1::text[])",
};
#undef RELAY_WRITERS

inline constexpr Query all[] = {
    try_lock, size, append_all, append_new, read_mark, move_mark, last_position, have_ended};

} // namespace relay::storage::postgres::sequencer_sql
