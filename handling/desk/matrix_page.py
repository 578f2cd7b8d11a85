"""What the matrix of reports and agencies shows: each answer as a letter, a word and a colour, never by colour alone. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

from handling.desk import words
from handling.desk.case import NEWEST, Lost
from handling.desk.matching import Match
from handling.desk.matrix import Matrix
from handling.desk.pages import Choice
from handling.desk.reports import Reviewed
from handling.rules.agreements import PURPOSE_LABELS, Purpose
from handling.rules.policy import Answer


@dataclass(frozen=True, slots=True)
class Cell:
    """The answer on one report and one agency, and where it is explained."""

    letter: str
    answer: str
    agency: str
    href: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One report; `title` is empty and there are no cells where it cannot be opened."""

    id: UUID
    title: str
    date: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class MatrixPage:
    """One page of reports by one page of agencies."""

    template: ClassVar[str] = "desk/matrix.html"
    purposes: tuple[Choice, ...]
    legend: tuple[tuple[str, str], ...]
    agencies: tuple[tuple[str, str], ...]  # id, name
    rows: tuple[MatrixRow, ...]
    older: str
    newest: str
    further: str
    first: str


@dataclass(frozen=True, slots=True)
class Place:
    """Which page of the matrix is looked at; *purpose* None is the mildest answer of all purposes."""

    purpose: Purpose | None = None
    before: tuple[date, UUID] = NEWEST
    after: str = ""

    def href(self) -> str:
        """Its address."""
        asked = {
            "purpose": "" if self.purpose is None else self.purpose.value,
            "before": "" if self.before == NEWEST else f"{self.before[0].isoformat()}.{self.before[1]}",
            "after": self.after,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"/matrix?{query}" if query else "/matrix"


def matrix(found: Matrix, at: Place) -> MatrixPage:
    """One page of it."""
    return MatrixPage(
        purposes=(
            Choice("", "Any purpose: the mildest answer", at.purpose is None),
            *(Choice(purpose.value, label, purpose is at.purpose) for purpose, label in PURPOSE_LABELS.items()),
        ),
        legend=tuple(words.ANSWERS[answer] for answer in Answer),
        agencies=tuple((party.id, party.name) for party in found.parties),
        rows=tuple(_row(row.report, row.cells) for row in found.rows),
        older="" if found.older is None else Place(at.purpose, found.older, at.after).href(),
        newest="" if at.before == NEWEST else Place(at.purpose, after=at.after).href(),
        further="" if found.further is None else Place(at.purpose, at.before, found.further).href(),
        first="" if not at.after else Place(at.purpose, at.before).href(),
    )


def _row(report: Reviewed | Lost, cells: tuple[tuple[Purpose, Match], ...]) -> MatrixRow:
    if isinstance(report, Lost):
        return MatrixRow(report.id, "", "", ())
    document = report.report
    return MatrixRow(
        document.id,
        document.title,
        words.day(document.date),
        tuple(_cell(document.id, purpose, match) for purpose, match in cells),
    )


def _cell(report: UUID, purpose: Purpose, match: Match) -> Cell:
    letter, answer = words.ANSWERS[match.decision.outcome]
    query = urlencode({"agency": match.party.id, "purpose": purpose.value})
    return Cell(letter, answer, match.party.name, f"/reports/{report}/decision?{query}")
