-- What was written down about a report is never changed and never taken back, as an agreement is not: each note is sealed with its
-- author, day, number and the hash of the one before.
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON desk.withholding FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON desk.deconfliction FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
