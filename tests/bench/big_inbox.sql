-- Clones of a waiting bundle, without their payloads, in its recipient's inbox: as many as :count, accepted before it.
-- psql variables: recipient (office number), count.
\set ON_ERROR_STOP on
BEGIN;
CREATE TEMPORARY TABLE clones ON COMMIT DROP AS
    SELECT b.bundle_id AS source, relay_uuid7(now()) AS bundle_id, n
    FROM (SELECT bundle_id FROM bundles WHERE recipient = :'recipient' AND state = 'waiting' LIMIT 1) AS b,
         generate_series((SELECT greatest(last_in, 1000000) FROM mailboxes WHERE office = :'recipient') - 999999,
                         (SELECT greatest(last_in, 1000000) FROM mailboxes WHERE office = :'recipient') - 1000000 + :count) AS n;
INSERT INTO bundles (bundle_id, upload_id, sender, recipient, out_place, in_place, state, manifest_sha256, payload_size, chunk_size,
        chunk_count, created_at, reserved_at, accepted_at, expires_at, due_at)
    SELECT c.bundle_id, relay_uuid7(now()), b.sender, b.recipient, -c.n, 1000000 + c.n, 'waiting', b.manifest_sha256, b.payload_size,
        b.chunk_size, b.chunk_count, b.created_at, b.reserved_at, b.accepted_at, b.expires_at, b.due_at
    FROM clones c JOIN bundles b ON b.bundle_id = c.source;
INSERT INTO bundle_manifests (bundle_id, files, cover, chunk_digests, signed_manifest)
    SELECT c.bundle_id, m.files, m.cover, m.chunk_digests, m.signed_manifest
    FROM clones c JOIN bundle_manifests m ON m.bundle_id = c.source;
UPDATE mailboxes SET last_in = (SELECT max(in_place) FROM bundles WHERE recipient = :'recipient') WHERE office = :'recipient';
COMMIT;
ANALYZE bundles, bundle_manifests;
