"""Notices to agencies about one report: asked for here, signed and sent by the guard alone. Sealed under the report's record key."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from crypto import age, columns, padding
from crypto.canonical import canonical, parse
from handling.desk import ledger
from handling.desk.reports import Reviewed
from handling.desk.session import Desk
from handling.rules import release as rules
from handling.rules.notices import Notice, NoticeKind
from handling.rules.release import Kind
from handling.store.members import MemberList
from tipline.base.database import Db, store_errors

_TABLE, _COLUMN = "desk.notice", "sealed"

_ASK_GUARD = """
    INSERT INTO guard.notice (id, sealed, requested_by, requested_on)
    VALUES ($1, $2, $3, $4)
"""
_WITHDRAW = """
    SELECT guard.withdraw_notices($1::uuid[], $2)
"""
_ADD = """
    INSERT INTO desk.notice (id, report, requested_by, requested_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""
_OF = """
    SELECT n.id, n.report, n.requested_by, n.requested_on, n.sealed, g.state, g.reason
      FROM desk.notice n
      JOIN guard.notice g ON g.id = n.id
     WHERE n.report = ANY($1::uuid[])
     ORDER BY n.requested_on, n.id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One notice as it is kept, with the state that the guard keeps of it."""

    id: UUID
    report: UUID
    requested_by: str
    requested_on: date
    sealed: bytes
    state: str
    reason: bytes | None


@dataclass(frozen=True, slots=True)
class Noticed:
    """One notice about a report: who asked for it, and whether it was sent. *reason* is of what ended it, else empty."""

    notice: Notice
    requested_by: str
    state: str
    reason: str


def signers(members: MemberList, requester: str) -> tuple[str, ...]:
    """Names of those who may sign a notice that *requester* asks for."""
    duties = {member.name: frozenset(duty.value for duty in member.duties) for member in members.members}
    return rules.possible_signers(Kind.NOTICE, requester, duties)


async def ask(db: Db, desk: Desk, members: MemberList, reviewed: Reviewed, notice: Notice) -> None:
    """Ask the guard to send a notice, in the caller's transaction; somebody who may sign it has to be there.

    Raises:
        NotAMemberError: the analyst is no longer on the signed list.
    """
    requester = members.member(desk.member.name).name
    readers = [members.member(name).release for name in signers(members, requester)]
    report = reviewed.report.id
    content = {"notice": notice.to_body(), "review": reviewed.review.statement.to_json()}

    def sealed() -> tuple[bytes, bytes]:
        key, body = desk.vault.record(report), padding.pad_message(canonical(notice.to_body()))
        mine = columns.seal(key, body, table=_TABLE, column=_COLUMN, row=str(notice.id))
        return age.seal(padding.pad_message(canonical(content)), readers), mine

    asked, kept = await asyncio.to_thread(sealed)
    with store_errors():
        await db.execute(_ASK_GUARD, notice.id, asked, requester, notice.on)
        await db.execute(_ADD, notice.id, report, requester, notice.on, kept)


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All notices about some reports, oldest first."""
    with store_errors():
        return tuple(Row(**dict(row)) for row in await db.fetch(_OF, list(reports)))


async def withdraw(db: Db, desk: Desk, members: MemberList, report: UUID, *, kind: NoticeKind, why: str) -> None:
    """End those of one kind about a report that wait for an officer. What was sent or refused stays as it is."""
    waiting = [row for row in await of(db, [report]) if row.state == "waiting"]
    opened = await asyncio.to_thread(open_, desk, report, waiting)
    ids = [one.notice.id for one in opened if one.notice.kind is kind]
    if ids:
        reason = await asyncio.to_thread(age.seal, why.encode(), [members.desk_intake])
        with store_errors():
            await db.execute(_WITHDRAW, ids, reason)


def open_(desk: Desk, report: UUID, rows: Sequence[Row]) -> tuple[Noticed, ...]:
    """Open those about one report. Blocking."""
    return tuple(_open(desk, row) for row in rows if row.report == report)


def _open(desk: Desk, row: Row) -> Noticed:
    content = columns.open_(desk.vault.record(row.report), row.sealed, table=_TABLE, column=_COLUMN, row=str(row.id))
    reason = "" if row.reason is None else ledger.reason(desk.intake, row.reason)
    return Noticed(Notice.from_body(parse(content.rstrip(b" "))), row.requested_by, row.state, reason)
