"""Proposals of the member list as the guard moves them, and the signatures on them. Each function is one statement."""

from dataclasses import astuple
from uuid import UUID

from handling.guard.store import Signature
from handling.store.proposals import State
from tipline.base.database import Db, store_errors

_SIGNATURES = """
    SELECT signer, signature, assertion
      FROM unit.proposal_signature
     WHERE proposal = $1
     ORDER BY signer
"""

_ADD_SIGNATURE = """
    INSERT INTO unit.proposal_signature (proposal, signer, signature, assertion)
    VALUES ($1, $2, $3, $4)
"""

_SIGN_ONCE = """
    UPDATE unit.proposal
       SET state = 'signed-once'
     WHERE id = $1
       AND state = 'waiting'
       AND sha256(change) = $2
"""

_REFUSE = """
    UPDATE unit.proposal
       SET state = 'refused', reason = $3
     WHERE id = $1
       AND state = $2
"""

_OVERTAKE = """
    UPDATE unit.proposal
       SET state = 'overtaken'
     WHERE id = $1
       AND state IN ('waiting', 'signed-once')
"""


async def signatures(db: Db, proposal: UUID) -> tuple[Signature, ...]:
    """The signatures on one proposal."""
    with store_errors():
        rows = await db.fetch(_SIGNATURES, proposal)
    return tuple(Signature(row["signer"], row["signature"], row["assertion"]) for row in rows)


async def add_signature(db: Db, proposal: UUID, signature: Signature) -> None:
    """Keep one signature; a second one by the same person is refused by the table."""
    with store_errors():
        await db.execute(_ADD_SIGNATURE, proposal, *astuple(signature))


async def sign_once(db: Db, proposal: UUID, *, sha256: bytes) -> bool:
    """Mark a waiting proposal signed once; False unless it is still the change that was signed."""
    return await _changed(db, _SIGN_ONCE, proposal, sha256)


async def refuse(db: Db, proposal: UUID, *, was: State, reason: str) -> bool:
    """Refuse a proposal; False when somebody else moved it first."""
    return await _changed(db, _REFUSE, proposal, was.value, reason)


async def overtake(db: Db, proposal: UUID) -> bool:
    """Mark a proposal that still waits as overtaken; False when it has been decided."""
    return await _changed(db, _OVERTAKE, proposal)


async def _changed(db: Db, sql: str, *values: object) -> bool:
    with store_errors():
        tag = await db.execute(sql, *values)
    return bool(tag == "UPDATE 1")
