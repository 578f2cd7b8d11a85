-- What the check of a message can find, and how a thread may have been sealed: handling/corridor/chain.py, handling/rules/ways.py.
ALTER TABLE corridor.message DROP CONSTRAINT message_verdict_check;
ALTER TABLE corridor.message ADD CONSTRAINT message_verdict_check
    CHECK (verdict IN ('good', 'late', 'gap', 'fork', 'replayed', 'clash', 'forged'));
ALTER TABLE corridor.thread DROP CONSTRAINT thread_way_check;
ALTER TABLE corridor.thread ADD CONSTRAINT thread_way_check CHECK (way IN ('arrival', 'kit', 'pgp', 'browser'));
