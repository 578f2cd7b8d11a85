-- Derived copies of a source's files, each sealed under its report's record key, which goes on with its list. The originals stay
-- where the tip's files are; nothing but these copies ever leaves the corridor.
CREATE TABLE corridor.attachment (
    id     uuid PRIMARY KEY,
    report uuid NOT NULL REFERENCES corridor.report,
    sealed bytea NOT NULL
);
CREATE INDEX ON corridor.attachment (report);
CREATE TABLE desk.attachment (
    report uuid NOT NULL REFERENCES desk.report,
    number integer NOT NULL CHECK (number BETWEEN 1 AND 20),   -- its place in the report's list
    sealed bytea NOT NULL,
    PRIMARY KEY (report, number)
);

GRANT SELECT, INSERT, DELETE ON corridor.attachment TO tipline_corridor;
GRANT SELECT, INSERT ON desk.attachment TO tipline_desk;
