-- An agency whose agreement says so may ask for the list of all that it was sent. The guard writes that list itself, so it keeps of each
-- release the hash of what left: the desk hands over the words, and can neither leave one out nor add or change one.
CREATE TABLE guard.released (
    release uuid PRIMARY KEY,                 -- of guard.release and exchange.package
    line    bytea NOT NULL CHECK (octet_length(line) = 32) -- SHA-256 of the ledger's line: manifest, hash of the ZIP
);
CREATE TABLE exchange.list_request (
    id          uuid PRIMARY KEY,
    agency      text NOT NULL REFERENCES unit.agency,
    asked_on    date NOT NULL,
    notice      uuid REFERENCES exchange.notice, -- the list
    answered_on date,
    CHECK ((notice IS NULL) = (answered_on IS NULL))
);
CREATE UNIQUE INDEX ON exchange.list_request (agency) WHERE answered_on IS NULL; -- one at a time
CREATE TABLE desk.list_notice (
    id           uuid PRIMARY KEY,            -- of guard.notice
    request      uuid NOT NULL REFERENCES exchange.list_request,
    requested_by text NOT NULL,
    requested_on date NOT NULL
);
CREATE INDEX ON desk.list_notice (request);
ALTER TABLE unit.agreement ADD COLUMN dissemination_list boolean; -- as the bytes say; null of one stored before this was kept beside them

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON guard.released FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON desk.list_notice FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
CREATE TRIGGER once BEFORE UPDATE ON exchange.list_request FOR EACH ROW
    WHEN (OLD.answered_on IS NOT NULL OR NEW.answered_on IS NULL)
    EXECUTE FUNCTION unit.refuse_change();

GRANT SELECT, INSERT ON guard.released TO tipline_guard;
GRANT SELECT (released_on, recalled_on) ON exchange.package TO tipline_guard;
GRANT SELECT, UPDATE (notice, answered_on) ON exchange.list_request TO tipline_guard;
GRANT SELECT, INSERT (id, agency, asked_on) ON exchange.list_request TO tipline_exchange;
GRANT SELECT (id, agency, version, dissemination_list) ON unit.agreement TO tipline_exchange;
GRANT SELECT (id, version, side) ON unit.agreement_signature TO tipline_exchange;
GRANT SELECT ON exchange.list_request TO tipline_desk;
GRANT SELECT, INSERT ON desk.list_notice TO tipline_desk;
