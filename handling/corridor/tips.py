"""Tips as a handler works with them: the list, one tip with its thread, and the moves of triage."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from crypto.secret import Secret
from handling.corridor import sealed
from handling.corridor.errors import MeanwhileError, NotThereError, RefusedError
from handling.corridor.session import Handler
from handling.corridor.store import threads, tips
from handling.corridor.store.tips import Place, Tip
from handling.rules import triage
from handling.store.vault import OpenVault
from tipline.base.database import Db, Pool

PAGE = 25
_REASON_LIMIT = 500  # characters


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of triage, with author and reason."""

    at: str
    author: str
    move: triage.Move
    reason: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a tip's row seals. *text* is None while the thread's first message has not come."""

    text: str | None
    how_known: str
    must_not_learn: str
    moves: tuple[Moved, ...]
    reports: tuple[UUID, ...]

    def seal(self, key: Secret, tip: UUID) -> bytes:
        """Seal for the tip's row."""
        value = {
            "text": self.text,
            "how_known": self.how_known,
            "must_not_learn": self.must_not_learn,
            "moves": [[moved.at, moved.author, moved.move.value, moved.reason] for moved in self.moves],
            "reports": [str(report) for report in self.reports],
        }
        return sealed.seal(key, value, table="tip", row=tip)

    @classmethod
    def open(cls, key: Secret, tip: Tip) -> "Content":
        """Open a tip's row."""
        value = sealed.unseal(key, tip.sealed, table="tip", row=tip.id)
        return cls(
            text=value["text"],
            how_known=value["how_known"],
            must_not_learn=value["must_not_learn"],
            moves=tuple(Moved(at, author, triage.Move(move), why) for at, author, move, why in value["moves"]),
            reports=tuple(UUID(report) for report in value["reports"]),
        )


@dataclass(frozen=True, slots=True)
class OpenTip:
    """One tip with what its row seals."""

    row: Tip
    content: Content


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """One message with what its row seals: `kind`, `body` or `text`, and for the source's the exact time."""

    row: threads.Message
    content: Any


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list, and where the next one starts."""

    tips: tuple[OpenTip, ...]
    after: Place | None


async def listing(
    db: Db, vault: OpenVault, *, states: Sequence[triage.State], urgent_only: bool, after: Place | None
) -> Listing:
    """Open one page of the list."""
    rows = await tips.page(db, states=states, urgent_only=urgent_only, after=after, limit=PAGE + 1)
    shown = await asyncio.to_thread(lambda: tuple(_open(vault, row) for row in rows[:PAGE]))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Listing(shown, None if last is None else Place(last.urgent, last.received_on, last.id))


async def get(db: Db, vault: OpenVault, tip: UUID) -> OpenTip:
    """Open one tip, or raise `NotThereError`."""
    row = await tips.get(db, tip)
    if row is None:
        raise NotThereError
    return await asyncio.to_thread(_open, vault, row)


async def dialogue(db: Db, vault: OpenVault, thread: UUID) -> tuple[OpenMessage, ...]:
    """Open all messages of a thread, oldest day first."""
    rows = await threads.messages(db, thread)
    key = await asyncio.to_thread(vault.record, thread)
    found = [OpenMessage(row, sealed.unseal(key, row.sealed, table="message", row=row.id)) for row in rows]
    return tuple(sorted(found, key=lambda message: (message.row.day, message.content["at"] or "")))


async def move(pool: Pool, handler: Handler, tip: UUID, act: triage.Move, *, reason: str, now: datetime) -> None:
    """Move a tip on, with author and reason.

    Raises:
        NotThereError, MeanwhileError: there is no such tip, or it has moved already.
        RefusedError: the move is not possible from here or lacks its reason.
    """
    reason = reason.strip()
    async with pool.acquire() as db, db.transaction():
        found = await _locked(db, handler.vault, tip)  # 1 load
        try:  # 2 decide
            after = triage.advance(found.row.state, act)
        except triage.IllegalMoveError:
            raise MeanwhileError from None
        if triage.needs_reason(found.row.state, act) and not reason:
            raise RefusedError("Write down why: every move but the first keeps its reason.")
        if len(reason) > _REASON_LIMIT:
            raise RefusedError(f"Keep the reason under {_REASON_LIMIT} characters.")
        moved = Moved(now.isoformat(timespec="minutes"), handler.member.name, act, reason)
        content = replace(found.content, moves=(*found.content.moves, moved))
        owner = handler.member.name if act is triage.Move.OPEN else found.row.owner
        key = handler.vault.record(found.row.thread)  # 3 store
        if not await tips.move(db, tip, was=found.row.state, now=after, owner=owner, sealed=content.seal(key, tip)):
            raise MeanwhileError


async def name_report(db: Db, vault: OpenVault, tip: UUID, report: UUID) -> None:
    """Remember at the tip that *report* was written from it. The caller owns the transaction."""
    found = await _locked(db, vault, tip)
    content = replace(found.content, reports=(*found.content.reports, report))
    await tips.reseal(db, tip, content.seal(vault.record(found.row.thread), tip), urgent=False)


async def _locked(db: Db, vault: OpenVault, tip: UUID) -> OpenTip:
    row = await tips.lock(db, tip)
    if row is None:
        raise NotThereError
    return await asyncio.to_thread(_open, vault, row)


def _open(vault: OpenVault, row: Tip) -> OpenTip:
    return OpenTip(row, Content.open(vault.record(row.thread), row))
