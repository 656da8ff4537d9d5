-- Settling and destroying as functions: every commit group asks whether something is due, and practically never is
-- anything. The statements that carry it out cost more to start than a whole small group, so they start only when needed.
-- Called with the bundles' rows locked; each statement in them sees what was committed before the locks were had.

-- Payloads of bundles at their end; those with objects get their event when the objects are gone.
CREATE FUNCTION destroy_payloads(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS t),
    gone AS (
        DELETE FROM payload_chunks p USING bundles b
        WHERE b.bundle_id = ANY(ids) AND b.state IN ('fetched', 'rejected', 'withdrawn', 'expired')
          AND p.upload_id = b.upload_id
        RETURNING b.bundle_id, b.sender, b.recipient, b.manifest_sha256, p.object_key),
    doomed AS (
        INSERT INTO pending_objects (key, at, doomed, bundle_id)
        SELECT object_key, t, true, bundle_id FROM gone, moment WHERE object_key IS NOT NULL)
    INSERT INTO events (event_id, type, at, bundle_id, sender, recipient, manifest_sha256)
    SELECT relay_uuid7(t), 'payload_destroyed', t, bundle_id, sender, recipient, manifest_sha256
    FROM gone, moment GROUP BY t, bundle_id, sender, recipient, manifest_sha256 HAVING count(object_key) = 0
    ORDER BY bundle_id;
END $$;

-- Drops, expiries and lapses that are due, with their events.
CREATE FUNCTION settle_bundles(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- In a form that no index offers, so that the plan goes by the keys.
    IF NOT EXISTS (SELECT FROM bundles b WHERE b.bundle_id = ANY(ids) AND coalesce(b.due_at <= clock_timestamp(), false)) THEN
        RETURN;
    END IF;
    WITH moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS t),
    due AS MATERIALIZED (
        SELECT b.bundle_id, b.upload_id, b.sender, b.recipient, b.manifest_sha256, b.claim_id, b.state AS was, t,
               CASE WHEN b.state = 'uploading' THEN 'dropped'
                    WHEN b.state = 'waiting' THEN 'expired'
                    WHEN b.sent_at IS NOT NULL THEN 'fetched'
                    WHEN b.expires_at <= t THEN 'expired'
                    ELSE 'waiting' END AS becomes
        FROM bundles b, moment WHERE b.bundle_id = ANY(ids) AND coalesce(b.due_at <= t, false)),
    lapsed AS (
        INSERT INTO lapsed_claims (bundle_id, claim_id, lapsed_at)
        SELECT bundle_id, claim_id, t FROM due WHERE was = 'claimed' AND becomes <> 'fetched' ON CONFLICT DO NOTHING),
    dropped AS (DELETE FROM bundles b USING due d WHERE d.becomes = 'dropped' AND b.bundle_id = d.bundle_id),
    manifests AS (DELETE FROM bundle_manifests m USING due d WHERE d.becomes = 'dropped' AND m.bundle_id = d.bundle_id),
    chunks AS (
        DELETE FROM payload_chunks p USING due d WHERE d.becomes = 'dropped' AND p.upload_id = d.upload_id
        RETURNING p.object_key),
    doomed AS (
        INSERT INTO pending_objects (key, at, doomed) SELECT object_key, t, true FROM chunks, moment
        WHERE object_key IS NOT NULL),
    changed AS (
        UPDATE bundles b SET
            state = d.becomes,
            due_at = CASE d.becomes WHEN 'waiting' THEN b.expires_at END,
            claim_id = CASE d.becomes WHEN 'fetched' THEN b.claim_id END,
            claimed_at = CASE d.becomes WHEN 'fetched' THEN b.claimed_at END,
            last_call_at = CASE d.becomes WHEN 'fetched' THEN b.last_call_at END,
            sent = CASE d.becomes WHEN 'fetched' THEN b.sent END,
            sent_at = CASE d.becomes WHEN 'fetched' THEN b.sent_at END,
            fetched_at = CASE d.becomes WHEN 'fetched' THEN d.t END,
            confirmation = CASE d.becomes WHEN 'fetched' THEN 'none' END,
            expired_at = CASE d.becomes WHEN 'expired' THEN d.t END
        FROM due d WHERE d.becomes <> 'dropped' AND b.bundle_id = d.bundle_id)
    INSERT INTO events (event_id, type, at, bundle_id, sender, recipient, manifest_sha256, confirmation)
    SELECT relay_uuid7(d.t), e.type, d.t, d.bundle_id, d.sender, d.recipient, d.manifest_sha256, e.confirmation
    FROM due d CROSS JOIN LATERAL (VALUES
        (1, 'claim_lapsed', NULL, d.was = 'claimed' AND d.becomes <> 'fetched'),
        (2, 'bundle_expired', NULL, d.becomes = 'expired'),
        (2, 'bundle_fetched', 'none', d.becomes = 'fetched')) e (nth, type, confirmation, holds)
    WHERE e.holds ORDER BY d.bundle_id, e.nth;
    PERFORM destroy_payloads(ids);
END $$;
