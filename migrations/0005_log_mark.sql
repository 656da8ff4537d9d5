-- Every event up to this position has its index: there the sequencer begins after a start, instead of at the first event.
CREATE TABLE log_mark (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT log_mark_only_row CHECK (only_row),
    position bigint NOT NULL
);
INSERT INTO log_mark (position) VALUES (0);
GRANT SELECT, UPDATE ON log_mark TO relay_app;

CREATE OR REPLACE VIEW audit_unindexed AS
    SELECT e.position, e.event_id, e.type, e.at, e.actor_user, e.subject_user, e.subject_office,
           e.bundle_id, e.sender, e.recipient, e.leaf
    FROM events e
    WHERE e.position > (SELECT position FROM log_mark)
      AND NOT EXISTS (SELECT FROM log_leaves l WHERE l.event_id = e.event_id);
