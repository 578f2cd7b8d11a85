"""Proposed changes of the member list in Postgres. A proposal changes nothing: only signatures over the next list do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from handling.rules import membership
from handling.rules.membership import Change, MembershipError, Replace
from tipline.base.database import Db, store_errors

SHOWN = 50


class State(Enum):
    """Where a proposal stands."""

    WAITING = "waiting"
    SIGNED_ONCE = "signed-once"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed change; *change* is None when what is stored is not one."""

    id: UUID
    version: int
    change: Change | None
    sha256: bytes
    proposed_by: str
    proposed_on: date
    state: State
    reason: str

    @property
    def open(self) -> bool:
        """Whether it still waits for a signature."""
        return self.state in {State.WAITING, State.SIGNED_ONCE}


_NEXT_VERSION = """
    SELECT coalesce(max(version), 0) + 1
      FROM unit.member_list
"""

_PROPOSE = """
    INSERT INTO unit.proposal (id, version, change, proposed_by)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""

_SAME = """
    SELECT id
      FROM unit.proposal
     WHERE version = $1
       AND change = $2
       AND state IN ('waiting', 'signed-once')
"""

_COLUMNS = "id, version, change, sha256(change) AS sha256, proposed_by, proposed_on, state, reason"

_NEWEST = f"""
    SELECT {_COLUMNS}
      FROM unit.proposal
     ORDER BY (state IN ('waiting', 'signed-once')) DESC, proposed_on DESC, version DESC, id
     LIMIT $1
"""

_ONE = f"""
    SELECT {_COLUMNS}
      FROM unit.proposal
     WHERE id = $1
"""

_OPEN = f"""
    SELECT {_COLUMNS}
      FROM unit.proposal
     WHERE state IN ('waiting', 'signed-once')
       AND version <= $1
"""

_MOVE = """
    UPDATE unit.proposal
       SET state = $3
     WHERE id = $1
       AND state = $2
"""


async def propose(db: Db, change: Change, by: str) -> UUID:
    """Propose *change* for the next version, and return the proposal's id; the same proposal waits once."""
    data = canonical(membership.to_json(change))
    with store_errors():
        version = await db.fetchval(_NEXT_VERSION)
        await db.execute(_PROPOSE, uuid4(), version, data, by)
        found: UUID = await db.fetchval(_SAME, version, data)
    return found


async def newest(db: Db) -> tuple[Proposal, ...]:
    """What waits first, then the newest of the rest; at most `SHOWN`."""
    with store_errors():
        rows = await db.fetch(_NEWEST, SHOWN)
    return tuple(_proposal(row) for row in rows)


async def get(db: Db, proposal: UUID) -> Proposal | None:
    """One proposal."""
    with store_errors():
        row = await db.fetchrow(_ONE, proposal)
    return _proposal(row) if row else None


async def settle(db: Db, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Mark, of what waited, the change that led from *before* to *after* as accepted, and the rest as overtaken."""
    with store_errors():
        rows = await db.fetch(_OPEN, after["version"])
    for proposal in map(_proposal, rows):
        won = proposal.version == after["version"] and _gives(before, proposal.change, after)
        now = State.ACCEPTED if won else State.OVERTAKEN
        with store_errors():
            await db.execute(_MOVE, proposal.id, proposal.state.value, now.value)


async def overtake_keys(db: Db, name: str) -> int:
    """Mark every proposal of new keys for *name* that waits as overtaken: their cards have ended. Returns how many."""
    older = await keys_wait(db, name)
    for proposal in older:
        with store_errors():
            await db.execute(_MOVE, proposal.id, proposal.state.value, State.OVERTAKEN.value)
    return len(older)


async def keys_wait(db: Db, name: str) -> tuple[Proposal, ...]:
    """The proposals of new keys for *name* that wait for a signature."""
    with store_errors():
        rows = await db.fetch(_OPEN, await db.fetchval(_NEXT_VERSION))
    found = map(_proposal, rows)
    return tuple(one for one in found if isinstance(one.change, Replace) and one.change.name == name)


def _gives(before: Mapping[str, Any], change: Change | None, after: Mapping[str, Any]) -> bool:
    if change is None:
        return False
    try:
        return membership.apply(before, change, previous_sha256=bytes.fromhex(after["previous"])) == after
    except MembershipError:
        return False


def _proposal(row: Any) -> Proposal:  # noqa: ANN401 - asyncpg's records are untyped; they end here
    return Proposal(
        id=row["id"],
        version=row["version"],
        change=_change(row["change"]),
        sha256=row["sha256"],
        proposed_by=row["proposed_by"],
        proposed_on=row["proposed_on"],
        state=State(row["state"]),
        reason=row["reason"] or "",
    )


def _change(data: bytes) -> Change | None:
    try:
        return membership.from_json(parse(data))
    except (CryptoError, MembershipError):
        return None
