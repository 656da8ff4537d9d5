// SQL of the migration runner.
#pragma once

#include "storage/postgres/query.hpp"

namespace relay::storage::postgres::schema_queries {

inline constexpr Query create_table = {
    "schema_create_table",
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " number int PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL, applied_at timestamptz NOT NULL)",
};

inline constexpr Query has_table = {"schema_has_table", "SELECT to_regclass('schema_migrations') IS NOT NULL"};

inline constexpr Query version = {"schema_version", "SELECT coalesce(max(number), 0) FROM schema_migrations"};

inline constexpr Query applied = {
    "schema_applied",
    "SELECT number, name, sha256, (extract(epoch FROM applied_at) * 1000000)::bigint AS applied_at"
    " FROM schema_migrations ORDER BY number",
};

// Session level: held over the transactions of all files. The number is arbitrary and must never change.
inline constexpr Query lock = {"schema_lock", "SELECT pg_advisory_lock(7365010721)"};
inline constexpr Query unlock = {"schema_unlock", "SELECT pg_advisory_unlock(7365010721)"};

inline constexpr Query record = {
    "schema_record",
    "INSERT INTO schema_migrations (number, name, sha256, applied_at) VALUES ($1, $2, $3, clock_timestamp())",
};

// A migration that grants on all tables must not let the server write this one; the server may read it.
inline constexpr Query restrict_rights = {
    "schema_restrict_rights",
    "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'relay_app') THEN"
    " REVOKE ALL ON schema_migrations FROM relay_app; GRANT SELECT ON schema_migrations TO relay_app; END IF; END $$",
};

} // namespace relay::storage::postgres::schema_queries
