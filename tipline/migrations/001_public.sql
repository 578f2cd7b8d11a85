-- The public zone: what the source and drop processes keep until a unit has collected it. Days, never times; ciphertext, never text.
CREATE SCHEMA zone;

CREATE TABLE zone.intake_key (
    unit       text NOT NULL,
    serial     integer NOT NULL CHECK (serial > 0),
    statement  bytea NOT NULL,                -- signed; verified against the pinned signer at each use
    not_before date NOT NULL,
    not_after  date NOT NULL,
    PRIMARY KEY (unit, serial)
);

CREATE TABLE zone.mailbox (
    id           bytea PRIMARY KEY CHECK (octet_length(id) = 32),   -- SHA-256 of the codename's lookup
    unit         text NOT NULL,
    recipient    text NOT NULL,               -- of the source; public, used for the outer layer only
    bundle       bytea NOT NULL,              -- one size for all
    thread_state bytea NOT NULL,              -- sealed under a key of the codename
    created_on   date NOT NULL
);

CREATE TABLE zone.submission (
    mac     bytea PRIMARY KEY CHECK (octet_length(mac) = 32),       -- an identical resend is one tip
    mailbox bytea NOT NULL REFERENCES zone.mailbox ON DELETE CASCADE
);

CREATE TABLE zone.envelope (
    id      uuid PRIMARY KEY,                 -- also the name of its blob
    mailbox bytea NOT NULL REFERENCES zone.mailbox,
    unit    text NOT NULL,
    serial  integer NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('message', 'part')),
    urgent  boolean NOT NULL,
    size    bigint NOT NULL CHECK (size > 0),
    sha256  bytea NOT NULL CHECK (octet_length(sha256) = 32),
    day     date NOT NULL
);
CREATE INDEX ON zone.envelope (unit);

CREATE TABLE zone.session (
    id     bytea PRIMARY KEY CHECK (octet_length(id) = 32),         -- SHA-256 of one half of the cookie
    sealed bytea NOT NULL,                    -- under a key from the other half
    day    date NOT NULL
);

GRANT USAGE ON SCHEMA zone TO tipline_keep, tipline_drop;
GRANT SELECT ON zone.intake_key TO tipline_keep;
GRANT SELECT, INSERT, UPDATE (thread_state) ON zone.mailbox TO tipline_keep;
GRANT SELECT, INSERT ON zone.submission TO tipline_keep;
GRANT INSERT, SELECT (id, mailbox, day) ON zone.envelope TO tipline_keep;
GRANT SELECT, INSERT, DELETE ON zone.session TO tipline_keep;

GRANT SELECT, INSERT ON zone.intake_key TO tipline_drop;
GRANT SELECT (id, unit, recipient), UPDATE (bundle) ON zone.mailbox TO tipline_drop;
GRANT SELECT, DELETE ON zone.envelope TO tipline_drop;
