-- Whom of another unit a member asked to stand in at one request, and why: shown with the request, and without it no
-- signature from outside is taken.
CREATE TABLE guard.outside (
    subject  uuid NOT NULL,                       -- of the review, release or phrase
    kind     text NOT NULL CHECK (kind IN ('review', 'manifest', 'phrase')),
    name     text NOT NULL,                       -- as on the member list
    reason   text NOT NULL CHECK (reason IN ('absent', 'excluded')),
    asked_by text NOT NULL,
    asked_on date NOT NULL,
    PRIMARY KEY (subject, kind, name)
);
GRANT SELECT, INSERT ON guard.outside TO tipline_guard;
