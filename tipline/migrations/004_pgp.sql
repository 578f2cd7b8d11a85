-- The unit's OpenPGP intake key, as its collector publishes it: public, signed, verified at each use.
CREATE TABLE zone.pgp_key (
    unit       text NOT NULL,
    serial     integer NOT NULL CHECK (serial > 0),
    statement  bytea NOT NULL,
    not_before date NOT NULL,
    not_after  date NOT NULL,
    PRIMARY KEY (unit, serial)
);
ALTER TABLE zone.pgp_key
    ALTER COLUMN unit SET STATISTICS 0, ALTER COLUMN serial SET STATISTICS 0, ALTER COLUMN statement SET STATISTICS 0,
    ALTER COLUMN not_before SET STATISTICS 0, ALTER COLUMN not_after SET STATISTICS 0;

GRANT SELECT ON zone.pgp_key TO tipline_keep;
GRANT SELECT, INSERT ON zone.pgp_key TO tipline_drop;
