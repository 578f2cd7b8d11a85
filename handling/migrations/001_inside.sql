-- Inside: one schema per process, one role per process. A role reads its own schema; what crosses is granted line by line.
CREATE SCHEMA unit;
CREATE SCHEMA corridor;
CREATE SCHEMA desk;
CREATE SCHEMA guard;
CREATE SCHEMA exchange;

-- What all may read: the signed member list, the agencies, the agreements. Only the administrator's commands write here.
CREATE TABLE unit.member_list (
    version   integer PRIMARY KEY CHECK (version > 0),
    statement bytea NOT NULL                  -- signed by the root
);
CREATE TABLE unit.agency (
    id          text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,32}$'),
    name        text NOT NULL,
    channel     text NOT NULL CHECK (channel IN ('age', 'openpgp')),
    key         text NOT NULL,                -- public: age recipient, or armoured OpenPGP key
    fingerprint text NOT NULL,                -- pinned again in each agreement
    added_on    date NOT NULL
);
CREATE TABLE unit.agreement (
    id       text NOT NULL CHECK (id ~ '^[a-z0-9-]{1,64}$'),
    version  integer NOT NULL CHECK (version > 0),
    toml     bytea NOT NULL,                  -- the bytes as signed and stored, never changed
    sha256   bytea NOT NULL CHECK (octet_length(sha256) = 32),
    agency   text NOT NULL REFERENCES unit.agency,
    added_on date NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE FUNCTION unit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this record is never changed';
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON unit.agreement FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON unit.member_list FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();

-- One account table per process: an age scrypt file holds the second factor and the keys.
CREATE TABLE corridor.account (name text PRIMARY KEY, sealed bytea NOT NULL, failures integer NOT NULL DEFAULT 0, locked_until timestamptz, last_step bigint NOT NULL DEFAULT 0);
CREATE TABLE desk.account     (LIKE corridor.account INCLUDING ALL);
CREATE TABLE guard.account    (LIKE corridor.account INCLUDING ALL);
CREATE TABLE exchange.account (LIKE corridor.account INCLUDING ALL);

-- Corridor -------------------------------------------------------------------------------------------------------
CREATE TABLE corridor.envelope (
    id         uuid PRIMARY KEY,
    mailbox    bytea NOT NULL,
    serial     integer NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('message', 'part')),
    urgent     boolean NOT NULL,
    size       bigint NOT NULL,
    sha256     bytea NOT NULL,
    day        date NOT NULL,
    state      text NOT NULL DEFAULT 'collected' CHECK (state IN ('collected', 'resealed', 'refused'))
);
CREATE INDEX ON corridor.envelope (mailbox) WHERE state = 'collected';
CREATE TABLE corridor.mailbox (
    id        bytea PRIMARY KEY,
    recipient text NOT NULL                   -- as first seen at the drop; the sealed one wins once a tip is opened
);
CREATE TABLE corridor.thread (
    id         uuid PRIMARY KEY,              -- also the id of its record key
    mailbox    bytea NOT NULL UNIQUE,
    recipient  text NOT NULL,                 -- from the sealed message
    way        text NOT NULL CHECK (way IN ('arrival')),
    sealed     bytea NOT NULL,                -- thread keys, counters, hashes
    created_on date NOT NULL
);
CREATE TABLE corridor.tip (
    id          uuid PRIMARY KEY,
    thread      uuid NOT NULL UNIQUE REFERENCES corridor.thread,
    state       text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'open', 'parked', 'spam', 'worked', 'closed')),
    urgent      boolean NOT NULL,
    received_on date NOT NULL,
    owner       text,
    sealed      bytea NOT NULL
);
CREATE INDEX ON corridor.tip (urgent DESC, received_on DESC, id DESC);
CREATE TABLE corridor.message (
    id        uuid PRIMARY KEY,               -- of its envelope, or random for a reply
    thread    uuid NOT NULL REFERENCES corridor.thread,
    direction text NOT NULL CHECK (direction IN ('in', 'out')),
    counter   integer NOT NULL,
    verdict   text NOT NULL CHECK (verdict IN ('good', 'forged', 'replayed', 'gap')),
    day       date NOT NULL,
    author    text,
    sealed    bytea NOT NULL
);
CREATE INDEX ON corridor.message (thread, day);
CREATE TABLE corridor.file (
    id      uuid PRIMARY KEY,                 -- of the sidecar's envelope
    thread  uuid NOT NULL REFERENCES corridor.thread,
    sealed  bytea NOT NULL,                   -- the sidecar
    state   text NOT NULL CHECK (state IN ('waiting', 'whole', 'damaged'))
);
CREATE TABLE corridor.part (
    id   uuid PRIMARY KEY,                    -- of its envelope, and of the re-sealed blob
    file uuid NOT NULL REFERENCES corridor.file
);
CREATE TABLE corridor.item (
    id         uuid PRIMARY KEY,
    tip        uuid NOT NULL REFERENCES corridor.tip,
    position   integer NOT NULL,
    author     text NOT NULL,
    created_on date NOT NULL,
    sealed     bytea NOT NULL,
    UNIQUE (tip, position)
);
CREATE TABLE corridor.grade (
    id          uuid PRIMARY KEY,
    item        uuid NOT NULL REFERENCES corridor.item,
    scheme      text NOT NULL,
    source      text NOT NULL,
    information text NOT NULL,
    author      text NOT NULL,
    graded_at   timestamptz NOT NULL,
    sealed      bytea NOT NULL                -- the reason
);
CREATE INDEX ON corridor.grade (item, graded_at);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON corridor.grade FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
CREATE TABLE corridor.report (
    id         uuid PRIMARY KEY,              -- its URN is urn:uuid:<id>; also the id of its record key
    state      text NOT NULL CHECK (state IN ('draft', 'queued', 'reviewed', 'refused')),
    author     text NOT NULL,
    created_on date NOT NULL,
    sealed     bytea NOT NULL                 -- document, facts, agencies, and the link to its items and thread
);
CREATE TABLE corridor.outgoing (
    id       uuid PRIMARY KEY,                -- of its message
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    mailbox  bytea NOT NULL,
    inner_file bytea NOT NULL                 -- an age file to the source
);
CREATE INDEX ON corridor.outgoing (mailbox, position);
CREATE TABLE corridor.outcome (
    id          uuid PRIMARY KEY,
    sealed      bytea NOT NULL,               -- to the corridor vault
    received_on date NOT NULL,
    state       text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'proposed', 'told', 'kept'))
);

