-- Material whose last day is over is deleted; a line stays. The line has a record key of its own: that of the piece is destroyed.
-- The desk notes the days on which it ran, as the corridor does: nothing is deleted by a clock that jumped for a day.
CREATE TABLE desk.day (
    day date PRIMARY KEY
);
GRANT SELECT, INSERT ON desk.day TO tipline_desk;

CREATE TABLE desk.material_gone (
    id          uuid PRIMARY KEY,             -- also the id of its record key
    agency      text NOT NULL REFERENCES unit.agency,
    sha256      bytea NOT NULL CHECK (octet_length(sha256) = 32),
    received_on date NOT NULL,
    gone_on     date NOT NULL,
    sealed      bytea NOT NULL,               -- the agency's reference
    UNIQUE (agency, sha256)                   -- what was deleted does not come in again
);
CREATE INDEX ON desk.material_gone (gone_on DESC, id DESC);
GRANT DELETE ON desk.material TO tipline_desk;
GRANT SELECT, INSERT ON desk.material_gone TO tipline_desk;

CREATE TABLE corridor.material_gone (
    id          uuid PRIMARY KEY,             -- also the id of its record key
    agency      text NOT NULL REFERENCES unit.agency,
    received_on date NOT NULL,
    gone_on     date NOT NULL,
    sealed      bytea NOT NULL                -- the agency's reference; hash and conditions, which reports that rest on it keep
);
CREATE INDEX ON corridor.material_gone (gone_on DESC, id DESC);
GRANT DELETE ON corridor.material TO tipline_corridor;
GRANT SELECT, INSERT ON corridor.material_gone TO tipline_corridor;
