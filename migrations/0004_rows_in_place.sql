-- Rows of up to a page stay whole: a manifest of 2 kB is neither compressed nor cut out into a row of its own, which cost
-- more than all else of it. Nor is a payload that fits.
ALTER TABLE bundle_manifests SET (toast_tuple_target = 8160);
ALTER TABLE receipts SET (toast_tuple_target = 8160);
ALTER TABLE payload_chunks SET (toast_tuple_target = 8160);
