"""Asking for a release: decide again from what is stored, build the package once, hand it to those who may sign. Releases nothing."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from uuid import UUID, uuid4

from crypto import age
from crypto.canonical import canonical, parse
from crypto.digest import sha256
from handling import data
from handling.consents import SignedAnswer
from handling.desk import case, documents, intake, ledger, matching, reports, store
from handling.desk.intake import Reason, RefusedError
from handling.desk.matching import Match, Party
from handling.desk.reports import Report, Reviewed
from handling.desk.session import Desk
from handling.rules import release as rules
from handling.rules.agreements import Agreement, Purpose
from handling.rules.deconfliction import Deconfliction, is_clear
from handling.rules.manifest import Manifest, manifest_of
from handling.rules.obligations import Obligations
from handling.rules.package import MANIFEST, READ_FIRST, REPORT_HTML, REPORT_JSON, pack
from handling.rules.release import Eligible, Kind
from handling.store import agencies, agreements
from handling.store.members import Duty, MemberList
from tipline.base.database import Db

_ASKED = frozenset({"waiting", "signed-once", "released"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an analyst asks for."""

    report: UUID
    agency: str
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Requested:
    """The request waits at the guard."""

    release: UUID


@dataclass(frozen=True, slots=True)
class NotPermitted:
    """The agreement does not permit it; nothing was stored."""

    match: Match


@dataclass(frozen=True, slots=True)
class AskedAlready:
    """The same release waits or has left already; nothing was stored."""

    release: UUID


@dataclass(frozen=True, slots=True)
class NobodyMaySign:
    """Two lawful signatures are not possible with today's members; nothing was stored."""

    words: str


@dataclass(frozen=True, slots=True)
class ReviewFallen:
    """The review does not count under today's member list; nothing was stored."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class NotDeconflicted:
    """Nobody has answered that it is neither a source nor a live operation; nothing was stored."""


Outcome = Requested | NotPermitted | AskedAlready | NobodyMaySign | ReviewFallen | NotDeconflicted


class NoSuchAgencyError(Exception):
    """No agency with this id is enrolled."""

    def __init__(self) -> None:
        super().__init__("no such agency")


async def party(db: Db, agency_id: str, today: date) -> Party:
    """One agency with the agreement in force, or `NoSuchAgencyError`."""
    agency = await agencies.get(db, agency_id)
    if agency is None:
        raise NoSuchAgencyError
    return Party(agency.name, agencies.recipient(agency), await agreements.active(db, agency_id, today), agency.parent)


async def parties(db: Db, today: date) -> tuple[Party, ...]:
    """Every enrolled agency with the agreement in force, if there is one."""
    enrolled = await agencies.all_(db)
    active = await agreements.all_active(db, today)
    return tuple(
        Party(agency.name, agencies.recipient(agency), active.get(agency.id), agency.parent) for agency in enrolled
    )


async def ask(db: Db, desk: Desk, members: MemberList, wanted: Wanted, *, unit: str, today: date) -> Outcome:
    """Ask for a release, in one transaction.

    Raises:
        NoSuchReportError, NoSuchAgencyError: nothing here has that id.
        NotAMemberError: the analyst is no longer on the signed list.
    """
    async with db.transaction():
        await store.lock(db, f"release of {wanted.report}")
        opened = await case.case(db, desk, wanted.report)  # 1 load
        receiver = await party(db, wanted.agency, today)
        refusal = _decide(
            opened, receiver, wanted, members=members, requester=desk.member.name, today=today
        )  # 2 decide
        if not isinstance(refusal, Match):
            return refusal
        copies = await copies_of(db, desk, opened.reviewed.report)
        built = await asyncio.to_thread(_build, opened, copies, refusal, wanted.purpose, unit=unit, today=today)
        await _store(db, desk, members, report=wanted.report, agency=wanted.agency, built=built, today=today)  # 3 store
        return Requested(built.manifest.release)


async def copies_of(db: Db, desk: Desk, report: Report) -> Mapping[str, bytes]:
    """A report's attachments by their neutral names, opened and held against its list."""
    if not report.attachments:
        return {}
    sealed = await store.attachments(db, report.id)
    return await asyncio.to_thread(reports.open_copies, desk.vault, report, sealed)


def _decide(
    opened: case.Case, receiver: Party, wanted: Wanted, *, members: MemberList, requester: str, today: date
) -> Match | NotPermitted | AskedAlready | NobodyMaySign | ReviewFallen | NotDeconflicted:
    try:
        verify_again(opened.reviewed, members)
    except RefusedError as error:
        return ReviewFallen(error.reason)
    match = matching.match(opened.reviewed.review.facts, receiver, wanted.purpose, today)
    if not match.decision.permits:
        return NotPermitted(match)
    if not deconflicted(opened):
        return NotDeconflicted()
    before = _asked_before(opened, wanted)
    if before is not None:
        return AskedAlready(before)
    missing = missing_signers(members, requester)
    return NobodyMaySign(missing) if missing else match


