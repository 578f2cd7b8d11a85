-- When a tip is taken away from somebody, what waits at the guard about it is withdrawn, so that it can be asked again of
-- those who may still read. The corridor may withdraw what waits, and nothing that was decided. The row is locked first, so
-- that a signature given at the same moment is seen by the statement that follows.

CREATE FUNCTION guard.withdraw_reviews(reports uuid[]) RETURNS TABLE (report uuid, asked_by text, asked_on date)
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    SELECT FROM guard.review WHERE id = ANY(reports) ORDER BY id FOR UPDATE;
    DELETE FROM guard.review WHERE id = ANY(reports) AND state = 'waiting' RETURNING id, requested_by, requested_on
$$;
CREATE FUNCTION guard.withdraw_phrases(reports uuid[]) RETURNS TABLE (outcome uuid, code text, asked_by text, asked_on date)
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    SELECT FROM guard.phrase WHERE id IN (SELECT id FROM corridor.outcome WHERE report = ANY(reports)) ORDER BY id FOR UPDATE;
    WITH gone AS (
        DELETE FROM guard.phrase
         WHERE id IN (SELECT id FROM corridor.outcome WHERE report = ANY(reports)) AND state IN ('waiting', 'signed-once')
        RETURNING id, phrase, requested_by, requested_on
    ), unsigned AS (
        DELETE FROM guard.signature WHERE kind = 'phrase' AND subject IN (SELECT id FROM gone)
    )
    SELECT id, phrase, requested_by, requested_on FROM gone
$$;
REVOKE ALL ON FUNCTION guard.withdraw_reviews, guard.withdraw_phrases FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.withdraw_reviews, guard.withdraw_phrases TO tipline_corridor;
