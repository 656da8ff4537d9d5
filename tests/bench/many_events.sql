-- A long past: :count sign-ins in the delivery log, with their places in it. While no server runs.
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMPORARY TABLE past ON COMMIT DROP AS
    SELECT relay_uuid7(now() - interval '1 day') AS event_id, n FROM generate_series(1, :count) AS n;
INSERT INTO events (event_id, type, at, actor_user, subject_user)
    SELECT event_id, 'session_opened', now() - interval '1 day', 'KJ' || lpad((n % 180000)::text, 12, '0'), 'KJ' || lpad((n % 180000)::text, 12, '0')
    FROM past ORDER BY n;
INSERT INTO log_leaves (index, event_id)
    SELECT (SELECT coalesce(max(index), -1) FROM log_leaves) + n, event_id FROM past ORDER BY n;
COMMIT;
ANALYZE events, log_leaves;
