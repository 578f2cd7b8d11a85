"""What came back when somebody was asked whether a report is a source or a live operation of theirs. Nothing here is changed later."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from crypto import columns
from crypto.canonical import canonical, parse
from handling.desk.session import Desk
from handling.rules.deconfliction import ASKED_CHARS, Answer, Deconfliction
from handling.store.members import MemberList
from handling.store.vault import OpenVault
from tipline.base.database import Db, store_errors

_TABLE, _COLUMN = "desk.deconfliction", "sealed"

_ADD = """
    INSERT INTO desk.deconfliction (id, report, answered_by, answered_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_OF = """
    SELECT id, report, answered_by, answered_on, sealed
      FROM desk.deconfliction
     WHERE report = ANY($1::uuid[])
     ORDER BY position
"""


class AnswerError(Exception):
    """The form does not say who was asked and what came back; the text is shown at the form."""


@dataclass(frozen=True, slots=True)
class Row:
    """One answer as it is kept, sealed under the report's record key."""

    id: UUID
    report: UUID
    answered_by: str
    answered_on: date
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """What an analyst writes down: who was asked, and what came back."""

    asked: str
    answer: Answer


def read(form: Mapping[str, str]) -> Said:
    """Read the form, or raise `AnswerError`."""
    asked = form.get("asked", "").strip()
    if not asked or not asked.isprintable() or len(asked) > ASKED_CHARS:
        raise AnswerError(f"Say who was asked, in one line of at most {ASKED_CHARS} characters.")
    try:
        return Said(asked, Answer(form.get("answer", "")))
    except ValueError:
        raise AnswerError("Choose what came back.") from None


async def keep(db: Db, desk: Desk, members: MemberList, *, report: UUID, said: Said, today: date) -> None:
    """Keep an answer under the analyst's name.

    Raises:
        NotAMemberError: the analyst is no longer on the signed list.
    """
    author, number = members.member(desk.member.name), uuid4()
    content = canonical({"asked": said.asked, "answer": said.answer.value})
    key = await asyncio.to_thread(desk.vault.record, report)
    sealed = columns.seal(key, content, table=_TABLE, column=_COLUMN, row=str(number))
    with store_errors():
        await db.execute(_ADD, number, report, author.name, today, sealed)


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All answers about some reports, oldest first."""
    with store_errors():
        rows = await db.fetch(_OF, list(reports))
    return tuple(Row(**dict(row)) for row in rows)


def open_(vault: OpenVault, row: Row) -> Deconfliction:
    """Open one of them. Blocking."""
    content = parse(columns.open_(vault.record(row.report), row.sealed, table=_TABLE, column=_COLUMN, row=str(row.id)))
    return Deconfliction(content["asked"], Answer(content["answer"]), row.answered_by, row.answered_on)
