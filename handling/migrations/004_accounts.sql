-- A person changes the own passphrase and second factor: each process may exchange the sealed file of its own accounts.
-- The exchange is a compare-and-set (tipline/base/accounts.py), and nothing but an age file fits into the column.

ALTER TABLE corridor.account ADD CONSTRAINT sealed_is_a_file CHECK (substring(sealed FROM 1 FOR 22) = 'age-encryption.org/v1\012'::bytea);
ALTER TABLE desk.account     ADD CONSTRAINT sealed_is_a_file CHECK (substring(sealed FROM 1 FOR 22) = 'age-encryption.org/v1\012'::bytea);
ALTER TABLE guard.account    ADD CONSTRAINT sealed_is_a_file CHECK (substring(sealed FROM 1 FOR 22) = 'age-encryption.org/v1\012'::bytea);
ALTER TABLE exchange.account ADD CONSTRAINT sealed_is_a_file CHECK (substring(sealed FROM 1 FOR 22) = 'age-encryption.org/v1\012'::bytea);

GRANT UPDATE (sealed) ON corridor.account TO tipline_corridor;
GRANT UPDATE (sealed) ON desk.account     TO tipline_desk;
GRANT UPDATE (sealed) ON guard.account    TO tipline_guard;
GRANT UPDATE (sealed) ON exchange.account TO tipline_exchange;
