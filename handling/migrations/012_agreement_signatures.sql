-- Detached signatures of both sides over the bytes of an agreement. Without both it decides nothing.

ALTER TABLE unit.agency ADD COLUMN signing bytea CHECK (octet_length(signing) = 32); -- Ed25519, of an agency without open.html or OpenPGP
ALTER TABLE unit.agency ADD CHECK (signing IS NULL OR channel = 'age');

CREATE TABLE unit.agreement_signature (
    id        text NOT NULL,
    version   integer NOT NULL,
    side      text NOT NULL CHECK (side IN ('unit', 'agency')),
    signature bytea NOT NULL,
    digest    bytea NOT NULL CHECK (sha256(signature) = digest),
    added_on  date NOT NULL,
    PRIMARY KEY (id, version, side, digest),
    FOREIGN KEY (id, version) REFERENCES unit.agreement (id, version)
);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON unit.agreement_signature FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
GRANT SELECT ON unit.agreement_signature TO tipline_corridor, tipline_desk, tipline_guard;
