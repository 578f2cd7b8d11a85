-- Files come one by one, in a session: it notes how many bytes of each were kept, under its own seal.
GRANT UPDATE (sealed) ON zone.session TO tipline_keep;

-- A source erases everything. `keep` may ask for exactly this act, one mailbox at a time; it may delete no envelope otherwise.
-- The wish that the unit erase the rest is the one envelope that outlives its mailbox.
ALTER TABLE zone.envelope DROP CONSTRAINT envelope_mailbox_fkey;

CREATE FUNCTION zone.erase(box bytea) RETURNS TABLE (id uuid, kind text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM zone.mailbox AS m WHERE m.id = box;
    RETURN QUERY DELETE FROM zone.envelope AS e WHERE e.mailbox = box RETURNING e.id, e.kind;
    RETURN QUERY
        WITH gone AS (DELETE FROM zone.hand_in_envelope AS e WHERE e.mailbox = box RETURNING e.id, e.here)
        SELECT gone.id, 'handed in' FROM gone WHERE gone.here;
    DELETE FROM zone.hand_in AS h WHERE h.mailbox = box;
END
$$;
REVOKE ALL ON FUNCTION zone.erase(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zone.erase(bytea) TO tipline_keep;
