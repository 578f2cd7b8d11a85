"""Writing a report from chosen items, and handing it to another handler for review. Sends nothing to any agency."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid4

from crypto.errors import CryptoError
from handling.corridor import (
    asking,
    attaching,
    document,
    immunity,
    items,
    material,
    reading,
    sealed,
    seen,
    tips,
    workbench,
)
from handling.corridor.document import Attached, Draft, DraftItem, Unfinished
from handling.corridor.errors import MeanwhileError, NotThereError, RefusedError
from handling.corridor.parts import Blobs
from handling.corridor.session import Handler
from handling.corridor.store import attachments, reports
from handling.corridor.store.reports import Report, ReportState
from handling.corridor.workbench import Noted
from handling.rules.grading import Scheme
from handling.rules.subjects import Subjects
from handling.store import agencies
from handling.store.vault import OpenVault
from tipline.base.database import Db, Pool

PAGE = 25
_BLOCKED = "One of these agencies must not learn of this tip, or stands above one that must not. Take it off."
_NOBODY = "Nobody else in this unit may review it: a second handler is needed. Nothing was queued."
_UNDECIDED = "Decide about everything that was found: change the words, put the proposal in, or say why they stay."
_DECIDED = {"signed": ReportState.REVIEWED, "refused": ReportState.REFUSED}


class UnfinishedError(Exception):
    """The draft lacks something; *reasons* are (field, words)."""

    def __init__(self, unfinished: Unfinished) -> None:
        super().__init__("the report is not finished")
        self.reasons = unfinished.reasons


@dataclass(frozen=True, slots=True)
class OpenReport:
    """One report in clear; *refusal* is the reviewer's reason."""

    row: Report
    draft: Draft
    refusal: str = ""


async def begin(pool: Pool, handler: Handler, tip: UUID, chosen: Collection[UUID], today: date) -> UUID:
    """Start a report of its own from graded items of one tip; its record key is on the disk before its row.

    Raises:
        NotThereError, RefusedError: no such tip; nothing chosen, or something chosen that has no grade.
    """
    async with pool.acquire() as db, db.transaction():
        found = await tips.get(db, handler.vault, tip)  # 1 load
        known = await items.of_tip(db, handler.vault, tip, found.row.thread)
        taken = [  # 2 decide
            DraftItem(item.id, item.text, item.grade)
            for item in known
            if item.id in chosen and item.grade is not None and not item.is_provenance
        ]
        if not taken or len(taken) != len(set(chosen)):
            raise RefusedError(
                "Choose at least one item. Only graded items can go into a report, and none that says how the source knows."
            )
        draft = Draft(
            tip=tip,
            thread=found.row.thread,
            title="",
            summary="",
            items=tuple(taken),
            handling="P",
            action="",
            sanitisation="",
            subjects=(),
            agencies=(),
            suspected_false=False,
            date=today,
        )
        return await _store(db, handler, draft, today)  # 3 store


async def again(pool: Pool, handler: Handler, report: UUID, today: date) -> UUID:
    """Start a new version of a report that was queued, with its own URN and review; agencies are ticked afresh."""
    async with pool.acquire() as db, db.transaction():
        found = await get(db, handler.vault, report)
        if found.row.state is ReportState.DRAFT:
            raise RefusedError("This report is a draft still: change the draft itself.")
        copies = await attaching.copies(db, handler.vault, report, found.draft)
        again_ = replace(
            found.draft,
            agencies=(),
            sum_of_knowledge="",
            attached=attaching.renewed(found.draft.attached),
            stated=found.draft.stated.afresh(),
            date=today,
            version_of=(*found.draft.version_of, f"urn:uuid:{report}"),
        )
        begun = await _store(db, handler, again_, today)
        for one, copy in zip(again_.attached, copies, strict=True):
            await attaching.keep(db, handler.vault, begun, one.id, copy)
        return begun


async def save(pool: Pool, handler: Handler, report: UUID, changed: Draft) -> None:
    """Keep what was written so far. Items, their grades, tip, thread and what it is a version of stay those it began with.

    Raises:
        NotThereError, MeanwhileError, RefusedError: no such draft; queued meanwhile; somebody else's draft.
    """
    await _hear(pool, handler, report, changed)
    async with pool.acquire() as db, db.transaction():
        await _save(db, handler, report, changed)


