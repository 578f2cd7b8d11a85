-- What a seized disk may show is the current day. Once a day `keep` has every table written anew in random order, and the
-- write-ahead log and the server's statistics before that moment dropped. Both are functions of the owner's without an
-- argument: `keep` can ask for exactly these two acts and for no other power over the tables or the server.

ALTER TABLE zone.submission ADD COLUMN day date;
UPDATE zone.submission SET day = mailbox.created_on FROM zone.mailbox WHERE mailbox.id = submission.mailbox;
ALTER TABLE zone.submission ALTER COLUMN day SET NOT NULL;     -- an identical resend is known again for some days only

CREATE INDEX ON zone.envelope (mailbox);

-- The planner's samples would keep values of rows long deleted.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'zone'
    LOOP
        EXECUTE format('ALTER TABLE zone.%I ALTER COLUMN %I SET STATISTICS 0', one.table_name, one.column_name);
    END LOOP;
END
$$;
ALTER TABLE zone.mailbox ALTER COLUMN bundle SET STORAGE EXTERNAL;     -- ciphertext does not shrink

CREATE FUNCTION zone.rewrite() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    names CONSTANT text[] := ARRAY['intake_key', 'mailbox', 'submission', 'envelope', 'session'];
BEGIN
    LOCK TABLE zone.intake_key, zone.mailbox, zone.submission, zone.envelope, zone.session IN ACCESS EXCLUSIVE MODE;
    FOREACH name IN ARRAY names LOOP
        EXECUTE format(
            'CREATE TEMPORARY TABLE %I ON COMMIT DROP AS SELECT * FROM zone.%I ORDER BY random()', 'new_' || name, name
        );
    END LOOP;
    TRUNCATE zone.intake_key, zone.mailbox, zone.submission, zone.envelope, zone.session;
    FOREACH name IN ARRAY names LOOP     -- a mailbox stands before what refers to it
        EXECUTE format('INSERT INTO zone.%I SELECT * FROM pg_temp.%I', name, 'new_' || name);
    END LOOP;
END
$$;

CREATE FUNCTION zone.forget() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_stat_reset();     -- holds when a table was last read, vacuumed and analysed
    PERFORM pg_switch_wal();     -- so that the segment in use ends here,
    CHECKPOINT;                  -- and every segment before this moment, and every table file replaced, is removed
END
$$;

REVOKE ALL ON FUNCTION zone.rewrite(), zone.forget() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zone.rewrite(), zone.forget() TO tipline_keep;
GRANT DELETE, SELECT ON zone.submission TO tipline_keep;
