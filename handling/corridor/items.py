"""Items and grades: one fact each, judged on its own. A judgement is added, never changed."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from handling.corridor import immunity, reading, sealed, seen
from handling.corridor.errors import MeanwhileError, NotThereError, RefusedError
from handling.corridor.immunity import Claim
from handling.corridor.session import Handler
from handling.corridor.store import items, tips
from handling.rules.grading import Grade, GradeError, Scheme
from handling.store.vault import OpenVault
from tipline.base.database import Db, Pool, TakenError

TEXT_LIMIT = 2_000  # characters of one fact
REASON_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Judgement:
    """One grade with author, time and reason."""

    grade: Grade
    author: str
    graded_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One fact in clear; *history* has the newest judgement last."""

    id: UUID
    tip: UUID
    position: int
    author: str
    text: str
    history: tuple[Judgement, ...]
    is_provenance: bool = False
    """It says how the source knows: graded by itself, and kept out of every report."""
    immunity: Claim | None = None
    """Every report that rests on it carries the claim."""

    @property
    def grade(self) -> Grade | None:
        """The judgement that holds now."""
        return self.history[-1].grade if self.history else None


async def of_tip(db: Db, vault: OpenVault, tip: UUID, thread: UUID) -> tuple[OpenItem, ...]:
    """Open all items of a tip."""
    rows = await items.of_tip(db, tip)
    return await asyncio.to_thread(lambda: tuple(_open(vault, thread, row) for row in rows))


async def add(
    pool: Pool, handler: Handler, tip: UUID, text: str, now: datetime, *, is_provenance: bool = False
) -> bool:
    """Put one fact behind the others of a tip; with *is_provenance* it says how the source knows.

    False when it touches a conflict of interest of the person who wrote it, who may not read on.

    Raises:
        NotThereError, RefusedError, MeanwhileError: no such tip; no text or too much; two people added at once.
    """
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise RefusedError("Write one fact first.")
    if len(text) > TEXT_LIMIT:
        raise RefusedError(f"One fact has at most {TEXT_LIMIT} characters. Split it.")
    async with pool.acquire() as db, db.transaction():
        row = await tips.get(db, tip, await seen.hidden(handler.vault))
        if row is None:
            raise NotThereError
        item = uuid4()
        key = await asyncio.to_thread(handler.vault.record, row.thread)
        stays = await reading.hear(db, handler, tip, [text])
        content = sealed.seal(key, {"text": text, "provenance": is_provenance}, table="item", row=item)
        try:
            await items.add(db, item=item, tip=tip, author=handler.member.name, created_on=now.date(), sealed=content)
        except TakenError:
            raise MeanwhileError from None
    return stays


async def remove(pool: Pool, handler: Handler, item: UUID) -> UUID:
    """Remove an item that nobody has graded and return its tip.

    Raises:
        NotThereError, RefusedError: no such item; it is graded and stays.
    """
    async with pool.acquire() as db:
        tip = await items.tip_of(db, item, await seen.hidden(handler.vault))
        if tip is None:
            raise NotThereError
        if not await items.remove(db, item):
            raise RefusedError(
                "This item has a grade or a claim of immunity, so it stays: what was judged is kept as it was."
            )
    return tip


async def claim(db: Db, handler: Handler, item: UUID, reason: str, today: date) -> UUID:
    """Claim public-interest immunity for one item and return its tip; the caller takes back what waits for review with it.

    Raises:
        NotThereError, RefusedError, MeanwhileError: no such item; no reason or too long a one; claimed already.
    """
    reason = reason.replace("\r\n", "\n").strip()
    if not 0 < len(reason) <= REASON_LIMIT:
        raise RefusedError(f"Say why it is claimed, in at most {REASON_LIMIT} characters.")
    _, tip = await find(db, handler.vault, item)
    content = immunity.seal(handler.vault.record(tip.thread), item, reason)
    try:
        await items.claim(db, items.Immunity(item, handler.member.name, today, content))
    except TakenError:
        raise MeanwhileError from None
    return tip.id


async def find(db: Db, vault: OpenVault, item: UUID) -> tuple[OpenItem, tips.Tip]:
    """Open one item with the tip it came from, or raise `NotThereError`."""
    hidden = await seen.hidden(vault)
    tip = await items.tip_of(db, item, hidden)
    row = None if tip is None else await tips.get(db, tip, hidden)
    if row is None:
        raise NotThereError
    for found in await of_tip(db, vault, row.id, row.thread):
        if found.id == item:
            return found, row
    raise NotThereError


async def grade(
    pool: Pool,
    handler: Handler,
    item: UUID,
    scheme: Scheme,
    *,
    source: str,
    information: str,
    reason: str,
    now: datetime,
) -> UUID:
    """Judge one item and return its tip; everything but the default needs its reason.

    Raises:
        NotThereError, RefusedError: no such item; a code that does not exist, or a reason that is missing.
    """
    reason = reason.strip()
    async with pool.acquire() as db:
        found, tip = await find(db, handler.vault, item)  # 1 load
        try:  # 2 decide
            judged = scheme.grade(source, information)
        except GradeError:
            raise RefusedError("Choose one code on each axis.") from None
        if scheme.needs_reason(judged, tip.way) and not reason:
            default = scheme.default(tip.way)
            raise RefusedError(
                f"Write down why. Only {default.source} {default.information}, the default, stands without a reason."
            )
        if len(reason) > REASON_LIMIT:
            raise RefusedError(f"Keep the reason under {REASON_LIMIT} characters.")
        judgement = uuid4()  # 3 store
        key = handler.vault.record(tip.thread)
        await items.grade(
            db,
            items.Grade(
                id=judgement,
                item=found.id,
                scheme=judged.scheme,
                source=judged.source,
                information=judged.information,
                author=handler.member.name,
                graded_at=now,
                sealed=sealed.seal(key, {"reason": reason}, table="grade", row=judgement),
            ),
        )
    return tip.id


def _open(vault: OpenVault, thread: UUID, row: items.Item) -> OpenItem:
    key = vault.record(thread)
    body = sealed.unseal(key, row.sealed, table="item", row=row.id)
    return OpenItem(
        id=row.id,
        tip=row.tip,
        position=row.position,
        author=row.author,
        text=body["text"],
        is_provenance=body.get("provenance", False),
        immunity=None if row.immunity is None else immunity.open_(key, row.immunity),
        history=tuple(
            Judgement(
                Grade(grade.scheme, grade.source, grade.information),
                grade.author,
                grade.graded_at,
                sealed.unseal(key, grade.sealed, table="grade", row=grade.id)["reason"],
            )
            for grade in row.grades
        ),
    )
