-- A claim of public-interest immunity for one item, with its reason. It is never changed and never taken back, so whatever
-- report rests on the item carries it; an item with a claim is not removed.
CREATE TABLE corridor.immunity (
    item       uuid PRIMARY KEY REFERENCES corridor.item,
    claimed_by text NOT NULL,
    claimed_on date NOT NULL,
    sealed     bytea NOT NULL                 -- the reason
);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON corridor.immunity FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();

GRANT SELECT, INSERT ON corridor.immunity TO tipline_corridor;
