-- An emergency disclosure: told at once by one person, then a second signature, oversight, and a review. Rows are never deleted.
CREATE TABLE guard.emergency (
    id          uuid PRIMARY KEY,
    state       text NOT NULL DEFAULT 'told' CHECK (state IN ('told', 'confirmed', 'objected', 'reviewed')),
    told_by     text NOT NULL,
    told_at     timestamptz NOT NULL,
    shown_to    text[] NOT NULL,                  -- members to whose release keys it is sealed; for nobody else it exists
    second_by   text CHECK (second_by <> told_by),
    reviewed_by text CHECK (reviewed_by <> told_by),
    given_on    date,                             -- to oversight outside
    sealed      bytea NOT NULL,                   -- statements: what was told, the second signature, the review
    CHECK (state <> 'reviewed' OR (second_by IS NOT NULL AND reviewed_by IS NOT NULL AND given_on IS NOT NULL))
);
CREATE INDEX ON guard.emergency (told_at DESC, id DESC);
GRANT SELECT, INSERT (id, told_by, told_at, shown_to, sealed) ON guard.emergency TO tipline_guard;
GRANT UPDATE (state, second_by, reviewed_by, given_on, sealed) ON guard.emergency TO tipline_guard;
