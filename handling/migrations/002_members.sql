-- The member list is a chain: version 1 and what the root signs is written by the administrator's commands, what two
-- handlers have signed by the guard. Who asks for a change writes a proposal; it changes nothing by itself.
COMMENT ON COLUMN unit.member_list.statement IS 'signed by the root, or by two handlers of the version before';

CREATE TABLE unit.proposal (
    id          uuid PRIMARY KEY,
    version     integer NOT NULL CHECK (version > 1),   -- that the list would become
    change      bytea NOT NULL,                         -- canonical JSON, public keys only
    proposed_by text NOT NULL,
    proposed_on date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'signed-once', 'accepted', 'refused', 'overtaken')),
    reason      text                                    -- of a refusal: names no tip and no source
);
CREATE UNIQUE INDEX one_of_a_kind ON unit.proposal (version, sha256(change)) WHERE state IN ('waiting', 'signed-once');
CREATE INDEX ON unit.proposal (proposed_on DESC, id DESC);
CREATE TABLE unit.proposal_signature (
    proposal  uuid NOT NULL REFERENCES unit.proposal,
    signer    text NOT NULL,
    signature bytea NOT NULL CHECK (octet_length(signature) = 64),   -- over the whole next list
    PRIMARY KEY (proposal, signer)
);

GRANT SELECT, INSERT (id, version, change, proposed_by) ON unit.proposal TO tipline_corridor, tipline_desk, tipline_guard;
GRANT UPDATE (state, reason) ON unit.proposal TO tipline_guard;
GRANT SELECT, INSERT ON unit.proposal_signature TO tipline_guard;
GRANT INSERT ON unit.member_list TO tipline_guard;

-- A refused phrase can be proposed again: the corridor may clear what was refused, and nothing that waits or was approved.
CREATE FUNCTION guard.clear_refused_phrase(outcome uuid) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    WITH gone AS (
        DELETE FROM guard.phrase WHERE id = outcome AND state = 'refused' RETURNING id
    ), unsigned AS (
        DELETE FROM guard.signature WHERE kind = 'phrase' AND subject IN (SELECT id FROM gone)
    )
    SELECT EXISTS (SELECT FROM gone)
$$;
REVOKE ALL ON FUNCTION guard.clear_refused_phrase FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.clear_refused_phrase TO tipline_corridor;