-- Desk -----------------------------------------------------------------------------------------------------------
CREATE TABLE desk.inbox (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('report', 'acknowledgement', 'feedback')),
    sealed      bytea NOT NULL,               -- to the desk intake
    received_on date NOT NULL
);
CREATE TABLE desk.report (
    id          uuid PRIMARY KEY,             -- the report's URN; also the id of its record key at the desk
    received_on date NOT NULL,
    sealed      bytea NOT NULL                -- document and review statement
);
CREATE INDEX ON desk.report (received_on DESC, id DESC);
CREATE TABLE desk.release (
    id           uuid PRIMARY KEY,            -- of guard.release
    report       uuid NOT NULL REFERENCES desk.report,
    agency       text NOT NULL REFERENCES unit.agency,
    requested_by text NOT NULL,
    requested_on date NOT NULL,
    sealed       bytea NOT NULL               -- the ledger: manifest, hash of the ZIP
);
CREATE INDEX ON desk.release (report);
CREATE TABLE desk.feedback (
    id          uuid PRIMARY KEY,             -- of its inbox row
    release     uuid NOT NULL REFERENCES desk.release,
    kind        text NOT NULL CHECK (kind IN ('acknowledgement', 'feedback')),
    received_on date NOT NULL,
    sealed      bytea NOT NULL
);
CREATE INDEX ON desk.feedback (release);
CREATE TABLE desk.outcome (
    id       uuid PRIMARY KEY,                -- of corridor.outcome
    report   uuid NOT NULL REFERENCES desk.report,
    filed_by text NOT NULL,
    filed_on date NOT NULL,
    sealed   bytea NOT NULL
);
CREATE INDEX ON desk.outcome (report);

-- Guard ----------------------------------------------------------------------------------------------------------
CREATE TABLE guard.review (
    id           uuid PRIMARY KEY,            -- the report's
    sealed       bytea NOT NULL,              -- to the release keys of those who may review
    requested_by text NOT NULL,
    requested_on date NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'signed', 'refused')),
    reason       bytea                        -- of a refusal, sealed to the corridor vault
);
CREATE TABLE guard.release (
    id           uuid PRIMARY KEY,
    sealed       bytea NOT NULL,              -- to the release keys of those who may sign
    requested_by text NOT NULL,
    requested_on date NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'signed-once', 'released', 'refused')),
    reason       bytea                        -- of a refusal, sealed to the desk intake
);
CREATE TABLE guard.phrase (
    id           uuid PRIMARY KEY,            -- the outcome's
    phrase       text NOT NULL,
    requested_by text NOT NULL,
    requested_on date NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'signed-once', 'approved', 'refused')),
    reason       bytea                        -- of a refusal, sealed to the corridor vault
);
CREATE TABLE guard.signature (
    subject   uuid NOT NULL,                  -- of the review, release or phrase
    kind      text NOT NULL CHECK (kind IN ('review', 'manifest', 'phrase')),
    signer    text NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (subject, kind, signer)
);

