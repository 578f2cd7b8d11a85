-- Material that agencies send in. The exchange knows whose sealed file came, and on which day; the file itself lies in the desk's
-- inbox until the desk has opened it, which is all that the desk says back.
CREATE TABLE exchange.material (
    id          uuid PRIMARY KEY,             -- of its inbox row: from the hashes of agency and sealed file
    agency      text NOT NULL REFERENCES unit.agency,
    mark        text NOT NULL CHECK (length(mark) <= 8),   -- the beginning of the sealed file's SHA-256, as the officer has it
    received_on date NOT NULL,
    opened_on   date
);
CREATE INDEX ON exchange.material (agency, received_on DESC, id DESC);

ALTER TABLE desk.inbox DROP CONSTRAINT inbox_kind_check;
ALTER TABLE desk.inbox ADD CONSTRAINT inbox_kind_check CHECK (kind IN ('report', 'acknowledgement', 'feedback', 'material'));

CREATE TABLE desk.material (
    id          uuid PRIMARY KEY,             -- of the inbox row it came with; also the id of its record key
    agency      text NOT NULL REFERENCES unit.agency,
    sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),   -- of the signed document, which holds a random id
    received_on date NOT NULL,
    sealed      bytea NOT NULL,               -- document and signature
    UNIQUE (agency, sha256)                   -- the same material counts once
);
CREATE INDEX ON desk.material (received_on DESC, id DESC);

GRANT SELECT, INSERT (id, agency, mark, received_on) ON exchange.material TO tipline_exchange;
GRANT USAGE ON SCHEMA exchange TO tipline_desk;
GRANT SELECT (id, opened_on), UPDATE (opened_on) ON exchange.material TO tipline_desk;
GRANT SELECT, INSERT ON desk.material TO tipline_desk;
