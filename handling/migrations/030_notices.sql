-- A notice is a small sealed message to one agency. The desk asks for it, one officer signs it at the guard, and only the guard puts it
-- into the exchange. What it says, and of what kind it is, stands in no clear column.
CREATE TABLE guard.notice (
    id           uuid PRIMARY KEY,
    sealed       bytea NOT NULL,              -- to the release keys of those who may sign
    requested_by text NOT NULL,
    requested_on date NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused')),
    reason       bytea                        -- of a refusal, sealed to the desk intake
);
CREATE TABLE exchange.notice (
    id            uuid PRIMARY KEY,           -- of guard.notice
    agency        text NOT NULL REFERENCES unit.agency,
    channel       text NOT NULL CHECK (channel IN ('age', 'openpgp')),
    sealed        bytea NOT NULL,
    signature     text NOT NULL,              -- SSHSIG or OpenPGP, over the sealed file
    subject       bytea NOT NULL CHECK (octet_length(subject) = 32), -- a digest by which the guard finds again what it asked
    sent_on       date NOT NULL,
    answer_by     date NOT NULL,
    downloaded_on date
);
CREATE INDEX ON exchange.notice (agency, sent_on DESC, id DESC);
CREATE INDEX ON exchange.notice (subject);
CREATE TABLE desk.notice (
    id           uuid PRIMARY KEY,            -- of guard.notice
    report       uuid NOT NULL REFERENCES desk.report,
    requested_by text NOT NULL,
    requested_on date NOT NULL,
    sealed       bytea NOT NULL               -- what it says, under the report's record key
);
CREATE INDEX ON desk.notice (report);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON desk.notice FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();

ALTER TABLE guard.signature DROP CONSTRAINT signature_kind_check;
ALTER TABLE guard.signature ADD CONSTRAINT signature_kind_check CHECK (kind IN ('review', 'manifest', 'phrase', 'notice'));

GRANT SELECT ON guard.notice TO tipline_guard;
GRANT UPDATE (state, reason, sealed) ON guard.notice TO tipline_guard;
GRANT INSERT ON exchange.notice TO tipline_guard;
GRANT SELECT (id, subject) ON exchange.notice TO tipline_guard;
GRANT INSERT (id, sealed, requested_by, requested_on), SELECT (id, state, reason) ON guard.notice TO tipline_desk;
GRANT SELECT, INSERT ON desk.notice TO tipline_desk;
GRANT SELECT ON exchange.notice TO tipline_exchange;
GRANT UPDATE (downloaded_on) ON exchange.notice TO tipline_exchange;
