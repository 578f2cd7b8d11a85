-- A request for consent tells an agency that a report is to go on. Where another answer about sources and operations is written down, one
-- that waits for an officer ends as a release does. The desk names which; a recall, say, goes on waiting.
ALTER TABLE guard.notice DROP CONSTRAINT notice_state_check;
ALTER TABLE guard.notice ADD CONSTRAINT notice_state_check CHECK (state IN ('waiting', 'sent', 'refused', 'void'));
CREATE FUNCTION guard.withdraw_notices(notices uuid[], why bytea) RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    UPDATE guard.notice
       SET state = 'void', reason = why, sealed = ''
     WHERE id = ANY(notices)
       AND state = 'waiting'
    RETURNING id
$$;
REVOKE ALL ON FUNCTION guard.withdraw_notices FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.withdraw_notices TO tipline_desk;
COMMENT ON COLUMN guard.notice.reason IS 'of a refusal, or of what ended the request; sealed to the desk intake';
