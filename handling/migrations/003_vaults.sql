-- What the lives of intake keys are decided by: on which days the corridor ran and brought everything in, and which
-- serials were ever made. A serial is never used twice, also when an older keyring is put back.
CREATE TABLE corridor.day (
    day       date PRIMARY KEY,
    collected boolean NOT NULL DEFAULT false   -- everything that the drop listed on this day came in
);
CREATE TABLE corridor.intake_key (
    serial       integer PRIMARY KEY CHECK (serial > 0),
    not_after    date NOT NULL,
    made_on      date NOT NULL,
    destroyed_on date,
    reason       text CHECK (reason IN ('collected', 'deadline')),
    CHECK ((destroyed_on IS NULL) = (reason IS NULL))
);
CREATE INDEX ON corridor.envelope (serial) WHERE state <> 'resealed';

GRANT SELECT, INSERT, UPDATE (collected) ON corridor.day TO tipline_corridor;
GRANT SELECT, INSERT, UPDATE (destroyed_on, reason) ON corridor.intake_key TO tipline_corridor;