async def queue(
    pool: Pool,
    handler: Handler,
    report: UUID,
    *,
    scheme: Scheme,
    subjects: Subjects,
    countries: Collection[str],
    today: date,
) -> None:
    """Seal a finished report to everyone who may review it and lay it into the guard's queue.

    Raises:
        UnfinishedError: the draft, as it was saved, lacks something.
        RefusedError: nobody else may review it, or it is somebody else's draft.
        NotThereError, MeanwhileError: as `save`.
    """
    await _hear(pool, handler, report)
    async with pool.acquire() as db, db.transaction():
        found = await get(db, handler.vault, report)
        noted_ = await noted(db, handler, found)
        draft = await _save(db, handler, report, workbench.tidy(replace(found.draft, date=today), noted_))
        enrolled = {agency.id for agency in await agencies.all_(db)}
        finished = document.finish(
            draft,
            report,
            scheme=scheme,
            subjects=subjects,
            countries=countries,
            enrolled=enrolled,
            sent=await material.pieces(db, handler.vault, draft.stated.material),
            today=today,
            claimed=await immunity.claimed(db, handler.vault, draft.tip, draft.thread),
        )
        allowed = await asyncio.to_thread(reading.readers, handler.vault, handler.members, report)
        waiting = (("residue", _UNDECIDED),) if workbench.undecided(noted_) else ()
        if isinstance(finished, Unfinished) or waiting:
            missing = finished.reasons if isinstance(finished, Unfinished) else ()
            raise UnfinishedError(Unfinished((*missing, *waiting)))
        to = asking.reviewers(handler.members, handler.member.name, allowed)
        if not to:
            raise RefusedError(_NOBODY)
        copies = await attaching.copies(db, handler.vault, report, draft)
        earlier = await asking.earlier(db, handler.vault, report, draft)
        author = handler.member.name
        alike = await asking.alike(db, handler.vault, author)
        to_review = await asyncio.to_thread(asking.request, finished, author, to, copies, earlier=earlier, alike=alike)
        await reports.queue(
            db,
            report=report,
            sealed=to_review,
            requested_by=handler.member.name,
            requested_on=today,
            shown_to=None if allowed is None else list(allowed),
        )
        if not await reports.set_state(db, report, was=ReportState.DRAFT, now=ReportState.QUEUED):
            raise MeanwhileError


async def claim(pool: Pool, handler: Handler, item: UUID, reason: str, today: date) -> UUID:
    """Claim public-interest immunity for one item and return its tip; what waits for review with it is a draft again.

    Raises:
        NotThereError, RefusedError, MeanwhileError: as `items.claim`.
    """
    async with pool.acquire() as db, db.transaction():
        tip_id = await items.claim(db, handler, item, reason, today)
        tip = await tips.locked(db, handler.vault, tip_id)
        written = await some(db, handler.vault, tip.content.reports)
        resting = [one.row.id for one in written if item in {each.item for each in one.draft.items}]
        for was in await reports.withdraw_reviews(db, resting):
            await reports.set_state(db, was.report, was=ReportState.QUEUED, now=ReportState.DRAFT)
    return tip_id


async def attach(pool: Pool, handler: Handler, blobs: Blobs, report: UUID, file: UUID) -> None:
    """Draw a file of the tip anew and put the copy into a draft.

    Raises:
        NotThereError, MeanwhileError, RefusedError: as `save`; no such file; no copy of it can leave, and why.
    """
    async with pool.acquire() as db:
        found = await get(db, handler.vault, report)
        given = await attaching.original(db, handler, found.draft, file)
    made = await asyncio.to_thread(attaching.derived, handler.vault, blobs, given)
    async with pool.acquire() as db, db.transaction():
        before = await locked(db, handler, report)
        attached = attaching.with_one(before.draft.attached, made.entry)
        await attaching.keep(db, handler.vault, report, made.entry.id, made.data)
        await _save(db, handler, report, before.draft, attached=attached)


async def detach(pool: Pool, handler: Handler, report: UUID, attachment: UUID) -> None:
    """Take a copy out of a draft; the original stays with the tip."""
    async with pool.acquire() as db, db.transaction():
        before = await locked(db, handler, report)
        attached = tuple(one for one in before.draft.attached if one.id != attachment)
        await _save(db, handler, report, before.draft, attached=attached)
        await attachments.remove(db, report, attachment)


async def locked(db: Db, handler: Handler, report: UUID) -> OpenReport:
    """One report, held against others who change it until the end of the transaction."""
    found = await get(db, handler.vault, report)
    await tips.locked(db, handler.vault, found.draft.tip)
    return await get(db, handler.vault, report)


async def noted(db: Db, handler: Handler, report: OpenReport) -> tuple[Noted, ...]:
    """Find what in a draft could lead back to its source, beside everything that the source wrote."""
    tip = await tips.get(db, handler.vault, report.draft.tip)
    said = [
        one.content for one in await tips.dialogue(db, handler.vault, report.draft.thread) if one.row.direction == "in"
    ]
    bodies = [content["body"] for content in said]
    return await asyncio.to_thread(workbench.look, report.draft, workbench.originals(tip.content.text, bodies))


async def get(db: Db, vault: OpenVault, report: UUID) -> OpenReport:
    """Open one report with where its review stands, or raise `NotThereError`."""

    async def look(hidden: Sequence[UUID]) -> OpenReport:
        row = await reports.get(db, report, hidden)
        if row is None:
            raise NotThereError
        return (await _opened(db, vault, (row,)))[0]

    return await seen.steadily(vault, look)


