-- Parts may come before their slip: they wait by themselves, with the mailbox that their wrapper names, until a slip of the
-- same mailbox lists them. A part's id says what its bytes are, so nothing else can stand in its place.

ALTER TABLE zone.hand_in_envelope ADD COLUMN mailbox bytea CHECK (octet_length(mailbox) = 32);
UPDATE zone.hand_in_envelope SET mailbox = hand_in.mailbox FROM zone.hand_in WHERE hand_in.sum = hand_in_envelope.hand_in;
ALTER TABLE zone.hand_in_envelope
    ALTER COLUMN mailbox SET NOT NULL,
    ALTER COLUMN hand_in DROP NOT NULL,
    ADD COLUMN day date,                      -- of a part without a slip; else the slip's counts
    ADD CHECK ((hand_in IS NULL) = (day IS NOT NULL)),
    ALTER COLUMN mailbox SET STATISTICS 0,
    ALTER COLUMN day SET STATISTICS 0;
DROP INDEX zone.hand_in_envelope_sha256_idx;
CREATE INDEX ON zone.hand_in_envelope (mailbox);

GRANT UPDATE (hand_in, day), DELETE ON zone.hand_in_envelope TO tipline_keep;
