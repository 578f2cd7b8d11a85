-- Exclusions: agencies form a tree, an outcome is hidden with its report, and the guard shows a request to whom it may.

ALTER TABLE unit.agency ADD COLUMN parent text REFERENCES unit.agency CHECK (parent <> id);

-- The desk holds the same link in desk.outcome; here it is what hides an outcome together with its report.
ALTER TABLE corridor.outcome ADD COLUMN report uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE corridor.outcome ALTER COLUMN report DROP DEFAULT;
ALTER TABLE corridor.outcome ADD COLUMN resealed boolean NOT NULL DEFAULT false;  -- true: under the report's record key

-- Names of those to whom the guard shows a request from a tip that not every handler may read; null is everybody.
ALTER TABLE guard.review ADD COLUMN shown_to text[];
ALTER TABLE guard.phrase ADD COLUMN shown_to text[];
GRANT INSERT (shown_to), UPDATE (shown_to), SELECT (shown_to) ON guard.review, guard.phrase TO tipline_corridor;
