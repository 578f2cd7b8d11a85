-- An analyst hands material to the corridor, sealed to its vault, so that reports can rest on it. The corridor judges the agency's
-- signature itself before it seals it again under a record key of its own; what does not hold stays as it came and is never used.
ALTER TABLE desk.material ADD COLUMN handed_by text;
ALTER TABLE desk.material ADD COLUMN handed_on date;
ALTER TABLE desk.material ADD CHECK ((handed_by IS NULL) = (handed_on IS NULL));

CREATE TABLE corridor.material (
    id          uuid PRIMARY KEY,             -- of desk.material; also the id of its record key here
    agency      text NOT NULL REFERENCES unit.agency,
    received_on date NOT NULL,                -- by the portal
    state       text NOT NULL DEFAULT 'handed' CHECK (state IN ('handed', 'usable', 'refused')),
    sealed      bytea NOT NULL                -- to the corridor vault; under its record key once it is usable
);
CREATE INDEX ON corridor.material (received_on DESC, id DESC);

GRANT UPDATE (handed_by, handed_on) ON desk.material TO tipline_desk;
GRANT INSERT (id, agency, received_on, sealed) ON corridor.material TO tipline_desk;
GRANT SELECT, UPDATE (state, sealed) ON corridor.material TO tipline_corridor;
