-- Sharing is the rule: that a permitted agency was left out is kept with author and day. Which agency and why is sealed
-- under the report's record key. Nobody changes or takes back one; a later request for a release stands beside it.
CREATE TABLE desk.withholding (
    id          uuid PRIMARY KEY,
    report      uuid NOT NULL REFERENCES desk.report,
    withheld_by text NOT NULL,
    withheld_on date NOT NULL,
    sealed      bytea NOT NULL                -- agency and reason
);
CREATE INDEX ON desk.withholding (report);

GRANT SELECT, INSERT ON desk.withholding TO tipline_desk;
