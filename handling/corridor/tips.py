"""Tips as a handler works with them: the list, one tip with its thread, and the moves of triage."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from handling.corridor import sealed, seen
from handling.corridor.content import Content, Moved
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

    async def look(hidden: Sequence[UUID]) -> Listing:
        rows = await tips.page(db, states=states, urgent_only=urgent_only, after=after, limit=PAGE + 1, hidden=hidden)
        shown = await asyncio.to_thread(lambda: tuple(_open(vault, row) for row in rows[:PAGE]))
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        return Listing(shown, None if last is None else Place(last.urgent, last.received_on, last.id))

    return await seen.steadily(vault, look)


async def get(db: Db, vault: OpenVault, tip: UUID) -> OpenTip:
    """Open one tip, or raise `NotThereError`."""

    async def look(hidden: Sequence[UUID]) -> OpenTip:
        row = await tips.get(db, tip, hidden)
        if row is None:
            raise NotThereError
        return await asyncio.to_thread(_open, vault, row)

    return await seen.steadily(vault, look)


async def dialogue(db: Db, vault: OpenVault, thread: UUID) -> tuple[OpenMessage, ...]:
    """Open all messages of a thread, oldest day first."""
    rows = await threads.messages(db, thread)
    key = await asyncio.to_thread(vault.record, thread)
    found = [OpenMessage(row, sealed.unseal(key, row.sealed, table="message", row=row.id)) for row in rows]
    return tuple(sorted(found, key=lambda message: (message.row.day, message.content["at"] or "~")))


async def move(pool: Pool, handler: Handler, tip: UUID, act: triage.Move, *, reason: str, now: datetime) -> None:
    """Move a tip on, with author and reason.

    Raises:
        NotThereError, MeanwhileError: there is no such tip, or it has moved already.
        RefusedError: the move is not possible from here or lacks its reason.
    """
    reason = reason.strip()
    async with pool.acquire() as db, db.transaction():
        found = await locked(db, handler.vault, tip)  # 1 load
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
    found = await locked(db, vault, tip)
    content = replace(found.content, reports=(*found.content.reports, report))
    await tips.reseal(db, tip, content.seal(vault.record(found.row.thread), tip), urgent=False)


async def of_threads(db: Db, vault: OpenVault, records: Sequence[UUID]) -> tuple[OpenTip, ...]:
    """Open the tips of these threads, all of which this session can open."""
    rows = await tips.of_threads(db, records)
    return await asyncio.to_thread(lambda: tuple(_open(vault, row) for row in rows))


async def locked(db: Db, vault: OpenVault, tip: UUID) -> OpenTip:
    """Open one tip and hold it until the transaction ends, or raise `NotThereError`."""
    row = await tips.lock(db, tip, await seen.hidden(vault))
    if row is None:
        raise NotThereError
    return await asyncio.to_thread(_open, vault, row)


def _open(vault: OpenVault, row: Tip) -> OpenTip:
    return OpenTip(row, Content.open(vault.record(row.thread), row))
