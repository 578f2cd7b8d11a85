-- The day on which somebody first opened a piece of material at the desk: what has none is counted on the first page.
ALTER TABLE desk.material ADD COLUMN looked_on date;
UPDATE desk.material SET looked_on = handed_on;
GRANT UPDATE (looked_on) ON desk.material TO tipline_desk;
