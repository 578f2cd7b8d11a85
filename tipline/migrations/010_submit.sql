-- All rows of one sent form in one question to the server: five of them cost as much as the rows do. Each statement in here
-- sees what others have committed by then. Whoever calls it rolls back unless the answer is 'stored'. Nothing is undone in here:
-- a subtransaction would leave a mark of each form, in their order, in a file of the server that no daily rewrite reaches.
CREATE FUNCTION zone.submit(
    form bytea, box bytea, today date, for_unit text, with_serial integer, is_urgent boolean,
    ids uuid[], kinds text[], sizes bigint[], hashes bytea[], place bytea,
    was bytea,                                -- the place before; its hash when it was handed in; NULL makes the mailbox
    handed_in boolean, source text, empty_bundle bytea,
    begun_by date, not_over_before date,      -- the intake key counts when it had begun by the one and had not ended before the other
    writers bigint                            -- the lock that says: rows are on their way whose blobs no sweep may miss
) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(writers);
    IF NOT EXISTS (
        SELECT FROM zone.intake_key AS k
         WHERE k.unit = for_unit AND k.serial = with_serial
           AND k.not_before <= begun_by AND k.not_after >= not_over_before
    ) THEN
        RETURN 'retired';
    END IF;

    IF was IS NULL THEN
        INSERT INTO zone.mailbox (id, unit, thread_state, recipient, bundle, created_on)
        VALUES (box, for_unit, place, source, empty_bundle, today)
        ON CONFLICT (id) DO NOTHING;
    ELSIF handed_in THEN
        UPDATE zone.mailbox AS m SET thread_state = place
         WHERE m.id = box AND sha256(m.thread_state) = was AND m.unit = for_unit;
    ELSE
        UPDATE zone.mailbox AS m SET thread_state = place WHERE m.id = box AND m.thread_state = was;
    END IF;
    IF NOT FOUND THEN
        RETURN 'moved';
    END IF;
    -- Asked after the row stands: an erasure that it had to wait for is seen only now.
    IF was IS NULL AND EXISTS (SELECT FROM zone.erased AS e WHERE e.id = sha256(box)) THEN
        RETURN 'erased';
    END IF;
    INSERT INTO zone.submission (mac, mailbox, day) VALUES (form, box, today) ON CONFLICT (mac) DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'repeat';
    END IF;
    INSERT INTO zone.envelope (id, mailbox, unit, serial, kind, urgent, size, sha256, day)
    SELECT one.id, box, for_unit, with_serial, one.kind, is_urgent, one.size, one.sha256, today
      FROM unnest(ids, kinds, sizes, hashes) AS one (id, kind, size, sha256);
    RETURN 'stored';
END
$$;
REVOKE ALL ON FUNCTION zone.submit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zone.submit TO tipline_keep;
