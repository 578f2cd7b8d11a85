-- Statements about a year of sharing, sealed to an oversight body, from the moment they are made until somebody says that
-- they were handed over. None is taken back: the desk may delete no row, and of a row it says once who handed it over and when.
CREATE TABLE desk.statement (
    id             uuid PRIMARY KEY,
    position       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    made_by        text NOT NULL,
    made_on        date NOT NULL,
    sealed         bytea NOT NULL,             -- an age file; empty once it was handed over
    handed_over_by text,
    handed_over_on date,
    CHECK ((handed_over_by IS NULL) = (handed_over_on IS NULL)),
    CHECK (handed_over_on IS NULL OR sealed = ''::bytea)
);

GRANT SELECT, INSERT, UPDATE (sealed, handed_over_by, handed_over_on) ON desk.statement TO tipline_desk;
