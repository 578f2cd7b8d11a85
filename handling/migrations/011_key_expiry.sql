-- The last day on which an agency's key can be sealed to, where the key names one.

ALTER TABLE unit.agency ADD COLUMN key_expires_on date;
