"""The list of all that an agency was sent: it asks at the portal, an analyst hands the ledger's lines to the guard, which writes it.

What is asked of the guard names the agency and nothing else; the guard holds what is handed over against its own hashes.
"""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from crypto import age, padding
from crypto.canonical import canonical
from crypto.errors import CryptoError
from handling.desk import ledger, notices, store
from handling.desk.follow import Hand, NobodySignsError
from handling.desk.session import Desk
from handling.rules import dissemination, duties
from handling.rules.agreements import Agreement
from handling.rules.clocks import days_after
from handling.rules.duties import IllegalMoveError, Standing
from handling.rules.notices import Notice, NoticeKind
from handling.store.keyring import MissingKeyError
from tipline.base.database import Db, store_errors

COMPARE_WITHIN_DAYS = 30
"""Calendar days in which the agency says what differs; for as long an officer can sign the list."""
_BATCH = 200
_START = (UUID(int=0), UUID(int=0))
_WAITING = "waiting"

_NEWEST = """
    SELECT DISTINCT ON (q.agency)
           q.id, q.agency, a.name AS agency_name, q.asked_on, q.answered_on, n.requested_on, n.state, n.reason
      FROM exchange.list_request q
      JOIN unit.agency a ON a.id = q.agency
      LEFT JOIN LATERAL (SELECT l.requested_on, g.state, g.reason
                           FROM desk.list_notice l
                           JOIN guard.notice g ON g.id = l.id
                          WHERE l.request = q.id
                          ORDER BY g.state = 'waiting' DESC, l.requested_on DESC
                          LIMIT 1) n ON true
     WHERE $1::text IS NULL
        OR q.agency = $1
     ORDER BY q.agency, q.answered_on IS NOT NULL, q.asked_on DESC, q.answered_on DESC
"""
_ASK_GUARD = """
    INSERT INTO guard.notice (id, sealed, requested_by, requested_on)
    VALUES ($1, $2, $3, $4)
"""
_ADD = """
    INSERT INTO desk.list_notice (id, request, requested_by, requested_on)
    VALUES ($1, $2, $3, $4)
"""


class NotWholeError(Exception):
    """A release to the agency does not open here, so what is handed over would lack it."""

    code = "list-not-whole"

    def __init__(self) -> None:
        super().__init__("a release to this agency cannot be opened")


@dataclass(frozen=True, slots=True)
class Request:
    """The newest request of one agency, and the notice that was asked for last.

    Attributes:
        state: of that notice; empty where none was asked for.
        reason: why it was refused, sealed to the desk intake.
    """

    id: UUID
    agency: str
    agency_name: str
    asked_on: date
    answered_on: date | None
    requested_on: date | None
    state: str | None
    reason: bytes | None

    def waits(self, today: date) -> bool:
        """Whether an officer can still sign what was asked for."""
        asked = self.requested_on
        return asked is not None and self.state == _WAITING and today <= days_after(asked, COMPARE_WITHIN_DAYS)

    def may_ask(self, today: date) -> bool:
        """Whether the guard can be asked for the list now."""
        return self.answered_on is None and not self.waits(today)

    def standing(self, agreement: Agreement | None, today: date) -> Standing | None:
        """Where it stands; None where the agreement gives no list, so that nobody owes it."""
        if agreement is None or not agreement.accountability.dissemination_list:
            return None
        within = agreement.accountability.rfi_working_days
        return duties.list_standing(self.asked_on, self.answered_on, within, today)


async def requests(db: Db) -> tuple[Request, ...]:
    """The newest request of each agency that ever asked."""
    with store_errors():
        return tuple(Request(**dict(row)) for row in await db.fetch(_NEWEST, None))


async def of(db: Db, agency: str) -> Request | None:
    """The newest request of one agency, the one that waits before all others."""
    with store_errors():
        row = await db.fetchrow(_NEWEST, agency)
    return None if row is None else Request(**dict(row))


def reason(desk: Desk, found: Request) -> str:
    """Why an officer refused the list that was asked for last, else empty. Blocking."""
    return "" if found.reason is None else ledger.reason(desk.intake, found.reason)


async def ask(db: Db, hand: Hand, agency: str) -> None:
    """Ask the guard for the list that an agency waits for.

    Raises:
        IllegalMoveError: it asked for none, has it already, or the list waits for an officer.
        NobodySignsError: no releasing officer beside who asks could sign it.
        NotWholeError, NotAMemberError
    """
    requester = hand.members.member(hand.desk.member.name).name
    readers = [hand.members.member(name).release for name in notices.signers(hand.members, requester)]
    if not readers:
        raise NobodySignsError
    async with db.transaction():
        await store.lock(db, f"list to {agency}")
        found = await of(db, agency)
        if found is None or not found.may_ask(hand.today):
            raise IllegalMoveError
        notice = _notice(found, hand.today)
        content = {"notice": notice.to_body(), "released": await _released(db, hand.desk, agency)}
        sealed = await asyncio.to_thread(age.seal, padding.pad_message(canonical(content)), readers)
        with store_errors():
            await db.execute(_ASK_GUARD, notice.id, sealed, requester, hand.today)
            await db.execute(_ADD, notice.id, found.id, requester, hand.today)


def _notice(found: Request, today: date) -> Notice:
    return Notice(
        id=uuid4(),
        kind=NoticeKind.DISSEMINATION_LIST,
        agency=found.agency,
        reference=f"urn:uuid:{found.id}",
        words="",
        day=days_after(today, COMPARE_WITHIN_DAYS),
        on=today,
        about=dissemination.to_about(()),  # the guard writes it
    )


async def _released(db: Db, desk: Desk, agency: str) -> list[dict[str, Any]]:
    """Every line of the ledger that left to an agency."""
    found: list[dict[str, Any]] = []
    after = _START
    while rows := await store.released(db, agency, after=after, limit=_BATCH):
        found += await asyncio.to_thread(_opened, desk, rows)
        after = (rows[-1].report, rows[-1].id)
    return found


def _opened(desk: Desk, rows: tuple[store.ReleaseRow, ...]) -> list[dict[str, Any]]:
    try:
        lines = [ledger.open_(desk.vault, desk.intake, row) for row in rows]
    except (MissingKeyError, CryptoError):
        raise NotWholeError from None
    return [{"manifest": one.manifest.to_body(), "zip_sha256": one.zip_sha256.hex()} for one in lines]
