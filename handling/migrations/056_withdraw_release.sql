-- When another answer about sources and operations is written down, every release of that report that waits for a signature
-- stands on the one before: it ends, and the desk reads why. The desk may end what waits, and nothing that was decided.
CREATE FUNCTION guard.withdraw_releases(releases uuid[], why bytea) RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    UPDATE guard.release
       SET state = 'void', reason = why, sealed = ''
     WHERE id = ANY(releases)
       AND state IN ('waiting', 'signed-once')
    RETURNING id
$$;
REVOKE ALL ON FUNCTION guard.withdraw_releases FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.withdraw_releases TO tipline_desk;
COMMENT ON COLUMN guard.release.reason IS 'of a refusal, or of what made a request or its first signature void; sealed to the desk intake';
