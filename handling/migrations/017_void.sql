-- A release that changed between its two signatures ends: its first signature counts for nothing, and it is asked for again.
ALTER TABLE guard.release DROP CONSTRAINT release_state_check;
ALTER TABLE guard.release ADD CONSTRAINT release_state_check
    CHECK (state IN ('waiting', 'signed-once', 'released', 'refused', 'void'));
COMMENT ON COLUMN guard.release.reason IS 'of a refusal, or of what made its first signature void; sealed to the desk intake';
