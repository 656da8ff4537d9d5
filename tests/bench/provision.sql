-- The offices of relay-bench-provision into the relay's tables, in one change of the registry.
-- psql variables: rows (a file that is one COPY), hash (everybody's password hash).
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMPORARY TABLE bench_rows (number text, user_id text, sha256 bytea, der bytea, not_before timestamptz,
    not_after timestamptz, serial bytea, issuer_serial bytea, key_identifier bytea, token_sha256 bytea) ON COMMIT DROP;
\i :rows
UPDATE registry SET version = version + 1 RETURNING version AS version \gset
INSERT INTO offices (number, name, prefecture, added_at, version)
    SELECT number, 'Office ' || number, left(number, 2), now(), :version FROM bench_rows;
INSERT INTO users (user_id, role, office, added_at, version)
    SELECT user_id, 'office', number, now(), :version FROM bench_rows;
INSERT INTO passwords (user_id, hash, set_at, temporary, history)
    SELECT user_id, :'hash', now(), false, ARRAY[:'hash'] FROM bench_rows;
INSERT INTO certificates (sha256, user_id, der, not_before, not_after, serial, issuer_serial, key_identifier, registered_at, version)
    SELECT sha256, user_id, der, not_before, not_after, serial, issuer_serial, key_identifier, now(), :version FROM bench_rows;
INSERT INTO licences (office, kind, valid_from, valid_until, version)
    SELECT number, 'regular', current_date - 30, current_date + 300, :version FROM bench_rows;
INSERT INTO sessions (token_sha256, user_id, certificate_sha256, opened_at, expires_at)
    SELECT token_sha256, user_id, sha256, now(), now() + interval '8 hours' FROM bench_rows;
COMMIT;
ANALYZE offices, users, passwords, certificates, licences, sessions, mailboxes;
SELECT pg_notify('relay_registry', :'version');
