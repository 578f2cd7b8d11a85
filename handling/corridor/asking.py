"""What the guard is asked about a report: sealed to those who may review it, and asked anew when a tip is taken from one.

Writes no report and decides nothing; the caller owns the transaction and holds the tip.
"""

import asyncio
import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from crypto import age
from crypto.canonical import canonical
from handling.corridor import attaching, document, immunity, material, sealed, tips
from handling.corridor.document import Draft, Finished
from handling.corridor.store import items, outcomes, reports
from handling.corridor.store.reports import ReportState
from handling.data import countries, scheme, subjects
from handling.rules import release
from handling.rules.calibration import share
from handling.rules.material import Piece
from handling.store import agencies
from handling.store.keyring import MissingKeyError
from handling.store.members import Duty, MemberList
from handling.store.vault import OpenVault
from tipline.base.database import Db


@dataclass(frozen=True, slots=True)
class Queued:
    """A report as it was queued, with its attachments in their order and the material that it rests on."""

    draft: Draft
    copies: tuple[bytes, ...]
    sent: tuple[Piece, ...]
    earlier: Mapping[str, int]
    alike: bool
    claimed: Mapping[UUID, str]


_GOING = frozenset({ReportState.QUEUED, ReportState.REVIEWED})


def reviewers(members: MemberList, author: str, allowed: Collection[str] | None) -> list[age.Recipient]:
    """Release keys of those who may review; *allowed* names who may read the tip, None is everybody.

    Where the list names an outside second the author is one of them: nobody else may be there to take it along to them.
    """
    duties = {member.name: {duty.value for duty in member.duties} for member in members.members}
    names = release.possible_signers(release.Kind.REVIEW, author, duties)
    carrier = (author,) if members.having(Duty.OUTSIDE) else ()
    return [members.member(name).release for name in (*names, *carrier) if allowed is None or name in allowed]


def request(
    finished: Finished,
    author: str,
    to: Sequence[age.Recipient],
    copies: Sequence[bytes] = (),
    *,
    earlier: Mapping[str, int] = MappingProxyType({}),
    alike: bool = False,
) -> bytes:
    """Seal what a reviewer reads, with the report's attachments in their order. Blocking.

    Args:
        finished: the report.
        author: who wrote it.
        to: who may review it.
        copies: its attachments.
        earlier: how many other reports from the same tip may go to each of its agencies.
        alike: whether its author nearly always grades both axes alike.
    """
    asked: dict[str, Any] = {
        "report": finished.document,
        "facts": finished.facts.to_body(),
        "agencies": list(finished.agencies),
        "author": author,
        "sum_of_knowledge": {"earlier": dict(earlier), "reason": finished.sum_of_knowledge},
        "kept": [{"class": kept.residue, "text": kept.text, "reason": kept.reason} for kept in finished.kept],
        "risk": None if finished.risk is None else finished.risk.to_body(),
    }
    if alike:
        asked["alike"] = True
    if finished.claims:
        asked["claims"] = [{"item": number, "reason": reason} for number, reason in finished.claims]
    if finished.version_of:
        asked["version_of"] = list(finished.version_of)
    if copies:
        listed = zip(finished.document["attachments"], copies, strict=True)
        asked["attachments"] = {one["name"]: base64.b64encode(copy).decode() for one, copy in listed}
    return age.seal(canonical(asked), list(to))


async def opened(db: Db, vault: OpenVault, records: Sequence[UUID]) -> dict[UUID, Queued]:
    """Open those of *records* that are queued reports, while this session still can."""
    rows = [row for row in await reports.some(db, records, ()) if row.state is ReportState.QUEUED]
    drafts = await asyncio.to_thread(_drafts, vault, rows)
    authors = {row.id: row.author for row in rows}
    return {
        report: Queued(
            draft,
            await attaching.copies(db, vault, report, draft),
            await material.pieces(db, vault, draft.stated.material),
            await earlier(db, vault, report, draft),
            await alike(db, vault, authors[report]),
            await immunity.claimed(db, vault, draft.tip, draft.thread),
        )
        for report, draft in drafts.items()
    }


async def alike(db: Db, vault: OpenVault, author: str) -> bool:
    """Whether *author* nearly always grades both axes alike, counted over items that every handler can read and no others."""
    apart = await asyncio.to_thread(lambda: vault.hidden() | vault.allowed())
    counted = {one.grade: one.items for one in await items.graded(db, list(apart)) if one.author == author}
    return share(counted, scheme()).warns


async def earlier(db: Db, vault: OpenVault, report: UUID, draft: Draft) -> dict[str, int]:
    """How many other reports from the same tip, queued or reviewed, may go to each agency of this one."""
    tip = await tips.get(db, vault, draft.tip)
    others = [one for one in tip.content.reports if one != report]
    rows = [row for row in await reports.some(db, others, ()) if row.state in _GOING]
    listed = [one for other in (await asyncio.to_thread(_drafts, vault, rows)).values() for one in other.agencies]
    return {agency: listed.count(agency) for agency in sorted(draft.agencies) if agency in listed}


def _drafts(vault: OpenVault, rows: Sequence[reports.Report]) -> dict[UUID, Draft]:
    found = {}
    for row in rows:
        try:
            key = vault.record(row.id)
        except MissingKeyError:  # destroyed, or restricted to others: it is withdrawn and not asked again
            continue
        found[row.id] = Draft.from_body(sealed.unseal(key, row.sealed, table="report", row=row.id))
    return found


async def again(
    db: Db,
    members: MemberList,
    records: Sequence[UUID],
    queued: dict[UUID, Queued],
    *,
    names: Sequence[str],
    shown_to: Sequence[str] | None,
) -> None:
    """Withdraw what waits at the guard about *records* and ask *names* alone; a report nobody may review is a draft again."""
    enrolled = {agency.id for agency in await agencies.all_(db)}
    for was in await reports.withdraw_reviews(db, records):
        before, to = queued.get(was.report), reviewers(members, was.asked_by, names)
        finished = None if before is None else _finish(before, was.report, enrolled)
        if before is None or finished is None or not to:
            await reports.set_state(db, was.report, was=ReportState.QUEUED, now=ReportState.DRAFT)
            continue
        content = await asyncio.to_thread(
            request, finished, was.asked_by, to, before.copies, earlier=before.earlier, alike=before.alike
        )
        await reports.queue(
            db,
            report=was.report,
            sealed=content,
            requested_by=was.asked_by,
            requested_on=was.asked_on,
            shown_to=list(names),
        )
    for phrase in await outcomes.withdraw_phrases(db, records):
        await outcomes.propose(
            db,
            outcome=phrase.outcome,
            phrase=phrase.code,
            requested_by=phrase.asked_by,
            requested_on=phrase.asked_on,
            shown_to=shown_to,
        )


async def withdraw(db: Db, records: Sequence[UUID]) -> None:
    """Withdraw what waits for review among *records*: these reports are drafts again."""
    for was in await reports.withdraw_reviews(db, records):
        await reports.set_state(db, was.report, was=ReportState.QUEUED, now=ReportState.DRAFT)


def _finish(before: Queued, report: UUID, enrolled: Collection[str]) -> Finished | None:
    """The document as it was asked before: the draft keeps the day it was queued on."""
    found = document.finish(
        before.draft,
        report,
        scheme=scheme(),
        subjects=subjects(),
        countries=countries(),
        enrolled=enrolled,
        sent=before.sent,
        today=before.draft.date,
        claimed=before.claimed,
    )
    return found if isinstance(found, Finished) else None
