-- What is known ahead of tips: conflicts of interest, and people of agencies. One sealed row of one of few lengths, so that
-- neither how many stand there nor about whom shows. Its revision says which tips were held against it.
CREATE TABLE corridor.interests (
    id       uuid PRIMARY KEY,                                     -- also the id of its record key
    revision integer NOT NULL CHECK (revision > 0),
    sealed   bytea NOT NULL
);
CREATE UNIQUE INDEX one_row ON corridor.interests ((true));
CREATE TABLE corridor.interest_arrived (
    id     uuid PRIMARY KEY,
    sealed bytea NOT NULL                                          -- people of an agency, to the corridor vault
);
ALTER TABLE corridor.tip ADD COLUMN looked integer NOT NULL DEFAULT 0;  -- revision that everything in it was held against
CREATE INDEX ON corridor.tip (looked);

GRANT SELECT, INSERT, UPDATE (revision, sealed) ON corridor.interests TO tipline_corridor;
GRANT SELECT, DELETE ON corridor.interest_arrived TO tipline_corridor;
