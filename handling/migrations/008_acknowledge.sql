-- An agency may enrol a second key, with which it signs what it says about a package. Its fingerprint then covers both keys.

ALTER TABLE unit.agency ADD COLUMN acknowledge bytea CHECK (octet_length(acknowledge) = 32);
ALTER TABLE unit.agency ADD CHECK (acknowledge IS NULL OR channel = 'age');
