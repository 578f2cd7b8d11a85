-- A statement for oversight is never emptied, swapped or said to be handed over a second time: of its row one thing changes once.
CREATE TRIGGER once BEFORE UPDATE ON desk.statement FOR EACH ROW
    WHEN (OLD.handed_over_on IS NOT NULL OR NEW.handed_over_on IS NULL)
    EXECUTE FUNCTION unit.refuse_change();
