"""What the desk's pages show of material that agencies sent. Pure: its conditions in words, its text framed as the agency's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from handling import data
from handling.desk import words
from handling.desk.intake import Refused
from handling.desk.material_store import MaterialRow
from handling.desk.pages import RefusedLine
from handling.desk.received import Gone, Listing, Received
from handling.material import Material
from handling.rules.grading import Grade
from handling.store.members import MemberList

SHOWN = 50


@dataclass(frozen=True, slots=True)
class MaterialLine:
    """One piece in the list; `reference` is empty where it cannot be opened."""

    id: UUID
    reference: str
    agency: str
    received: str
    may: str
    past: str
    circular: bool
    unseen: bool


@dataclass(frozen=True, slots=True)
class GoneLine:
    """What is left of a piece that was deleted; `reference` is empty where it cannot be opened."""

    agency: str
    reference: str
    received: str
    deleted: str


@dataclass(frozen=True, slots=True)
class MaterialListPage:
    """All that agencies sent, newest first, and apart from it what does not verify."""

    template: ClassVar[str] = "desk/materials.html"
    material: tuple[MaterialLine, ...]
    gone: tuple[GoneLine, ...]
    refused: tuple[RefusedLine, ...]
    refused_count: int
    older: str
    first: bool


@dataclass(frozen=True, slots=True)
class MaterialPage:
    """One piece with its conditions."""

    template: ClassVar[str] = "desk/material.html"
    id: UUID
    reference: str
    agency: str
    written: str
    received: str
    text: str
    grade: str
    grade_code: str
    conditions: tuple[str, ...]
    past: str
    answers: str
    answered: UUID | None
    sha256: str
    document: str
    signature: str
    handed: str


def listing(
    found: Listing, gone: Sequence[Gone], refused: Sequence[Refused], today: date, *, first: bool
) -> MaterialListPage:
    """Show one page of the list; *refused* is what was not taken in, of every kind."""
    apart = [row for row in refused if row.kind == "material"]
    last = found.next
    return MaterialListPage(
        material=tuple(_line(one, today) for one in found.material),
        gone=tuple(
            GoneLine(one.row.agency_name, one.reference, words.day(one.row.received_on), words.day(one.row.gone_on))
            for one in gone
        ),
        refused=tuple(RefusedLine(row.kind, words.day(row.received_on), row.reason.value) for row in apart[:SHOWN]),
        refused_count=len(apart),
        older="" if last is None else f"/material?before={last[0].isoformat()}.{last[1]}",
        first=first,
    )


def page(found: Received, said: Material, members: MemberList, today: date) -> MaterialPage:
    """Show one piece."""
    signed = found.signed
    if signed is None:
        raise TypeError("what was opened has its signature")
    return MaterialPage(
        id=found.row.id,
        reference=said.reference,
        agency=found.row.agency_name,
        written=words.day(said.on),
        received=words.day(found.row.received_on),
        text=said.text,
        grade="" if said.grade is None else _grade(said.grade),
        grade_code="" if said.grade is None else str(said.grade),
        conditions=said.conditions.words(),
        past=_past(said, today),
        answers=said.answers,
        answered=found.answered,
        sha256=signed.sha256,
        document=signed.document.decode("utf-8", "replace"),
        signature=signed.signature.decode("ascii", "replace"),
        handed=_handed(found.row, members),
    )


def _handed(row: MaterialRow, members: MemberList) -> str:
    if row.handed_by is None or row.handed_on is None:
        return ""
    return f"{words.person(members, row.handed_by)}, {words.day(row.handed_on)}"


def _line(one: Received, today: date) -> MaterialLine:
    said, received = one.said, words.day(one.row.received_on)
    if said is None:
        return MaterialLine(one.row.id, "", one.row.agency_name, received, "", "", circular=False, unseen=False)
    return MaterialLine(
        id=one.row.id,
        reference=said.reference,
        agency=one.row.agency_name,
        received=received,
        may=said.conditions.words()[0],
        past=_past(said, today),
        circular=bool(said.answers),
        unseen=one.row.looked_on is None,
    )


def _past(said: Material, today: date) -> str:
    """Say that its time is over: then nothing new may rest on it."""
    last = said.conditions.delete_by
    if last is None or not said.conditions.are_over(today):
        return ""
    return f"It was to be deleted by {words.day(last)}. Nothing new may rest on it."


def _grade(grade: Grade) -> str:
    source, information = data.schemes()[grade.scheme].codes(grade)
    return f"Source: {source.label.lower()}. Information: {information.label.lower()}."
