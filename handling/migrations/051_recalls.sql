-- A recall is a notice that an officer signs. When the guard sends it, it also marks the package at the exchange: from then on that is no
-- longer handed out, and its last day is the recall's. Why it is recalled stands in the sealed notice alone.
ALTER TABLE exchange.package ADD COLUMN recalled_on date;

GRANT SELECT (id, agency) ON exchange.package TO tipline_guard;
GRANT UPDATE (recalled_on, delete_by) ON exchange.package TO tipline_guard;
