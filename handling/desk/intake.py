"""Taking in what was sealed to the desk: reviewed reports and agencies' answers. What does not verify stays and is shown."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from crypto import age
from crypto.canonical import parse
from crypto.errors import CryptoError
from crypto.statement import Statement
from handling import data, material
from handling.desk import feedback, material_store, received, reports, store
from handling.desk.reports import Report, ReportFormatError, Review
from handling.desk.session import Desk
from handling.material import Material, MaterialError, Signed
from handling.rules import attachments
from handling.rules.release import Kind, is_complete
from handling.store import agencies
from handling.store.agencies import Agency
from handling.store.members import Duty, Member, MemberList, NotAMemberError
from tipline.base.database import Db, Pool

_LOCK = "desk intake"
_BATCH = 50
_BEGINNING = (date.min, UUID(int=0))


class Reason(Enum):
    """Why something was not taken in, in words for the page."""

    NOT_FOR_US = "It does not open with this desk's intake key, or it is damaged."
    FORMAT = "It is not in the agreed format."
    SIGNATURE = "Its review is not signed by a member of this unit, or the signature is wrong."
    NOT_A_HANDLER = "Its review is signed by somebody who is not a handler."
    OWN_REVIEW = "Its review is signed by the report's own author."
    UNKNOWN_AUTHOR = "Its author is not on the signed member list."
    OTHER_REPORT = "Its review is of another report than the one it came with."
    OTHER_FACTS = "The facts that were signed are not those of the report."
    ATTACHMENTS = "Its attachments are not those that the report lists, or hold more than they may."
    REFERENCE_TAKEN = "Another report with the same reference is here already."
    NO_RELEASE = "It answers a release that this desk did not make."
    NO_AGENCY = "It names an agency that is not enrolled."
    MATERIAL_CLOSED = "The agency's file in it does not open with this desk's key, or it is damaged."
    OTHER_UNIT = "It is material that the agency wrote for another unit."
    OTHER_SENDER = "It is material of another agency than the one that handed it in."
    NOT_THE_AGENCYS = "It bears a signature that is not by the key that the agency enrolled, or was changed after it."


class RefusedError(Exception):
    """One inbox row was not taken in."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Refused:
    """An inbox row that stays where it is until a person has looked into it."""

    id: UUID
    kind: str
    received_on: date
    reason: Reason


@dataclass(frozen=True, slots=True)
class Intake:
    """What one round of taking in did."""

    taken: int
    refused: tuple[Refused, ...]


async def take_in(pool: Pool, desk: Desk, load: Callable[[Db], Awaitable[MemberList]], today: date) -> Intake:
    """Take in every inbox row that verifies, each in a transaction of its own; the others are returned with a reason.

    *load* reads the signed member list; it is asked only when something has arrived.
    """
    taken = 0
    refused: list[Refused] = []
    after = _BEGINNING
    while True:
        async with pool.acquire() as db:
            rows = await store.inbox(db, after=after, limit=_BATCH)
            if not rows:
                return Intake(taken, tuple(refused))
            members = await load(db)
            for row in rows:
                try:
                    taken += await _take_one(db, desk, members, row, today)
                except RefusedError as error:
                    refused.append(Refused(row.id, row.kind, row.received_on, error.reason))
                    if row.kind == "material":
                        desk.apart[row.id] = error.reason.name
        after = (rows[-1].received_on, rows[-1].id)


async def _take_one(db: Db, desk: Desk, members: MemberList, row: store.InboxRow, today: date) -> bool:
    """Move one row out of the inbox; False when somebody else did so first.

    The lock is what keeps two analysts who sign in together from making two record keys for one report.
    """
    if row.id in desk.apart:
        raise RefusedError(Reason[desk.apart[row.id]])
    content = await asyncio.to_thread(_open, desk, row)
    async with db.transaction():
        await store.lock(db, _LOCK)
        if not await store.take(db, row.id):
            return False
        if row.kind == "report":
            await _take_report(db, desk, members, content, today)
        elif row.kind == "material":
            await _take_material(db, desk, members.unit, row, content)
            await material_store.mark_opened(db, row.id, today)
        else:
            await _take_answer(db, desk, row, content)
    return True


async def _take_report(db: Db, desk: Desk, members: MemberList, content: object, today: date) -> None:
    content, copies = await asyncio.to_thread(_copies, content)
    report, review = await asyncio.to_thread(verify_report, content, members)
    if not await asyncio.to_thread(_are_its_own, report, copies):
        raise RefusedError(Reason.ATTACHMENTS)
    known = await store.report(db, report.id)
    if known is None:
        sealed = await asyncio.to_thread(reports.seal, desk.vault, report, review, today)
        await store.add_report(db, sealed)
        for number, one in enumerate(report.attachments, 1):
            copy = await asyncio.to_thread(reports.seal_copy, desk.vault, report.id, number, copies[one.name])
            await store.add_attachment(db, report.id, number, copy)
    elif reports.open_(desk.vault, known).report.data != report.data:
        raise RefusedError(Reason.REFERENCE_TAKEN)


