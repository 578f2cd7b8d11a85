-- Whether anything of a thread was ever handed out to its unit: it may have it although no receipt has come yet, or never does.
-- Of mailboxes made before this nobody can tell.
ALTER TABLE zone.mailbox ADD COLUMN handed_out boolean NOT NULL DEFAULT true;
ALTER TABLE zone.mailbox ALTER COLUMN handed_out SET DEFAULT false, ALTER COLUMN handed_out SET STATISTICS 0;

GRANT SELECT (handed_out), UPDATE (handed_out) ON zone.mailbox TO tipline_drop;
