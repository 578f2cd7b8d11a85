-- Why an outside second stands in is not kept: the page shows the request to every member, and "excluded" told of an exclusion.
ALTER TABLE guard.outside DROP COLUMN reason;
