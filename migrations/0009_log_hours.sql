-- Where in the log the events of an hour stand, so that auditors' questions about a time begin and end there. The times
-- of neighbours may stand the other way round, and a clock may be set: what counts is what is noted here of each event.
CREATE TABLE log_hours (
    hour timestamptz PRIMARY KEY,
    first_index bigint NOT NULL,
    last_index bigint NOT NULL
);

CREATE FUNCTION note_log_hours() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO log_hours AS h (hour, first_index, last_index)
    SELECT date_trunc('hour', e.at, 'UTC'), min(l.index), max(l.index)
    FROM fresh l JOIN events e USING (event_id) GROUP BY 1
    ON CONFLICT (hour) DO UPDATE SET first_index = least(h.first_index, excluded.first_index),
                                     last_index = greatest(h.last_index, excluded.last_index);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION note_log_hours() FROM PUBLIC;

-- By a trigger, so that a sequencer of the version before notes them, too, while both run.
CREATE TRIGGER log_leaves_hours AFTER INSERT ON log_leaves REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_log_hours();

INSERT INTO log_hours (hour, first_index, last_index)
SELECT date_trunc('hour', e.at, 'UTC'), min(l.index), max(l.index)
FROM log_leaves l JOIN events e USING (event_id) GROUP BY 1;

GRANT SELECT ON log_hours TO relay_audit, relay_app;
