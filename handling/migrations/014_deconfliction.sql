-- Whether a report is somebody's source or live operation: who was asked, what came back, who wrote it down. The newest
-- answer of a report counts; none is changed or taken back. Whom and what is sealed under the report's record key.
CREATE TABLE desk.deconfliction (
    id          uuid PRIMARY KEY,
    position    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    report      uuid NOT NULL REFERENCES desk.report,
    answered_by text NOT NULL,
    answered_on date NOT NULL,
    sealed      bytea NOT NULL                -- who was asked, and the answer
);
CREATE INDEX ON desk.deconfliction (report, position);

GRANT SELECT, INSERT ON desk.deconfliction TO tipline_desk;
