// SQL of pg_account_store: the registry's reads, sign-in, the directory.
#pragma once

#include "storage/postgres/query.hpp"

namespace relay::storage::postgres::account_sql {

// The registry: everything above a version. Indexes: …_version.

inline constexpr Query repeatable_read = {
    "account_repeatable_read",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
};
inline constexpr Query version = {"account_version", "SELECT version FROM registry"};
inline constexpr Query offices_since = {
    "account_offices_since",
    "SELECT number, name, prefecture, closed_at IS NOT NULL AS closed FROM offices WHERE version > $1",
};
inline constexpr Query users_since = {
    "account_users_since",
    "SELECT user_id, role, office, closed_at IS NOT NULL AS closed FROM users WHERE version > $1",
};
inline constexpr Query certificates_since = {
    "account_certificates_since",
    "SELECT sha256, user_id, (extract(epoch FROM not_before) * 1000000)::bigint AS not_before,"
    " (extract(epoch FROM not_after) * 1000000)::bigint AS not_after,"
    " (extract(epoch FROM registered_at) * 1000000)::bigint AS registered_at,"
    " (extract(epoch FROM revoked_at) * 1000000)::bigint AS revoked_at, issuer_serial, key_identifier"
    " FROM certificates WHERE version > $1",
};
inline constexpr Query licences_since = {
    "account_licences_since",
    "SELECT licence_id, office, kind, to_char(valid_from, 'YYYY-MM-DD') AS valid_from,"
    " to_char(valid_until, 'YYYY-MM-DD') AS valid_until FROM licences WHERE version > $1",
};
inline constexpr Query sessions_since = {
    "account_sessions_since",
    "SELECT token_sha256, user_id, certificate_sha256, (extract(epoch FROM expires_at) * 1000000)::bigint AS "
    "expires_at,"
    " ended_at IS NOT NULL AS ended FROM sessions WHERE version > $1 AND version > 0",
};

// Every change: once per transaction, after the rows it concerns are locked. Held until commit, so that versions are
// in commit order.
inline constexpr Query next_version = {
    "account_next_version",
    "UPDATE registry SET version = version + 1 RETURNING version",
};
inline constexpr Query notify = {"account_notify", "SELECT pg_notify('relay_registry', $1)"};

// Sessions and passwords. Indexes: primary keys, sessions_of_user.

inline constexpr Query find_session = {
    "account_find_session",
    "SELECT token_sha256, user_id, certificate_sha256, (extract(epoch FROM expires_at) * 1000000)::bigint AS "
    "expires_at,"
    " ended_at IS NOT NULL AS ended FROM sessions"
    " WHERE token_sha256 = $1 AND least(ended_at, expires_at) > clock_timestamp() - interval '30 days'",
};
inline constexpr Query find_password = {
    "account_find_password",
    "SELECT p.hash, (extract(epoch FROM p.set_at) * 1000000)::bigint AS set_at, p.temporary, p.history, p.failures,"
    " (extract(epoch FROM p.locked_until) * 1000000)::bigint AS locked_until"
    " FROM passwords p JOIN users u USING (user_id) LEFT JOIN offices o ON o.number = u.office"
    " WHERE p.user_id = $1 AND u.closed_at IS NULL AND o.closed_at IS NULL",
};
// The password first, then the user's row, against being closed meanwhile; relayctl locks them in the same order.
inline constexpr Query lock_password = {
    "account_lock_password",
    "SELECT p.hash, p.history, p.failures, (extract(epoch FROM p.locked_until) * 1000000)::bigint AS locked_until, "
    "u.office"
    " FROM passwords p JOIN users u USING (user_id)"
    " WHERE p.user_id = $1 AND u.closed_at IS NULL FOR UPDATE OF p FOR SHARE OF u",
};
inline constexpr Query count_failure = {
    "account_count_failure",
    "UPDATE passwords SET failures = $2,"
    " locked_until = to_timestamp(0) + $3::bigint * interval '1 microsecond' WHERE user_id = $1",
};
inline constexpr Query open_session = {
    "account_open_session",
    "INSERT INTO sessions (token_sha256, user_id, certificate_sha256, opened_at, expires_at)"
    " VALUES ($1, $2, $3, to_timestamp(0) + $4::bigint * interval '1 microsecond',"
    " to_timestamp(0) + $5::bigint * interval '1 microsecond')",
};
inline constexpr Query set_password = {
    "account_set_password",
    "INSERT INTO passwords AS p (user_id, hash, set_at, temporary, history)"
    " VALUES ($1, $2, to_timestamp(0) + $3::bigint * interval '1 microsecond', $4, ARRAY[$2])"
    " ON CONFLICT (user_id) DO UPDATE SET hash = EXCLUDED.hash, set_at = EXCLUDED.set_at,"
    " temporary = EXCLUDED.temporary, history = (EXCLUDED.hash || p.history)[1:3], failures = 0, locked_until = NULL",
};
inline constexpr Query lock_session = {
    "account_lock_session",
    "SELECT user_id FROM sessions WHERE token_sha256 = $1 AND ended_at IS NULL AND expires_at > clock_timestamp() FOR "
    "UPDATE",
};
inline constexpr Query end_session = {
    "account_end_session",
    "UPDATE sessions SET ended_at = clock_timestamp(), version = $2 WHERE token_sha256 = $1",
};
// Before the version is taken, so that locks are always taken in the same order.
inline constexpr Query lock_sessions_of_user = {
    "account_lock_sessions_of_user",
    "SELECT token_sha256 FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()"
    " ORDER BY token_sha256 FOR UPDATE",
};
inline constexpr Query end_sessions_of_user = {
    "account_end_sessions_of_user",
    "UPDATE sessions SET ended_at = clock_timestamp(), version = $2"
    " WHERE user_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()",
};

// Certificates and the directory. Indexes: primary keys, users_of_office, certificates_of_user, licences_of_office.

inline constexpr Query lock_open_user = {
    "account_lock_open_user",
    "SELECT office FROM users WHERE user_id = $1 AND closed_at IS NULL FOR SHARE",
};
inline constexpr Query insert_certificate = {
    "account_insert_certificate",
    "INSERT INTO certificates (sha256, user_id, der, not_before, not_after, serial, issuer_serial, key_identifier,"
    " registered_at, version) VALUES ($1, $2, $3, to_timestamp(0) + $4::bigint * interval '1 microsecond',"
    " to_timestamp(0) + $5::bigint * interval '1 microsecond', $6, $7, $8,"
    " to_timestamp(0) + $9::bigint * interval '1 microsecond', $10)"
    " ON CONFLICT (sha256) DO NOTHING RETURNING user_id",
};
inline constexpr Query find_certificate = {
    "account_find_certificate",
    "SELECT sha256, user_id, (extract(epoch FROM not_before) * 1000000)::bigint AS not_before,"
    " (extract(epoch FROM not_after) * 1000000)::bigint AS not_after,"
    " (extract(epoch FROM registered_at) * 1000000)::bigint AS registered_at,"
    " (extract(epoch FROM revoked_at) * 1000000)::bigint AS revoked_at, issuer_serial, key_identifier, der"
    " FROM certificates WHERE sha256 = $1",
};
inline constexpr Query certificates_of = {
    "account_certificates_of",
    "SELECT c.sha256, c.user_id, (extract(epoch FROM c.not_before) * 1000000)::bigint AS not_before,"
    " (extract(epoch FROM c.not_after) * 1000000)::bigint AS not_after,"
    " (extract(epoch FROM c.registered_at) * 1000000)::bigint AS registered_at,"
    " NULL::bigint AS revoked_at, c.issuer_serial, c.key_identifier, c.der"
    " FROM users u JOIN certificates c USING (user_id)"
    " WHERE u.office = $1 AND u.closed_at IS NULL AND c.revoked_at IS NULL"
    " AND c.not_before <= to_timestamp(0) + $2::bigint * interval '1 microsecond'"
    " AND c.not_after >= to_timestamp(0) + $2::bigint * interval '1 microsecond'"
    " ORDER BY c.registered_at DESC, c.sha256 LIMIT 500",
};
// By the primary key; `accepting` is reckoned for the rows of the page alone.
inline constexpr Query list_offices = {
    "account_list_offices",
    "SELECT o.number, o.name, o.prefecture, false AS closed,"
    " EXISTS (SELECT FROM licences l WHERE l.office = o.number AND l.valid_from <= $5::date AND l.valid_until >= "
    "$5::date)"
    " AND EXISTS (SELECT FROM users u JOIN certificates c USING (user_id) WHERE u.office = o.number"
    " AND u.closed_at IS NULL AND c.revoked_at IS NULL"
    " AND c.not_before <= to_timestamp(0) + $6::bigint * interval '1 microsecond'"
    " AND c.not_after >= to_timestamp(0) + $6::bigint * interval '1 microsecond') AS accepting"
    " FROM offices o WHERE o.closed_at IS NULL AND ($1::text IS NULL OR o.prefecture = $1)"
    " AND ($2::text IS NULL OR starts_with(o.number, $2) OR strpos(lower(o.name), lower($2)) > 0)"
    " AND o.number > coalesce($3::text, '') ORDER BY o.number LIMIT $4",
};

inline constexpr Query all[] = {
    version,
    offices_since,
    users_since,
    certificates_since,
    licences_since,
    sessions_since,
    next_version,
    notify,
    find_session,
    find_password,
    lock_password,
    count_failure,
    open_session,
    set_password,
    lock_session,
    end_session,
    lock_sessions_of_user,
    end_sessions_of_user,
    lock_open_user,
    insert_certificate,
    find_certificate,
    certificates_of,
    list_offices,
};

} // namespace relay::storage::postgres::account_sql
