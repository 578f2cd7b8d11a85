-- What was sealed on a source's own device may be handed in over several requests. Until every envelope of a slip is here,
-- the slip and the list of its envelopes wait; then all of it becomes rows as of a form, in one transaction, and these go.

CREATE TABLE zone.hand_in (
    sum     bytea PRIMARY KEY CHECK (octet_length(sum) = 32),       -- names the hand-in
    mailbox bytea NOT NULL CHECK (octet_length(mailbox) = 32),      -- may not be there yet
    slip    bytea NOT NULL,                   -- as it came; says no more than the wrappers behind it
    day     date NOT NULL                     -- of its first file
);

CREATE TABLE zone.hand_in_envelope (
    id      uuid PRIMARY KEY,                 -- also the name of its blob, when it is here
    hand_in bytea NOT NULL REFERENCES zone.hand_in ON DELETE CASCADE,
    size    bigint NOT NULL CHECK (size > 0),
    sha256  bytea NOT NULL CHECK (octet_length(sha256) = 32),
    here    boolean NOT NULL DEFAULT false
);
CREATE INDEX ON zone.hand_in_envelope (hand_in);
CREATE INDEX ON zone.hand_in_envelope (sha256);

-- As for the other tables: no samples of values.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT table_name, column_name
          FROM information_schema.columns
         WHERE table_schema = 'zone' AND table_name LIKE 'hand\_in%'
    LOOP
        EXECUTE format('ALTER TABLE zone.%I ALTER COLUMN %I SET STATISTICS 0', one.table_name, one.column_name);
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION zone.rewrite() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    names CONSTANT text[] := ARRAY[
        'intake_key', 'mailbox', 'submission', 'envelope', 'session', 'hand_in', 'hand_in_envelope'
    ];
BEGIN
    LOCK TABLE zone.intake_key, zone.mailbox, zone.submission, zone.envelope, zone.session, zone.hand_in,
        zone.hand_in_envelope IN ACCESS EXCLUSIVE MODE;
    FOREACH name IN ARRAY names LOOP
        EXECUTE format(
            'CREATE TEMPORARY TABLE %I ON COMMIT DROP AS SELECT * FROM zone.%I ORDER BY random()', 'new_' || name, name
        );
    END LOOP;
    TRUNCATE zone.intake_key, zone.mailbox, zone.submission, zone.envelope, zone.session, zone.hand_in,
        zone.hand_in_envelope;
    FOREACH name IN ARRAY names LOOP     -- a mailbox, and a slip, stand before what refers to them
        EXECUTE format('INSERT INTO zone.%I SELECT * FROM pg_temp.%I', name, 'new_' || name);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, DELETE ON zone.hand_in TO tipline_keep;
GRANT SELECT, INSERT, UPDATE (here) ON zone.hand_in_envelope TO tipline_keep;
