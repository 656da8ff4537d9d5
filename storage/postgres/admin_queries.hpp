// SQL of pg_account_admin: what operators do and look at. Not on any hot path.
#pragma once

#include "storage/postgres/query.hpp"

namespace relay::storage::postgres::admin_sql {

// Offices.

inline constexpr Query add_office = {
    "admin_add_office",
    "INSERT INTO offices (number, name, prefecture, services, added_at, version)"
    " VALUES ($1, $2, $3, $4::text[], clock_timestamp(), $5) ON CONFLICT (number) DO NOTHING RETURNING number",
};
inline constexpr Query find_office = {
    "admin_find_office",
    "SELECT number, name, prefecture, services, closed_at IS NOT NULL AS closed,"
    " (extract(epoch FROM added_at) * 1000000)::bigint AS added_at,"
    " (extract(epoch FROM closed_at) * 1000000)::bigint AS closed_at"
    " FROM offices WHERE $1::text IS NULL OR number = $1 ORDER BY number",
};
inline constexpr Query lock_office = {
    "admin_lock_office",
    "SELECT closed_at IS NOT NULL AS closed FROM offices WHERE number = $1 FOR UPDATE",
};
inline constexpr Query close_office = {
    "admin_close_office",
    "UPDATE offices SET closed_at = clock_timestamp(), version = $2 WHERE number = $1",
};

// Users.

inline constexpr Query lock_users_of_office = {
    "admin_lock_users_of_office",
    "SELECT user_id FROM users WHERE office = $1 ORDER BY user_id FOR UPDATE",
};
inline constexpr Query add_user = {
    "admin_add_user",
    "INSERT INTO users (user_id, role, office, added_at, version) VALUES ($1, $2, $3, clock_timestamp(), $4)"
    " ON CONFLICT (user_id) DO NOTHING RETURNING user_id",
};
// Before the user's row, as a sign-in does (account_lock_password), so that neither waits for the other in a ring.
inline constexpr Query lock_password = {
    "admin_lock_password",
    "SELECT FROM passwords WHERE user_id = $1 FOR UPDATE",
};
inline constexpr Query lock_user = {
    "admin_lock_user",
    "SELECT closed_at IS NOT NULL AS closed, office FROM users WHERE user_id = $1 FOR UPDATE",
};
inline constexpr Query close_user = {
    "admin_close_user",
    "UPDATE users SET closed_at = clock_timestamp(), version = $2 WHERE user_id = $1",
};
inline constexpr Query unlock_user = {
    "admin_unlock_user",
    "UPDATE passwords SET failures = 0, locked_until = NULL WHERE user_id = $1",
};
inline constexpr Query find_user = {
    "admin_find_user",
    "SELECT u.user_id, u.role, u.office, u.closed_at IS NOT NULL AS closed,"
    " (extract(epoch FROM u.added_at) * 1000000)::bigint AS added_at,"
    " (extract(epoch FROM u.closed_at) * 1000000)::bigint AS closed_at,"
    " (extract(epoch FROM p.set_at) * 1000000)::bigint AS set_at, coalesce(p.temporary, false) AS temporary,"
    " CASE WHEN p.locked_until > clock_timestamp() THEN (extract(epoch FROM p.locked_until) * 1000000)::bigint END"
    " AS locked_until"
    " FROM users u LEFT JOIN passwords p USING (user_id) WHERE $1::text IS NULL OR u.user_id = $1 ORDER BY u.user_id",
};

// Certificates.

inline constexpr Query owner_of_certificate = {
    "admin_owner_of_certificate",
    "SELECT user_id, revoked_at IS NOT NULL AS revoked FROM certificates WHERE sha256 = $1 FOR UPDATE",
};
inline constexpr Query revoke_certificate = {
    "admin_revoke_certificate",
    "UPDATE certificates SET revoked_at = to_timestamp(0) + $2::bigint * interval '1 microsecond', reason = $3,"
    " version = $4 WHERE sha256 = $1",
};
inline constexpr Query lock_sessions_of_certificate = {
    "admin_lock_sessions_of_certificate",
    "SELECT token_sha256 FROM sessions WHERE user_id = $1 AND certificate_sha256 = $2 AND ended_at IS NULL"
    " ORDER BY token_sha256 FOR UPDATE",
};
inline constexpr Query end_sessions_of_certificate = {
    "admin_end_sessions_of_certificate",
    "UPDATE sessions SET ended_at = clock_timestamp(), version = $3"
    " WHERE user_id = $1 AND certificate_sha256 = $2 AND ended_at IS NULL",
};
// $1: only valid ones that end before this time; $2: only revoked ones that have not expired.
inline constexpr Query list_certificates = {
    "admin_list_certificates",
    "SELECT sha256, user_id, (extract(epoch FROM not_before) * 1000000)::bigint AS not_before,"
    " (extract(epoch FROM not_after) * 1000000)::bigint AS not_after,"
    " (extract(epoch FROM registered_at) * 1000000)::bigint AS registered_at,"
    " (extract(epoch FROM revoked_at) * 1000000)::bigint AS revoked_at, issuer_serial, key_identifier, der, serial,"
    " coalesce(reason, '') AS reason FROM certificates"
    " WHERE ($1::bigint IS NULL OR (revoked_at IS NULL AND not_after > clock_timestamp()"
    " AND not_after < to_timestamp(0) + $1 * interval '1 microsecond'))"
    " AND (NOT $2 OR (revoked_at IS NOT NULL AND not_after > clock_timestamp()))"
    " ORDER BY user_id, registered_at, sha256",
};

// Licences.

inline constexpr Query grant_licence = {
    "admin_grant_licence",
    "INSERT INTO licences (office, kind, valid_from, valid_until, version) VALUES ($1, $2, $3::date, $4::date, $5)"
    " RETURNING licence_id",
};
// A grant that would begin later is left without a day.
inline constexpr Query end_licence = {
    "admin_end_licence",
    "UPDATE licences SET valid_until = greatest($2::date, valid_from - 1), version = $3"
    " WHERE office = $1 AND valid_until > greatest($2::date, valid_from - 1)",
};
inline constexpr Query list_licences = {
    "admin_list_licences",
    "SELECT licence_id, office, kind, to_char(valid_from, 'YYYY-MM-DD') AS valid_from,"
    " to_char(valid_until, 'YYYY-MM-DD') AS valid_until FROM licences"
    " WHERE $1::text IS NULL OR office = $1 ORDER BY office, valid_from, licence_id",
};

// Bundles.

#define RELAY_BUNDLE_FACTS                                                                                             \
    "SELECT bundle_id::text AS bundle_id, sender, recipient, state, confirmation, manifest_sha256, payload_size,"      \
    " chunk_count, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,"                                  \
    " (extract(epoch FROM reserved_at) * 1000000)::bigint AS reserved_at,"                                             \
    " (extract(epoch FROM accepted_at) * 1000000)::bigint AS accepted_at,"                                             \
    " (extract(epoch FROM expires_at) * 1000000)::bigint AS expires_at,"                                               \
    " (extract(epoch FROM claimed_at) * 1000000)::bigint AS claimed_at,"                                               \
    " (extract(epoch FROM sent_at) * 1000000)::bigint AS sent_at,"                                                     \
    " (extract(epoch FROM fetched_at) * 1000000)::bigint AS fetched_at,"                                               \
    " (extract(epoch FROM rejected_at) * 1000000)::bigint AS rejected_at,"                                             \
    " (extract(epoch FROM withdrawn_at) * 1000000)::bigint AS withdrawn_at,"                                           \
    " (extract(epoch FROM expired_at) * 1000000)::bigint AS expired_at FROM bundles"

inline constexpr Query find_bundle = {"admin_find_bundle", RELAY_BUNDLE_FACTS " WHERE bundle_id = $1::uuid"};
// Indexes: bundles_outbox, bundles_inbox.
inline constexpr Query list_bundles = {
    "admin_list_bundles",
    RELAY_BUNDLE_FACTS " WHERE (sender = $1 OR recipient = $1) AND ($2::text IS NULL OR state = $2)"
                       " ORDER BY reserved_at DESC, bundle_id LIMIT $3",
};

#undef RELAY_BUNDLE_FACTS

inline constexpr Query bundle_counts = {
    "admin_bundle_counts",
    "SELECT state, count(*) AS bundles, coalesce(sum(payload_size) FILTER (WHERE state IN"
    " ('uploading', 'waiting', 'claimed')), 0)::bigint AS bytes FROM bundles GROUP BY state",
};
inline constexpr Query counts = {
    "admin_counts",
    "SELECT (SELECT count(*) FROM offices WHERE closed_at IS NULL) AS offices,"
    " (SELECT count(*) FROM users WHERE closed_at IS NULL) AS users,"
    " (SELECT count(*) FROM certificates WHERE revoked_at IS NULL AND clock_timestamp() BETWEEN not_before AND "
    "not_after)"
    " AS certificates,"
    " (SELECT count(*) FROM sessions WHERE ended_at IS NULL AND expires_at > clock_timestamp()) AS sessions,"
    " (SELECT count(*) FROM events) AS events, (SELECT coalesce(max(index) + 1, 0) FROM log_leaves) AS log_size,"
    " (SELECT count(*) FROM pending_objects) AS pending_objects",
};

inline constexpr Query all[] = {
    add_office,
    find_office,
    lock_office,
    close_office,
    lock_users_of_office,
    add_user,
    lock_password,
    lock_user,
    close_user,
    unlock_user,
    find_user,
    owner_of_certificate,
    revoke_certificate,
    lock_sessions_of_certificate,
    end_sessions_of_certificate,
    list_certificates,
    grant_licence,
    end_licence,
    list_licences,
    find_bundle,
    list_bundles,
    bundle_counts,
    counts,
};

} // namespace relay::storage::postgres::admin_sql
