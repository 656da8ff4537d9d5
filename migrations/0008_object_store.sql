-- Which object store belongs to this database: the store bears the same ID, in an object of its own.
CREATE TABLE object_store (
    one boolean PRIMARY KEY DEFAULT true CONSTRAINT object_store_one CHECK (one),
    id text NOT NULL,
    marked boolean NOT NULL DEFAULT false  -- the store was seen with it
);
GRANT SELECT, INSERT, UPDATE ON object_store TO relay_app;
