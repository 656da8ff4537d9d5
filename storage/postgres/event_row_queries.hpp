// SQL for single events; the order of columns is that of insert_event().
#pragma once

#include "storage/postgres/query.hpp"

namespace relay::storage::postgres::event_row_queries_sql {

inline constexpr Query now = {
    "database_now",
    "SELECT (extract(epoch FROM date_trunc('milliseconds', clock_timestamp())) * 1000000)::bigint",
};

inline constexpr Query insert = {
    "event_insert",
    "INSERT INTO events (event_id, type, at, actor_user, actor_certificate, subject_user, subject_certificate,"
    " subject_office, bundle_id, sender, recipient, manifest_sha256, code, confirmation, receipt_sha256)"
    " VALUES ($1::uuid, $2, to_timestamp(0) + $3::bigint * interval '1 microsecond', $4, $5, $6, $7,"
    " $8, $9::uuid, $10, $11, $12, $13, $14, $15)",
};

// Until the commit nobody else looks for the same refusal. A statement of its own: the next one needs a new snapshot.
inline constexpr Query lock_refusal = {
    "event_lock_refusal",
    "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'refusal', $1::text, $2::text, $3::text), 0))",
};

// Index: events_refusals.
inline constexpr Query has_refusal = {
    "event_has_refusal",
    "SELECT EXISTS (SELECT FROM events WHERE type = $1 AND type IN ('bundle_refused', 'session_refused')"
    " AND coalesce(actor_user, '') = $2 AND code = $3 AND bundle_id IS NOT DISTINCT FROM $4::uuid"
    " AND ($2 <> '' OR actor_certificate IS NOT DISTINCT FROM $5::bytea)"
    " AND at > clock_timestamp() - interval '60 seconds')",
};

inline constexpr Query all[] = {now, insert, lock_refusal, has_refusal};

} // namespace relay::storage::postgres::event_row_queries_sql
