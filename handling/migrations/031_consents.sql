-- An agency's signed answers to requests for consent. The exchange keeps what each says sealed to the desk; in clear stand its hash, by
-- which the guard sees that the desk keeps none back, and what the agency itself is shown. Positions are the order of arrival.
CREATE TABLE exchange.consent (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notice   uuid NOT NULL REFERENCES exchange.notice,
    token    bytea NOT NULL UNIQUE CHECK (octet_length(token) = 32), -- SHA-256 of the bytes that were signed
    answer   text NOT NULL CHECK (answer IN ('yes', 'only-this-version', 'no')),
    until    date CHECK ((until IS NULL) = (answer = 'no')),
    given_on date NOT NULL,
    sealed   bytea NOT NULL                   -- to the desk intake: the bytes and the signature over them
);
CREATE INDEX ON exchange.consent (notice, position);
CREATE TABLE desk.consent (
    position bigint PRIMARY KEY,              -- of exchange.consent
    notice   uuid NOT NULL REFERENCES desk.notice,
    report   uuid NOT NULL REFERENCES desk.report,
    given_on date NOT NULL,
    sealed   bytea NOT NULL                   -- the same, under the report's record key
);
CREATE INDEX ON desk.consent (report, position);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON exchange.consent FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON desk.consent FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();

GRANT SELECT, INSERT ON exchange.consent TO tipline_exchange;
GRANT SELECT (position, notice, token) ON exchange.consent TO tipline_guard;
GRANT USAGE ON SCHEMA exchange TO tipline_desk;
GRANT SELECT (position, notice, given_on, sealed) ON exchange.consent TO tipline_desk;
GRANT SELECT, INSERT ON desk.consent TO tipline_desk;
