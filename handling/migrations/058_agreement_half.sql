-- An agreement is signed for the unit by two members together. What the first of them signed at the guard waits here, and permits
-- nothing; with the second it becomes one signature of the unit. Each is an SSH signature over the exact bytes, judged when read.
CREATE TABLE unit.agreement_half (
    id        text NOT NULL,
    version   integer NOT NULL,
    signer    text NOT NULL,
    signature bytea NOT NULL,
    added_on  date NOT NULL,
    PRIMARY KEY (id, version, signer, signature),
    FOREIGN KEY (id, version) REFERENCES unit.agreement (id, version)
);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON unit.agreement_half FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();

GRANT SELECT, INSERT ON unit.agreement_half TO tipline_guard;
GRANT INSERT ON unit.agreement_signature TO tipline_guard;
