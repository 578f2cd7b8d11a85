-- Which mailboxes were erased in the last two days, by a hash of their ids: a form of theirs that is sent again, by a page that
-- is loaded anew or a late line, must not put back what its source has erased.
CREATE TABLE zone.erased (
    id  bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    day date NOT NULL
);
ALTER TABLE zone.erased ALTER COLUMN id SET STATISTICS 0, ALTER COLUMN day SET STATISTICS 0;
GRANT SELECT, INSERT, DELETE ON zone.erased TO tipline_keep;

CREATE OR REPLACE FUNCTION zone.rewrite() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    names CONSTANT text[] := ARRAY[
        'intake_key', 'mailbox', 'submission', 'envelope', 'session', 'hand_in', 'hand_in_envelope', 'erased'
    ];
BEGIN
    LOCK TABLE zone.intake_key, zone.mailbox, zone.submission, zone.envelope, zone.session, zone.hand_in,
        zone.hand_in_envelope, zone.erased IN ACCESS EXCLUSIVE MODE;
    FOREACH name IN ARRAY names LOOP
        EXECUTE format(
            'CREATE TEMPORARY TABLE %I ON COMMIT DROP AS SELECT * FROM zone.%I ORDER BY random()', 'new_' || name, name
        );
    END LOOP;
    TRUNCATE zone.intake_key, zone.mailbox, zone.submission, zone.envelope, zone.session, zone.hand_in,
        zone.hand_in_envelope, zone.erased;
    FOREACH name IN ARRAY names LOOP     -- a mailbox, and a slip, stand before what refers to them
        EXECUTE format('INSERT INTO zone.%I SELECT * FROM pg_temp.%I', name, 'new_' || name);
    END LOOP;
END
$$;
