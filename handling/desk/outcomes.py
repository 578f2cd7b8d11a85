"""What became of a report, filed by an analyst: kept here, and told to the corridor sealed. No thread or tip is known here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from crypto import age, columns
from crypto.canonical import canonical, parse
from handling.desk import store
from handling.desk.documents import month_in_words
from handling.desk.session import Desk
from handling.rules import feedback
from handling.rules.feedback import Code, FeedbackError
from handling.store.members import MemberList
from tipline.base.database import Db

MONTHS_BACK = 36  # what an outcome can go back to; court cases take years
_TABLE, _COLUMN = "desk.outcome", "sealed"


class OutcomeError(Exception):
    """The form does not say what became of the report; the text is shown at the form."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome: coded, no finer than a month, without a word of free text."""

    code: Code
    tell_source: bool
    month: str  # YYYY-MM

    @classmethod
    def read(cls, form: Mapping[str, str], today: date) -> "Outcome":
        """Read the form, or raise `OutcomeError`."""
        stage, _, code = form.get("outcome", "").partition("/")
        try:
            chosen = feedback.code(stage, code)
        except FeedbackError:
            raise OutcomeError("Choose what became of it.") from None
        if form.get("month") not in months(today):
            raise OutcomeError("Choose the month in which it took effect.")
        if form.get("tell_source") not in {"yes", "no"}:
            raise OutcomeError("Say whether the source may be told.")
        return cls(chosen, form["tell_source"] == "yes", form["month"])

    def to_body(self) -> dict[str, Any]:
        """The outcome as a JSON value."""
        return {
            "stage": self.code.stage.value,
            "code": self.code.code,
            "tell_source": self.tell_source,
            "month": self.month,
        }


@dataclass(frozen=True, slots=True)
class Filed:
    """An outcome with who filed it and when."""

    outcome: Outcome
    filed_by: str
    filed_on: date


def months(today: date) -> tuple[str, ...]:
    """The months an outcome may name, this one first; none lies ahead."""
    this = today.year * 12 + today.month - 1
    return tuple(f"{number // 12:04}-{number % 12 + 1:02}" for number in range(this, this - MONTHS_BACK, -1))


def month_choices(today: date) -> tuple[tuple[str, str], ...]:
    """The same with their words, for a form."""
    return tuple((month, month_in_words(month)) for month in months(today))


async def file(
    db: Db, desk: Desk, members: MemberList, *, outcome_id: UUID, report: UUID, outcome: Outcome, today: date
) -> None:
    """Keep an outcome here and hand it to the corridor, both or neither.

    Raises:
        TakenError: the same form was sent before.
        NotAMemberError: the analyst is no longer on the signed list.
    """
    author = members.member(desk.member.name)
    body = outcome.to_body()
    key = desk.vault.record(report)
    kept = columns.seal(key, canonical(body), table=_TABLE, column=_COLUMN, row=str(outcome_id))
    told = age.seal(canonical({"urn": report.urn, **body}), [members.corridor_vault])
    async with db.transaction():
        await store.add_outcome(db, store.OutcomeRow(outcome_id, report, author.name, today, kept))
        await store.tell_corridor(db, outcome_id, report, told, today)


async def filed(db: Db, desk: Desk, report: UUID) -> tuple[Filed, ...]:
    """All outcomes filed on one report, oldest first."""
    return tuple(_open(desk, row) for row in await store.outcomes(db, report))


def _open(desk: Desk, row: store.OutcomeRow) -> Filed:
    key = desk.vault.record(row.report)
    body = parse(columns.open_(key, row.sealed, table=_TABLE, column=_COLUMN, row=str(row.id)))
    outcome = Outcome(feedback.code(body["stage"], body["code"]), body["tell_source"], body["month"])
    return Filed(outcome, row.filed_by, row.filed_on)
