-- Auditors' pages tell by the writing transaction which events were there when a page ended.
CREATE OR REPLACE VIEW audit_events AS
    SELECT l.index, e.position, e.event_id, e.type, e.at, e.actor_user, e.subject_user, e.subject_office,
           e.bundle_id, e.sender, e.recipient,
           event_leaf(e.event_id, e.type, e.at, e.actor_user, e.actor_certificate, e.subject_user, e.subject_certificate,
                      e.subject_office, e.bundle_id, e.sender, e.recipient, e.manifest_sha256, e.code, e.confirmation,
                      e.receipt_sha256) AS leaf,
           e.xid
    FROM events e LEFT JOIN log_leaves l USING (event_id);

CREATE OR REPLACE VIEW audit_unindexed AS
    SELECT a.position, a.event_id, a.type, a.at, a.actor_user, a.subject_user, a.subject_office,
           a.bundle_id, a.sender, a.recipient, a.leaf, a.xid
    FROM audit_events a
    WHERE a.position > (SELECT position FROM log_mark)
      AND NOT EXISTS (SELECT FROM log_leaves l WHERE l.event_id = a.event_id);
