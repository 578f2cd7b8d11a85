-- What a signer's authenticator answered stands beside each signature, so that whoever reads the signature judges both.
ALTER TABLE guard.signature ADD COLUMN assertion bytea;
ALTER TABLE unit.proposal_signature ADD COLUMN assertion bytea;
ALTER TABLE unit.member_list ADD COLUMN assertions bytea;
COMMENT ON COLUMN unit.member_list.assertions IS 'answers of the authenticators of those who signed, by signing key; null where none has one';
-- How often each authenticator has signed, as it said last; one that says less has been copied.
CREATE TABLE guard.authenticator (
    credential bytea PRIMARY KEY,
    counter    bigint NOT NULL CHECK (counter >= 0)
);
GRANT SELECT, INSERT, UPDATE (counter) ON guard.authenticator TO tipline_guard;
