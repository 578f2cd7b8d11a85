"""What came back when somebody was asked whether a report is a source or a live operation of theirs. Nothing here is changed later."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from crypto import age
from handling.desk import notes, notices, store
from handling.desk.notes import Note, Row
from handling.desk.session import Desk
from handling.rules.deconfliction import ASKED_CHARS, Answer, Deconfliction
from handling.rules.notices import NoticeKind
from handling.rules.sharing import UNDER_WAY
from handling.store.members import MemberList
from handling.store.vault import OpenVault
from tipline.base.database import Db, store_errors

_ANSWERED_ANEW = (
    "Somebody wrote down another answer about sources and operations after this was asked for, and what is signed holds the"
    " answer before. Nothing left. Once it is nobody's source and no live operation, ask for it again."
)
_NOT_ASKED = (
    "Somebody wrote down another answer about sources and operations after this was asked for. The agency was asked nothing. Once"
    " it is nobody's source and no live operation, ask for it again."
)
_TABLE = "desk.deconfliction"

_ADD = """
    INSERT INTO desk.deconfliction (id, report, answered_by, answered_on, sealed)
    VALUES ($1, $2, $3, $4, $5)
"""

_OF = """
    SELECT id, report, answered_by AS by, answered_on AS "on", sealed
      FROM desk.deconfliction
     WHERE report = ANY($1::uuid[])
"""


class AnswerError(Exception):
    """The form does not say who was asked and what came back; the text is shown at the form."""


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
    """Keep an answer under the analyst's name, behind those that are there, and end what waits at the guard on the one before.

    Raises:
        NotAMemberError: the analyst is no longer on the signed list.
        DamagedNotesError: those that are there are not what was written.
    """
    note = Note({"asked": said.asked, "answer": said.answer.value}, members.member(desk.member.name).name, today)
    async with db.transaction():
        await store.lock(db, f"release of {report}")
        before = await of(db, [report])

        def sealed() -> Row:
            return notes.seal(desk.vault.record(report), _TABLE, report, note, before=before)

        row = await asyncio.to_thread(sealed)
        with store_errors():
            await db.execute(_ADD, row.id, report, row.by, row.on, row.sealed)
        asked = [one.id for one in await store.releases(db, [report]) if one.state in UNDER_WAY]
        if asked:
            why = await asyncio.to_thread(age.seal, _ANSWERED_ANEW.encode(), [members.desk_intake])
            await store.withdraw(db, asked, why)
        await notices.withdraw(db, desk, members, report, kind=NoticeKind.CONSENT_REQUEST, why=_NOT_ASKED)


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All answers about some reports."""
    with store_errors():
        rows = await db.fetch(_OF, list(reports))
    return tuple(Row(**dict(row)) for row in rows)


def open_(vault: OpenVault, report: UUID, rows: Sequence[Row]) -> tuple[Deconfliction, ...]:
    """Open those about one report, oldest first, or raise `DamagedNotesError`. Blocking."""
    mine = [row for row in rows if row.report == report]
    found = notes.open_(vault.record(report), _TABLE, mine) if mine else ()
    return tuple(Deconfliction(one.said["asked"], Answer(one.said["answer"]), one.by, one.on) for one in found)