def _copies(content: object) -> tuple[object, dict[str, bytes]]:
    """Part what came with a report from its attachments."""
    if not isinstance(content, dict):
        raise RefusedError(Reason.FORMAT)
    copies = content.pop("attachments", {})
    try:
        return content, {name: base64.b64decode(copy, validate=True) for name, copy in copies.items()}
    except (AttributeError, TypeError, ValueError):
        raise RefusedError(Reason.FORMAT) from None


def _are_its_own(report: Report, copies: Mapping[str, bytes]) -> bool:
    """Whether these are the attachments that a report lists, and clean still. Blocking."""
    return attachments.match(report.attachments, copies) and all(
        attachments.is_clean(one.kind, copies[one.name]) for one in report.attachments
    )


async def _take_answer(db: Db, desk: Desk, row: store.InboxRow, content: object) -> None:
    try:
        answer = await asyncio.to_thread(feedback.receive, row.kind, content, desk.intake)
    except feedback.AnswerFormatError:
        raise RefusedError(Reason.FORMAT) from None
    release = await store.release(db, answer.release)
    if release is None or release.state != "released":
        raise RefusedError(Reason.NO_RELEASE)
    if answer.statement is not None and not feedback.is_signed(answer, release.acknowledge):
        raise RefusedError(Reason.NOT_THE_AGENCYS)
    await store.add_answer(db, feedback.seal(desk.vault, release, row, answer))


async def _take_material(db: Db, desk: Desk, unit: str, row: store.InboxRow, content: object) -> None:
    """Keep material that was written for *unit* and whose signature holds; the same counts once."""
    try:
        handed = received.HandedIn.read(content)
    except MaterialError:
        raise RefusedError(Reason.FORMAT) from None
    agency = await agencies.get(db, handed.agency)
    if agency is None:
        raise RefusedError(Reason.NO_AGENCY)
    signed = await asyncio.to_thread(_verified, handed, desk, agency, unit)
    if not await material_store.is_here(db, agency.id, signed.sha256):
        sealed = await asyncio.to_thread(received.seal, desk.vault, row.id, agency.id, signed)
        await material_store.add(db, row.id, agency.id, sha256=signed.sha256, day=row.received_on, sealed=sealed)


def _verified(handed: received.HandedIn, desk: Desk, agency: Agency, unit: str) -> Signed:
    """Open what an agency handed in, and hold it against the key that it enrolled. Blocking."""
    try:
        signed = material.open_(handed.sealed, desk.intake)
    except MaterialError:
        raise RefusedError(Reason.MATERIAL_CLOSED) from None
    if not signed.holds(agency):
        raise RefusedError(Reason.NOT_THE_AGENCYS)
    try:
        said = Material.read(signed.document, data.schemes())
    except MaterialError:
        raise RefusedError(Reason.FORMAT) from None
    if said.unit != unit:
        raise RefusedError(Reason.OTHER_UNIT)
    if said.sender != agency.fingerprint:
        raise RefusedError(Reason.OTHER_SENDER)
    return signed


def verify_report(content: object, members: MemberList) -> tuple[Report, Review]:
    """Return report and review when a handler who is not the author has signed exactly this report.

    Raises:
        RefusedError: with the first reason met; nothing unverified is read further than needed to verify it.
    """
    if not isinstance(content, dict) or content.keys() != {"report", "statement"}:
        raise RefusedError(Reason.FORMAT)
    try:
        statement = Statement.from_json(content["statement"])
        reviewer = _signer(statement, members)
        body = statement.verify(reports.REVIEW, [reviewer.signing])
        review = Review.parse(body, reviewer=reviewer.name, statement=statement)
        report = Report.parse(content["report"])
    except CryptoError:
        raise RefusedError(Reason.SIGNATURE) from None
    except ReportFormatError:
        raise RefusedError(Reason.FORMAT) from None
    _check(report, review, reviewer, members)
    return report, review


def _signer(statement: Statement, members: MemberList) -> Member:
    """The one member who signed. A review has one signature; more would hide who answers for it."""
    if len(statement.signatures) != 1:
        raise RefusedError(Reason.SIGNATURE)
    member = members.by_signing(statement.signatures[0].public)
    if member is None:
        raise RefusedError(Reason.SIGNATURE)
    return member


def _check(report: Report, review: Review, reviewer: Member, members: MemberList) -> None:
    if not reviewer.duties & {Duty.HANDLER, Duty.OUTSIDE}:
        raise RefusedError(Reason.NOT_A_HANDLER)
    try:
        author = members.member(review.author)
    except NotAMemberError:
        raise RefusedError(Reason.UNKNOWN_AUTHOR) from None
    if author.name == reviewer.name:
        raise RefusedError(Reason.OWN_REVIEW)
    duties = {member.name: frozenset(duty.value for duty in member.duties) for member in members.members}
    if not is_complete(Kind.REVIEW, author.name, [reviewer.name], duties):
        raise RefusedError(Reason.NOT_A_HANDLER)
    if not review.is_of(report):
        raise RefusedError(Reason.OTHER_REPORT)
    if not review.states(report):
        raise RefusedError(Reason.OTHER_FACTS)


def _open(desk: Desk, row: store.InboxRow) -> object:
    try:
        return parse(age.open_(row.sealed, [desk.intake]).rstrip(b" "))
    except CryptoError:
        raise RefusedError(Reason.NOT_FOR_US) from None