def deconflicted(opened: case.Case) -> bool:
    """Whether somebody was asked whose source or operation it is, and it is nobody's."""
    return is_clear(opened.deconfliction)


def verify_again(reviewed: Reviewed, members: MemberList) -> None:
    """Verify the stored review under *members*; raises `RefusedError` when it no longer counts."""
    content = {"report": parse(reviewed.report.data), "statement": reviewed.review.statement.to_json()}
    intake.verify_report(content, members)


def missing_signers(members: MemberList, requester: str) -> str:
    """Say in words which signature nobody could give; empty when two lawful signatures are possible."""
    members.member(requester)
    held = duties(members)
    if rules.possible(Kind.MANIFEST, requester, held):
        return ""
    if not isinstance(rules.next_signer(Kind.MANIFEST, requester, (), held), Eligible):
        return "No handler other than you can give the first signature. A second handler is needed."
    if any(member.name != requester for member in members.having(Duty.OFFICER)):
        return "The only handler and the only releasing officer beside you are one person. Two people must sign."
    return "No releasing officer other than you can give the second signature. A releasing officer is needed."


def signers(members: MemberList, requester: str) -> tuple[str, ...]:
    """Names of all who could sign what *requester* asks for: handlers and officers, never the requester."""
    return rules.possible_signers(Kind.MANIFEST, requester, duties(members))


def duties(members: MemberList) -> Mapping[str, frozenset[str]]:
    """Duties by member, as the rules of signing take them."""
    return {member.name: frozenset(duty.value for duty in member.duties) for member in members.members}


def _asked_before(opened: case.Case, wanted: Wanted) -> UUID | None:
    """The same report to the same agency for the same purpose, unless it was refused."""
    for one in opened.releases:
        release = one.release
        same = (release.agency, release.manifest.purpose) == (wanted.agency, wanted.purpose.value)
        if same and release.state in _ASKED:
            return release.id
    return None


@dataclass(frozen=True, slots=True)
class _Built:
    manifest: Manifest
    archive: bytes
    review: object
    deconfliction: Deconfliction
    consents: tuple[SignedAnswer, ...]


def _build(
    opened: case.Case, copies: Mapping[str, bytes], match: Match, purpose: Purpose, *, unit: str, today: date
) -> _Built:
    reviewed, agreement, due = opened.reviewed, match.party.agreement, match.decision.obligations
    if agreement is None or due is None:
        raise TypeError("a decision that permits has an agreement")
    members = package_members(reviewed, agreement, due, purpose=purpose, unit=unit, copies=copies)
    manifest = manifest_of(
        match.decision,
        agreement,
        release=uuid4(),
        report=reviewed.report.urn,
        purpose=purpose.value,
        facts=reviewed.review.facts,
        scheme=data.scheme(),
        members=members,
        day=today,
    )
    archive = pack({**members, MANIFEST: canonical(manifest.to_body())})
    answers = tuple(one.signed for one in opened.consents.answers if one.signed is not None)
    return _Built(manifest, archive, reviewed.review.statement.to_json(), opened.deconfliction[-1], answers)


def package_members(
    reviewed: Reviewed,
    agreement: Agreement,
    due: Obligations,
    *,
    purpose: Purpose,
    unit: str,
    copies: Mapping[str, bytes] = MappingProxyType({}),
) -> dict[str, bytes]:
    """Return every member of the package but the manifest, the report's attachments among them; equal values give equal bytes."""
    document = documents.document_of(
        reviewed.report,
        agreement,
        due,
        purpose=purpose,
        marking=reviewed.review.facts.marking,
        unit=unit,
        scheme=data.scheme(),
        subjects=data.subjects(),
    )
    return {
        READ_FIRST: documents.read_first(document),
        REPORT_HTML: documents.whole_report(document),
        REPORT_JSON: reviewed.report.data,
        **{one.member: copies[one.name] for one in reviewed.report.attachments},
    }


async def _store(
    db: Db, desk: Desk, members: MemberList, *, report: UUID, agency: str, built: _Built, today: date
) -> None:
    requester = desk.member.name
    sealed = ledger.seal(desk.vault, report=report, manifest=built.manifest, zip_sha256=sha256(built.archive))
    readers = [members.member(name).release for name in signers(members, requester)]
    content = {
        "zip": base64.b64encode(built.archive).decode(),
        "manifest": built.manifest.to_body(),
        "review": built.review,
        "deconfliction": built.deconfliction.to_body(),
        **({"consents": [one.to_body() for one in built.consents]} if built.consents else {}),
    }
    asked = await asyncio.to_thread(age.seal, canonical(content), readers)
    line = store.NewRelease(built.manifest.release, report, agency, requester, today, sealed)
    await store.ask_guard(db, line, asked)
    await store.add_release(db, line)
