-- Finds a chunk's row by its object, in the order of a store's list: for the sweep of the object store.
CREATE INDEX payload_chunks_object ON payload_chunks (object_key) WHERE object_key IS NOT NULL;
