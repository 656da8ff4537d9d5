-- The relay's tables. What must hold, and why, is told in docs/architecture.md ("Data").
-- Run as relay_owner; the server connects as relay_app; auditors' reads run as relay_audit.

DO $$
DECLARE
    role_name text;
    missing text[] := '{}';
BEGIN
    FOREACH role_name IN ARRAY ARRAY['relay_app', 'relay_audit'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', role_name);
            EXCEPTION WHEN insufficient_privilege THEN
                missing := missing || role_name;
            END;
        END IF;
    END LOOP;
    IF missing <> '{}' THEN
        RAISE EXCEPTION 'these roles are missing and this user may not create them: %', array_to_string(missing, ', ');
    END IF;
    IF NOT pg_has_role('relay_app', 'relay_audit', 'MEMBER') THEN
        GRANT relay_audit TO relay_app;  -- so that the server may SET ROLE for auditors' reads
    END IF;
END $$;

-- Accounts ---------------------------------------------------------------------------------------------------------

-- One row; its lock puts the versions of all changes of accounts into commit order.
CREATE TABLE registry (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version bigint NOT NULL
);
INSERT INTO registry (version) VALUES (1);

CREATE TABLE offices (
    number text PRIMARY KEY CONSTRAINT offices_number CHECK (number ~ '^[0-9]{2}[0-9A-Z][0-9]{7}$'),
    name text NOT NULL CONSTRAINT offices_name CHECK (char_length(name) BETWEEN 1 AND 200),
    prefecture text NOT NULL CONSTRAINT offices_prefecture CHECK (prefecture ~ '^[0-9]{2}$'),
    services text[] NOT NULL DEFAULT '{}',
    added_at timestamptz NOT NULL,
    closed_at timestamptz,
    version bigint NOT NULL
);
CREATE INDEX offices_version ON offices (version);

CREATE TABLE users (
    user_id text PRIMARY KEY CONSTRAINT users_user_id CHECK (user_id ~ '^(KJ|AU|OP)[0-9]{12}$'),
    role text NOT NULL CONSTRAINT users_role CHECK (role IN ('office', 'auditor', 'operator')),
    office text CONSTRAINT users_office REFERENCES offices,
    added_at timestamptz NOT NULL,
    closed_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT users_office_role CHECK ((role = 'office') = (office IS NOT NULL))
);
CREATE INDEX users_version ON users (version);
CREATE INDEX users_of_office ON users (office);

-- Apart from users: changes with every failed sign-in and must not wake the registry.
CREATE TABLE passwords (
    user_id text PRIMARY KEY CONSTRAINT passwords_user REFERENCES users,
    hash text NOT NULL,
    set_at timestamptz NOT NULL,
    temporary boolean NOT NULL,
    history text[] NOT NULL,          -- the last three hashes, the current one first
    failures int NOT NULL DEFAULT 0,
    locked_until timestamptz
);

CREATE TABLE certificates (
    sha256 bytea PRIMARY KEY CONSTRAINT certificates_sha256 CHECK (octet_length(sha256) = 32),
    user_id text NOT NULL CONSTRAINT certificates_user REFERENCES users,
    der bytea NOT NULL,
    not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL,
    serial bytea NOT NULL,            -- content octets
    issuer_serial bytea NOT NULL CONSTRAINT certificates_issuer_serial CHECK (octet_length(issuer_serial) = 32),
    key_identifier bytea NOT NULL,    -- empty: none
    registered_at timestamptz NOT NULL,
    revoked_at timestamptz,
    reason text,
    version bigint NOT NULL
);
CREATE INDEX certificates_version ON certificates (version);
CREATE INDEX certificates_of_user ON certificates (user_id);
CREATE INDEX certificates_not_after ON certificates (not_after);

CREATE TABLE licences (
    licence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    office text NOT NULL CONSTRAINT licences_office REFERENCES offices,
    kind text NOT NULL CONSTRAINT licences_kind CHECK (kind IN ('regular', 'free-pass')),
    valid_from date NOT NULL,
    valid_until date NOT NULL,        -- the last licensed day (Japan's)
    version bigint NOT NULL
);
CREATE INDEX licences_version ON licences (version);
CREATE INDEX licences_of_office ON licences (office);

CREATE TABLE sessions (
    token_sha256 bytea PRIMARY KEY,
    user_id text NOT NULL CONSTRAINT sessions_user REFERENCES users,
    certificate_sha256 bytea NOT NULL,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    version bigint NOT NULL DEFAULT 0  -- of its end; 0 while it lasts
);
CREATE INDEX sessions_version ON sessions (version) WHERE version > 0;
CREATE INDEX sessions_of_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Bundles ----------------------------------------------------------------------------------------------------------

-- The row lock, held until commit, puts the places of one mailbox into commit order.
CREATE TABLE mailboxes (
    office text PRIMARY KEY CONSTRAINT mailboxes_office REFERENCES offices,
    last_in bigint NOT NULL DEFAULT 0,
    last_out bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Every office has its mailboxes from the start: a commit group only ever finds and locks them.
CREATE FUNCTION open_mailbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO mailboxes (office) VALUES (NEW.number) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER open_mailbox AFTER INSERT ON offices FOR EACH ROW EXECUTE FUNCTION open_mailbox();

-- No foreign keys from here on: each would cost a look-up per row on the hot path, and nothing is ever deleted from
-- offices. The commit groups keep these tables together.
CREATE TABLE bundles (
    bundle_id uuid PRIMARY KEY,
    upload_id uuid NOT NULL,          -- of the reservation that holds the ID; names the payload's chunks
    sender text NOT NULL,
    recipient text NOT NULL,
    out_place bigint NOT NULL,
    in_place bigint,
    state text NOT NULL CONSTRAINT bundles_state CHECK
        (state IN ('uploading', 'waiting', 'claimed', 'fetched', 'rejected', 'withdrawn', 'expired')),
    confirmation text CONSTRAINT bundles_confirmation CHECK (confirmation IN ('receipt', 'none')),
    manifest_sha256 bytea NOT NULL,
    payload_size bigint NOT NULL,
    chunk_size bigint NOT NULL,
    chunk_count int NOT NULL,
    created_at timestamptz NOT NULL,  -- the manifest's
    reserved_at timestamptz NOT NULL,
    accepted_at timestamptz,
    expires_at timestamptz,
    due_at timestamptz,               -- when a drop, an expiry or a lapse is due, in the states that have one
    claim_id uuid,                    -- of the current claim, or of the last one in an end state
    claimed_at timestamptz,
    last_call_at timestamptz,
    sent int8multirange,              -- bytes of the payload written under the current claim
    sent_at timestamptz,              -- when every byte had been sent
    fetched_at timestamptz,
    rejected_at timestamptz,
    withdrawn_at timestamptz,
    expired_at timestamptz,
    CONSTRAINT bundles_published CHECK ((state = 'uploading') = (in_place IS NULL)),
    CONSTRAINT bundles_claim CHECK (state <> 'claimed' OR (claim_id IS NOT NULL AND claimed_at IS NOT NULL AND due_at IS NOT NULL)),
    CONSTRAINT bundles_fetched CHECK ((state = 'fetched') = (fetched_at IS NOT NULL AND confirmation IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX bundles_inbox ON bundles (recipient, in_place) WHERE in_place IS NOT NULL;
CREATE INDEX bundles_inbox_state ON bundles (recipient, state, in_place) WHERE in_place IS NOT NULL;
CREATE INDEX bundles_outbox ON bundles (sender, out_place);
CREATE INDEX bundles_uploading ON bundles (sender) WHERE state = 'uploading';
CREATE INDEX bundles_due ON bundles (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE bundle_manifests (
    bundle_id uuid PRIMARY KEY,
    files text NOT NULL,              -- the JSON array as answers show it
    cover bytea,
    chunk_digests bytea NOT NULL,     -- 32 bytes a chunk
    signed_manifest bytea NOT NULL
);
ALTER TABLE bundle_manifests
    ALTER signed_manifest SET STORAGE EXTERNAL, ALTER cover SET STORAGE EXTERNAL, ALTER chunk_digests SET STORAGE EXTERNAL;

CREATE TABLE payload_chunks (
    upload_id uuid NOT NULL,
    n int NOT NULL,
    size bigint NOT NULL,
    bytes bytea,
    object_key text,
    PRIMARY KEY (upload_id, n),
    CONSTRAINT payload_chunks_place CHECK ((bytes IS NULL) <> (object_key IS NULL))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 1000);
ALTER TABLE payload_chunks ALTER bytes SET STORAGE EXTERNAL;

-- claim_ids that lapsed on a bundle: they cannot claim it again.
CREATE TABLE lapsed_claims (
    bundle_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    lapsed_at timestamptz NOT NULL,
    PRIMARY KEY (bundle_id, claim_id)
);

CREATE TABLE receipts (
    bundle_id uuid PRIMARY KEY,
    outcome text NOT NULL CONSTRAINT receipts_outcome CHECK (outcome IN ('stored', 'rejected')),
    reason text,
    signed_receipt bytea NOT NULL,
    receipt_sha256 bytea NOT NULL,
    received_at timestamptz NOT NULL
);
ALTER TABLE receipts ALTER signed_receipt SET STORAGE EXTERNAL;

-- Objects on their way in (announced before their first byte) and on their way out (doomed).
CREATE TABLE pending_objects (
    key text PRIMARY KEY,
    at timestamptz NOT NULL,
    doomed boolean NOT NULL DEFAULT false,
    bundle_id uuid                    -- whose payload_destroyed waits for it
);
CREATE INDEX pending_objects_at ON pending_objects (doomed, at);
CREATE INDEX pending_objects_bundle ON pending_objects (bundle_id) WHERE bundle_id IS NOT NULL;

-- Delivery log -----------------------------------------------------------------------------------------------------

-- A UUID v7 (RFC 9562 §5.7) of that time, for events that no process numbers: lapses, expiries, destruction.
CREATE FUNCTION relay_uuid7(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    -- gen_random_uuid() brings the variant; its version 4 (0100) becomes 7 (0111) by two bits
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((date_part('epoch', at) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- RFC 8785 form of an event (protocol/delivery_event builds the same bytes; a test compares the two).
-- Every value is ASCII without characters that JSON escapes, which the columns' CHECKs guarantee.
CREATE FUNCTION event_leaf(
    event_id uuid, type text, at timestamptz, actor_user text, actor_certificate bytea,
    subject_user text, subject_certificate bytea, subject_office text,
    bundle_id uuid, sender text, recipient text, manifest_sha256 bytea, code text, confirmation text, receipt_sha256 bytea
) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN '{'
        || CASE WHEN actor_user IS NULL AND actor_certificate IS NULL THEN '' ELSE
               '"actor":{' || concat_ws(',', '"certificate_sha256":"' || encode(actor_certificate, 'hex') || '"',
                                             '"user_id":"' || actor_user || '"') || '},' END
        || '"at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"'
        || coalesce(',"bundle_id":"' || bundle_id || '"', '')
        || coalesce(',"code":"' || code || '"', '')
        || coalesce(',"confirmation":"' || confirmation || '"', '')
        || ',"event_id":"' || event_id || '"'
        || coalesce(',"manifest_sha256":"' || encode(manifest_sha256, 'hex') || '"', '')
        || coalesce(',"receipt_sha256":"' || encode(receipt_sha256, 'hex') || '"', '')
        || coalesce(',"recipient":"' || recipient || '"', '')
        || coalesce(',"sender":"' || sender || '"', '')
        || CASE WHEN subject_user IS NULL AND subject_certificate IS NULL AND subject_office IS NULL THEN '' ELSE
               ',"subject":{' || concat_ws(',', '"certificate_sha256":"' || encode(subject_certificate, 'hex') || '"',
                                                '"office":"' || subject_office || '"',
                                                '"user_id":"' || subject_user || '"') || '}' END
        || ',"type":"' || type || '"}';
END $$;

CREATE TABLE events (
    event_id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,  -- order of insertion: what one row's lock ordered stays ordered
    xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,  -- the sequencer finds what is new by it
    type text NOT NULL CONSTRAINT events_type CHECK (type ~ '^[a-z_]+$'),
    at timestamptz NOT NULL,
    actor_user text CONSTRAINT events_actor CHECK (actor_user ~ '^[A-Za-z0-9]+$'),
    actor_certificate bytea,
    subject_user text CONSTRAINT events_subject CHECK (subject_user ~ '^[A-Za-z0-9]+$'),
    subject_certificate bytea,
    subject_office text,
    bundle_id uuid,
    sender text,
    recipient text,
    manifest_sha256 bytea,
    code text CONSTRAINT events_code CHECK (code ~ '^[a-z0-9_. -]+$'),
    confirmation text,
    receipt_sha256 bytea,
    leaf text NOT NULL GENERATED ALWAYS AS (event_leaf(
        event_id, type, at, actor_user, actor_certificate, subject_user, subject_certificate, subject_office,
        bundle_id, sender, recipient, manifest_sha256, code, confirmation, receipt_sha256)) STORED
);
CREATE INDEX events_xid ON events (xid);
CREATE INDEX events_bundle ON events (bundle_id) WHERE bundle_id IS NOT NULL;
CREATE INDEX events_position ON events (position);
CREATE INDEX events_refusals ON events (coalesce(actor_user, ''), at) WHERE type IN ('bundle_refused', 'session_refused');
-- For auditors' lists. One entry a bundle for its offices: the other events are found by the bundle.
CREATE INDEX events_at ON events USING brin (at);
CREATE INDEX events_actor ON events (actor_user);
CREATE INDEX events_subject_user ON events (subject_user) WHERE subject_user IS NOT NULL;
CREATE INDEX events_subject_office ON events (subject_office) WHERE subject_office IS NOT NULL;
CREATE INDEX events_sender ON events (sender) WHERE type IN ('bundle_accepted', 'bundle_refused');
CREATE INDEX events_recipient ON events (recipient) WHERE type IN ('bundle_accepted', 'bundle_refused');

-- The sequencer's: which event has which index.
CREATE TABLE log_leaves (
    index bigint PRIMARY KEY CONSTRAINT log_leaves_index CHECK (index >= 0),
    event_id uuid NOT NULL CONSTRAINT log_leaves_event UNIQUE
);

CREATE VIEW audit_events AS
    SELECT l.index, e.position, e.event_id, e.type, e.at, e.actor_user, e.subject_user, e.subject_office,
           e.bundle_id, e.sender, e.recipient, e.leaf
    FROM events e LEFT JOIN log_leaves l USING (event_id);

-- Those without an index. They are among the latest; looking further back than this would read the whole log.
CREATE VIEW audit_unindexed AS
    SELECT e.position, e.event_id, e.type, e.at, e.actor_user, e.subject_user, e.subject_office,
           e.bundle_id, e.sender, e.recipient, e.leaf
    FROM events e
    WHERE e.position > coalesce((SELECT t.position FROM log_leaves l JOIN events t USING (event_id)
                                 WHERE l.index = (SELECT max(index) - 50000 FROM log_leaves)), 0)
      AND NOT EXISTS (SELECT FROM log_leaves l WHERE l.event_id = e.event_id);

-- Of the files only what identifies their content: names can say something about people.
CREATE VIEW audit_bundles AS
    SELECT b.bundle_id, b.state, b.sender, b.recipient, b.created_at, b.accepted_at, b.manifest_sha256,
           b.payload_size, b.chunk_size, b.chunk_count, f.file_sizes, f.file_digests, m.chunk_digests
    FROM bundles b JOIN bundle_manifests m USING (bundle_id)
    CROSS JOIN LATERAL (SELECT array_agg(file ->> 'size' ORDER BY n) AS file_sizes,
                               array_agg(file ->> 'sha256' ORDER BY n) AS file_digests
                        FROM json_array_elements(m.files::json) WITH ORDINALITY AS files (file, n)) AS f;

-- Rights -----------------------------------------------------------------------------------------------------------

GRANT USAGE ON SCHEMA public TO relay_app, relay_audit;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO relay_app;
REVOKE UPDATE, DELETE, TRUNCATE ON events, log_leaves FROM relay_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO relay_app;
REVOKE ALL ON audit_events, audit_unindexed, audit_bundles FROM relay_app;
GRANT SELECT ON audit_events, audit_unindexed, audit_bundles TO relay_audit, relay_app;
