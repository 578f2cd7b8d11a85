"""What came back when somebody was asked whether a report is a source or a live operation of theirs. Nothing here is changed later."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from crypto import age
from handling.desk import notices, store
from handling.desk.notebook import Notebook
from handling.desk.notes import Note, Row
from handling.desk.session import Desk
from handling.rules.deconfliction import ASKED_CHARS, Answer, Deconfliction
from handling.rules.notices import NoticeKind
from handling.rules.sharing import UNDER_WAY
from handling.store.members import MemberList
from handling.store.vault import OpenVault
from tipline.base.database import Db

_ANSWERED_ANEW = (
    "Somebody wrote down another answer about sources and operations after this was asked for, and what is signed holds the"
    " answer before. Nothing left. Once it is nobody's source and no live operation, ask for it again."
)
_NOT_ASKED = (
    "Somebody wrote down another answer about sources and operations after this was asked for. The agency was asked nothing. Once"
    " it is nobody's source and no live operation, ask for it again."
)
_KEPT = Notebook("desk.deconfliction", by="answered_by", on="answered_on")


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
        await _KEPT.add(db, desk.vault, report, note)
        asked = [one.id for one in await store.releases(db, [report]) if one.state in UNDER_WAY]
        if asked:
            why = await asyncio.to_thread(age.seal, _ANSWERED_ANEW.encode(), [members.desk_intake])
            await store.withdraw(db, asked, why)
        await notices.withdraw(db, desk, members, report, kind=NoticeKind.CONSENT_REQUEST, why=_NOT_ASKED)


async def of(db: Db, reports: Sequence[UUID]) -> tuple[Row, ...]:
    """All answers about some reports."""
    return await _KEPT.of(db, reports)


def open_(vault: OpenVault, report: UUID, rows: Sequence[Row]) -> tuple[Deconfliction, ...]:
    """Open those about one report, oldest first, or raise `DamagedNotesError`. Blocking."""
    found = _KEPT.open_(vault, report, rows)
    return tuple(Deconfliction(one.said["asked"], Answer(one.said["answer"]), one.by, one.on) for one in found)
