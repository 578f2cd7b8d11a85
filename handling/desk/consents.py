"""Consents for one report: asking the agencies whose material it rests on, and what they answered. Permits nothing by itself."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from crypto import age, columns
from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from handling import consents
from handling.consents import SignedAnswer
from handling.desk import store
from handling.desk.notices import Noticed
from handling.desk.reports import Reviewed
from handling.desk.session import Desk
from handling.rules import consent, resting
from handling.rules import notices as rules
from handling.rules.consent import Asked, ConsentError, Given, State, Token, consented
from handling.rules.notices import NoticeKind
from handling.store import agencies
from handling.store.agencies import Agency
from handling.store.keyring import MissingKeyError
from handling.store.vault import OpenVault
from tipline.base.database import Db, store_errors

_TABLE, _COLUMN = "desk.consent", "sealed"

_NEW = """
    SELECT c.position, c.notice, n.report, c.given_on, c.sealed
      FROM exchange.consent c
      JOIN desk.notice n ON n.id = c.notice
     WHERE NOT EXISTS (SELECT FROM desk.consent d WHERE d.position = c.position)
     ORDER BY c.position
"""
_ADD = """
    INSERT INTO desk.consent (position, notice, report, given_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""
_OF = """
    SELECT position, notice, report, given_on, sealed
      FROM desk.consent
     WHERE report = ANY($1::uuid[])
     ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One answer as it is kept, sealed; positions are the order in which answers arrived at the exchange."""

    position: int
    notice: UUID
    report: UUID
    given_on: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer as an agency signed it. *token* is None where it counts for nothing.

    Attributes:
        signed: as it stands at the exchange; None where it does not open or is no answer.
    """

    signed: SignedAnswer | None
    token: Token | None
    notice: UUID
    given_on: date


@dataclass(frozen=True, slots=True)
class Consents:
    """All answers about a report and those that it is a version of, and those that count, in the order in which they arrived."""

    answers: tuple[Answered, ...] = ()
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Requested:
    """A request for consent: *state* says where it stands, once the guard has sent it."""

    noticed: Noticed
    asked: Asked
    state: State | None
    answers: tuple[Answered, ...]


async def take_in(db: Db, desk: Desk) -> int:
    """Take over answers that have arrived at the exchange, each under its report's record key; how many there were."""
    async with db.transaction():
        await store.lock(db, "consents")
        with store_errors():
            rows = [Row(**dict(row)) for row in await db.fetch(_NEW)]
        enrolled = {agency.id: agency for agency in await agencies.all_(db)} if rows else {}
        taken = 0
        for row in rows:
            try:
                kept = await asyncio.to_thread(_kept, desk, row, enrolled)
            except MissingKeyError:
                continue  # the report is gone for good, and so is what was asked about it
            with store_errors():
                await db.execute(_ADD, row.position, row.notice, row.report, row.given_on, kept)
            taken += 1
    return taken


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All answers about some reports, in the order in which they arrived."""
    with store_errors():
        return tuple(Row(**dict(row)) for row in await db.fetch(_OF, list(reports)))


def open_(
    vault: OpenVault, of: Collection[UUID], rows: Sequence[Row], noticed: Sequence[Noticed], keys: Mapping[str, str]
) -> Consents:
    """Open those about a report. One counts while its agency has the key that signed it, and for what was asked.

    Args:
        vault: the desk's.
        of: the report, and those that it is a new version of.
        rows: answers about these and other reports.
        noticed: the notices about these reports.
        keys: fingerprint of every enrolled agency's key, by its id.
    """
    subjects = {rules.subject(one.notice) for one in noticed}
    mine = [(row, *_opened(vault, row)) for row in rows if row.report in of]
    by = {signed.sha256: key for _, signed, key in mine if signed is not None}

    def counts(answer: SignedAnswer, token: Token) -> bool:
        about = (NoticeKind.CONSENT_REQUEST.value, *token.asked.subject) in subjects
        return about and bool(by[answer.sha256]) and by[answer.sha256] == keys.get(token.asked.originator)

    given = consents.judged([signed for _, signed, _ in mine if signed is not None], counts)
    tokens = {one.sha256: one.token for one in given}
    answers = tuple(
        Answered(signed, tokens.get(signed.sha256.hex()) if signed else None, row.notice, row.given_on)
        for row, signed, _ in mine
    )
    return Consents(answers, given)


def agreed(reviewed: Reviewed, found: Consents) -> Reviewed:
    """Return a report with what agencies consented to among its facts: the guard computes the same by the same rule."""
    report, review = reviewed.report, reviewed.review
    held = consented(
        found.given,
        report=report.urn,
        report_sha256=report.sha256.hex(),
        version_of=review.version_of,
        material=resting.known(review.facts),
    )
    return replace(reviewed, review=replace(review, facts=replace(review.facts, consents=held)))


def requested(noticed: Sequence[Noticed], found: Consents, today: date) -> tuple[Requested, ...]:
    """Say where each request for consent about a report stands, newest first."""
    return tuple(
        _requested(one, found, today) for one in reversed(noticed) if one.notice.kind is NoticeKind.CONSENT_REQUEST
    )


def _requested(one: Noticed, found: Consents, today: date) -> Requested:
    asked = rules.asked(one.notice)
    same = [given for given in found.given if given.token.asked.going == asked.going]
    stands = consent.state(one.notice.id, one.notice.day, same, today) if one.state == "sent" else None
    answers = tuple(answer for answer in found.answers if answer.notice == one.notice.id)
    return Requested(one, asked, stands, answers)


def _kept(desk: Desk, row: Row, enrolled: Mapping[str, Agency]) -> bytes:
    """Seal an answer under its report's record key, with the fingerprint of the key that signed it. Blocking."""
    content: dict[str, object] = {"answer": None, "key": ""}
    try:
        signed = SignedAnswer.from_body(parse(age.open_(row.sealed, [desk.intake])))
        agency = enrolled.get(signed.token().asked.originator)
        good = agency is not None and signed.token().request == row.notice and consents.is_signed(signed, agency)
        content = {"answer": signed.to_body(), "key": agency.fingerprint if agency is not None and good else ""}
    except (CryptoError, ConsentError):
        pass  # kept all the same, as something that does not open: no row disappears
    key = desk.vault.record(row.report)
    return columns.seal(key, canonical(content), table=_TABLE, column=_COLUMN, row=str(row.position))


def _opened(vault: OpenVault, row: Row) -> tuple[SignedAnswer | None, str]:
    key = vault.record(row.report)
    content = parse(columns.open_(key, row.sealed, table=_TABLE, column=_COLUMN, row=str(row.position)))
    return None if content["answer"] is None else SignedAnswer.from_body(content["answer"]), content["key"]