-- Exchange -------------------------------------------------------------------------------------------------------
CREATE TABLE exchange.package (
    id              uuid PRIMARY KEY,         -- the release's
    agency          text NOT NULL REFERENCES unit.agency,
    channel         text NOT NULL CHECK (channel IN ('age', 'openpgp')),
    sealed          bytea NOT NULL,
    signature       text NOT NULL,            -- SSHSIG or OpenPGP, over the sealed file
    "check"         bytea NOT NULL CHECK (octet_length("check") = 32),  -- of the opened ZIP; says nothing of its hash
    released_on     date NOT NULL,
    acknowledge_by  date NOT NULL,
    feedback_due    date NOT NULL,
    delete_by       date NOT NULL,
    downloaded_on   date,
    acknowledged_on date
);
CREATE INDEX ON exchange.package (agency, released_on DESC, id DESC);
CREATE TABLE exchange.answer (                -- what an agency sees of its own answers; their content goes to the desk, sealed
    id       uuid PRIMARY KEY,
    package  uuid NOT NULL REFERENCES exchange.package,
    kind     text NOT NULL CHECK (kind IN ('acknowledgement', 'feedback')),
    given_on date NOT NULL
);
CREATE INDEX ON exchange.answer (package);

GRANT USAGE ON SCHEMA unit TO tipline_corridor, tipline_desk, tipline_guard, tipline_exchange;
GRANT SELECT ON ALL TABLES IN SCHEMA unit TO tipline_corridor, tipline_desk, tipline_guard;
GRANT SELECT ON unit.member_list, unit.agency TO tipline_exchange;

GRANT USAGE ON SCHEMA corridor TO tipline_corridor, tipline_desk;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA corridor TO tipline_corridor;
REVOKE INSERT ON corridor.account, corridor.outcome FROM tipline_corridor;
REVOKE UPDATE ON corridor.account, corridor.grade FROM tipline_corridor;
GRANT UPDATE (failures, locked_until, last_step) ON corridor.account TO tipline_corridor;
GRANT DELETE ON corridor.item TO tipline_corridor;
GRANT INSERT ON corridor.outcome TO tipline_desk;

GRANT USAGE ON SCHEMA desk TO tipline_desk, tipline_guard, tipline_exchange;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA desk TO tipline_desk;
REVOKE INSERT ON desk.account, desk.inbox FROM tipline_desk;
GRANT UPDATE (failures, locked_until, last_step) ON desk.account TO tipline_desk;
GRANT DELETE ON desk.inbox TO tipline_desk;
GRANT INSERT ON desk.inbox TO tipline_guard, tipline_exchange;

GRANT USAGE ON SCHEMA guard TO tipline_guard, tipline_corridor, tipline_desk;
GRANT SELECT ON ALL TABLES IN SCHEMA guard TO tipline_guard;
GRANT UPDATE (failures, locked_until, last_step) ON guard.account TO tipline_guard;
GRANT UPDATE (state, reason, sealed) ON guard.review, guard.release TO tipline_guard;
GRANT UPDATE (state, reason) ON guard.phrase TO tipline_guard;
GRANT INSERT ON guard.signature TO tipline_guard;
GRANT INSERT (id, sealed, requested_by, requested_on), SELECT (id, state, reason) ON guard.review TO tipline_corridor;
GRANT INSERT (id, phrase, requested_by, requested_on), SELECT ON guard.phrase TO tipline_corridor;
GRANT SELECT ON guard.signature TO tipline_corridor;
GRANT INSERT (id, sealed, requested_by, requested_on), SELECT (id, state, reason) ON guard.release TO tipline_desk;

GRANT USAGE ON SCHEMA exchange TO tipline_exchange, tipline_guard;
GRANT SELECT ON ALL TABLES IN SCHEMA exchange TO tipline_exchange;
GRANT UPDATE (failures, locked_until, last_step) ON exchange.account TO tipline_exchange;
GRANT UPDATE (downloaded_on, acknowledged_on) ON exchange.package TO tipline_exchange;
GRANT INSERT ON exchange.answer TO tipline_exchange;
GRANT INSERT ON exchange.package TO tipline_guard;