async def some(db: Db, vault: OpenVault, wanted: Collection[UUID]) -> tuple[OpenReport, ...]:
    """Open those of the reports that exist."""

    async def look(hidden: Sequence[UUID]) -> tuple[OpenReport, ...]:
        return await _opened(db, vault, await reports.some(db, list(wanted), hidden))

    return await seen.steadily(vault, look)


async def listing(db: Db, vault: OpenVault, *, after: tuple[date, UUID] | None) -> tuple[OpenReport, ...]:
    """Open one page of reports, newest day first; one more than `PAGE` says that there is a next page."""

    async def look(hidden: Sequence[UUID]) -> tuple[OpenReport, ...]:
        return await _opened(db, vault, await reports.page(db, after=after, limit=PAGE + 1, hidden=hidden))

    return await seen.steadily(vault, look)


async def _opened(db: Db, vault: OpenVault, rows: Collection[Report]) -> tuple[OpenReport, ...]:
    """Open reports and take over what the guard has decided since."""
    reviews = await reports.reviews(db, [row.id for row in rows if row.state is not ReportState.DRAFT])
    found = []
    for row in rows:
        state, reason = reviews.get(row.id, ("waiting", None))
        decided = _DECIDED.get(state)
        if decided is not None and row.state is ReportState.QUEUED:
            await reports.set_state(db, row.id, was=ReportState.QUEUED, now=decided)
            row = replace(row, state=decided)  # noqa: PLW2901 - the row as it stands now
        found.append(await asyncio.to_thread(_open, vault, row, reason))
    return tuple(found)


def _open(vault: OpenVault, row: Report, reason: bytes | None) -> OpenReport:
    draft = Draft.from_body(sealed.unseal(vault.record(row.id), row.sealed, table="report", row=row.id))
    return OpenReport(row, draft, "" if reason is None else refusal(vault, reason))


def refusal(vault: OpenVault, reason: bytes) -> str:
    """Open the reason that a signer gave for a refusal."""
    try:
        return vault.unseal(reason).decode("utf-8", "replace").strip()
    except CryptoError:
        return "The reason cannot be opened with this unit's key."


async def _hear(pool: Pool, handler: Handler, report: UUID, changed: Draft | None = None) -> None:
    """Hear a draft, as it is or as it is to be, by what is known ahead: what it takes away stays taken whatever becomes of it."""
    async with pool.acquire() as db, db.transaction():
        found = await get(db, handler.vault, report)
        if found.row.author == handler.member.name:
            await reading.hear(db, handler, found.draft.tip, words(changed or found.draft))


def words(draft: Draft) -> tuple[str, ...]:
    """Everything in a draft that may name somebody."""
    copies = (f"{one.name}\n{one.text}" for one in draft.attached)
    return (*draft.fields().values(), draft.sum_of_knowledge, *copies)


async def _save(
    db: Db, handler: Handler, report: UUID, changed: Draft, *, attached: tuple[Attached, ...] | None = None
) -> Draft:
    """Store a draft, with *attached* where its attachments change, and hold its tip, so that a decision on its readers is made before or after, and never beside it."""
    found = await get(db, handler.vault, report)
    if found.row.author != handler.member.name:
        raise RefusedError("Only its author changes a draft. Start a version of your own from the tip's items.")
    texts = {item.item: item.text for item in changed.items}
    kept = tuple(replace(item, text=texts.get(item.item, item.text)) for item in found.draft.items)
    fixed = found.draft if attached is None else replace(found.draft, attached=attached)
    draft = replace(
        changed,
        tip=fixed.tip,
        thread=fixed.thread,
        items=kept,
        attached=fixed.attached,
        version_of=fixed.version_of,
    )
    tip = await tips.locked(db, handler.vault, draft.tip)
    if set(draft.agencies) & set(reading.blocked(tip.content, await agencies.all_(db))):
        raise UnfinishedError(Unfinished((("agencies", _BLOCKED),)))
    content = sealed.seal(handler.vault.record(report), draft.to_body(), table="report", row=report)
    if not await reports.save(db, report, content):
        raise MeanwhileError
    return draft


async def _store(db: Db, handler: Handler, draft: Draft, today: date) -> UUID:
    """Keep a new draft, for those who may read its tip and for nobody else.

    Naming the report at its tip comes first: that holds the tip, so a decision on its readers is made before or after.
    """
    report = uuid4()
    await tips.name_report(db, handler.vault, draft.tip, report)
    allowed = await asyncio.to_thread(reading.like, handler.vault, handler.members, draft.thread)
    key = await asyncio.to_thread(handler.vault.new_record, report, readers=allowed)
    content = sealed.seal(key, draft.to_body(), table="report", row=report)
    await reports.add(db, report=report, author=handler.member.name, created_on=today, sealed=content)
    return report
