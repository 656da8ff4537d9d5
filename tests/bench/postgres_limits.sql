-- The tables of a relay that checks nothing: what a bundle's rows cost PostgreSQL at least. In a database of its own.
CREATE TABLE bundles (bundle_id uuid PRIMARY KEY, sender text NOT NULL, recipient text NOT NULL, place bigint NOT NULL,
    state text NOT NULL, at timestamptz NOT NULL, claim_id uuid, manifest bytea NOT NULL) WITH (fillfactor = 80);
CREATE INDEX ON bundles (recipient, place);
CREATE INDEX ON bundles (sender, place);
CREATE TABLE payloads (bundle_id uuid PRIMARY KEY, bytes bytea NOT NULL);
CREATE TABLE events (event_id uuid PRIMARY KEY, bundle_id uuid NOT NULL, leaf text NOT NULL);
CREATE INDEX ON events (bundle_id);
CREATE TABLE receipts (bundle_id uuid PRIMARY KEY, receipt bytea NOT NULL);
ALTER TABLE bundles ALTER manifest SET STORAGE EXTERNAL;
ALTER TABLE payloads ALTER bytes SET STORAGE EXTERNAL;
ALTER TABLE receipts ALTER receipt SET STORAGE EXTERNAL;
