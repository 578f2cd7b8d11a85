-- Questionnaires by the hash that answers name, so that they can be read with their questions years later. Nothing secret:
-- sources read them before they answer.
CREATE TABLE corridor.questionnaire (
    sha256  bytea PRIMARY KEY,
    content bytea NOT NULL CHECK (sha256(content) = sha256),   -- canonical JSON
    kept_on date NOT NULL
);

GRANT SELECT, INSERT ON corridor.questionnaire TO tipline_corridor;
