-- Subkeys of the unit's OpenPGP intake key, and what messages sealed with OpenPGP held.
CREATE TABLE corridor.pgp_key (
    serial       integer PRIMARY KEY CHECK (serial > 0),
    key_id       text NOT NULL CHECK (key_id ~ '^[0-9A-F]{16}$'),
    not_after    date NOT NULL,
    made_on      date NOT NULL,
    destroyed_on date                         -- of the subkey; the row stays and says so
);
CREATE TABLE corridor.opened (
    message uuid PRIMARY KEY REFERENCES corridor.message,
    thread  uuid NOT NULL REFERENCES corridor.thread,   -- also the id of its record key
    file    uuid REFERENCES corridor.file,              -- what it held, where that is no text
    sealed  bytea NOT NULL
);
CREATE INDEX ON corridor.opened (thread);

GRANT SELECT, INSERT, UPDATE (destroyed_on) ON corridor.pgp_key TO tipline_corridor;
GRANT SELECT, INSERT ON corridor.opened TO tipline_corridor;
