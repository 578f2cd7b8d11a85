-- What an agency tells of its copies comes as its answers do: sealed to the desk, and noted at the exchange by kind and day alone.
ALTER TABLE desk.inbox DROP CONSTRAINT inbox_kind_check;
ALTER TABLE desk.inbox ADD CONSTRAINT inbox_kind_check
    CHECK (kind IN ('report', 'acknowledgement', 'feedback', 'material', 'destruction', 'breach'));
ALTER TABLE desk.feedback DROP CONSTRAINT feedback_kind_check;
ALTER TABLE desk.feedback ADD CONSTRAINT feedback_kind_check
    CHECK (kind IN ('acknowledgement', 'feedback', 'destruction', 'breach'));
ALTER TABLE exchange.answer DROP CONSTRAINT answer_kind_check;
ALTER TABLE exchange.answer ADD CONSTRAINT answer_kind_check
    CHECK (kind IN ('acknowledgement', 'feedback', 'destruction', 'breach'));

-- What the desk did about a release after it left: recalled it, decided against that, learned of a breach, reviewed it. Nothing
-- here is changed or taken back; what was done, to which release and why is sealed under the report's record key.
CREATE TABLE desk.duty (
    id       uuid PRIMARY KEY,
    report   uuid NOT NULL REFERENCES desk.report,
    noted_by text NOT NULL,
    noted_on date NOT NULL,
    sealed   bytea NOT NULL
);
CREATE INDEX ON desk.duty (report);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON desk.duty FOR EACH ROW EXECUTE FUNCTION unit.refuse_change();
GRANT SELECT, INSERT ON desk.duty TO tipline_desk;
