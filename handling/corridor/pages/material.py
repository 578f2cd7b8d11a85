"""Pages of material that agencies sent and an analyst handed over: the list, and one piece with its conditions."""

from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from handling import data
from handling.corridor import material, words
from handling.corridor.material import OpenMaterial
from handling.corridor.pages.common import corridor, handler, now, record_id, refresh
from handling.corridor.store import material as rows
from handling.store import agencies
from tipline.base.staff import signed_in
from tipline.base.web import render


@dataclass(frozen=True, slots=True)
class Row:
    """One piece in the list."""

    path: str
    agency: str
    reference: str
    received_on: str
    may: str
    past: bool
    circular: bool


@dataclass(frozen=True, slots=True)
class GoneLine:
    """What is left of a piece that was deleted."""

    agency: str
    reference: str
    received_on: str
    gone_on: str


@dataclass(frozen=True, slots=True)
class MaterialsPage:
    """The list; *refused* says how many pieces are kept apart, which nobody can read."""

    template: ClassVar[str] = "corridor/materials.html"
    at: ClassVar[str] = "material"
    rows: tuple[Row, ...]
    gone: tuple[GoneLine, ...]
    refused: int


@dataclass(frozen=True, slots=True)
class MaterialPage:
    """One piece."""

    template: ClassVar[str] = "corridor/material.html"
    at: ClassVar[str] = "material"
    agency: str
    reference: str
    received_on: str
    written_on: str
    text: str
    grade: str
    conditions: tuple[str, ...]
    past: bool
    circular: str
    sha256: str


@signed_in
async def listing(request: web.Request) -> web.Response:
    """Show the list; what an analyst handed over meanwhile is judged first."""
    person = await refresh(request)
    async with corridor(request).pool.acquire() as db:
        found = await material.listing(db, person.vault)
        gone = await material.gone_lines(db, person.vault)
        refused = await rows.refused(db)
        names = {agency.id: agency.name for agency in await agencies.all_(db)}
    left = tuple(
        GoneLine(names[one.row.agency], one.reference, words.day(one.row.received_on), words.day(one.row.gone_on))
        for one in gone
    )
    return render(request, MaterialsPage(tuple(_row(one, names[one.row.agency]) for one in found), left, refused))


@signed_in
async def show(request: web.Request) -> web.Response:
    """Show one piece."""
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        one = await material.get(db, person.vault, record_id(request))
        agency = await agencies.get(db, one.row.agency)
    said = one.said
    page = MaterialPage(
        agency=one.row.agency if agency is None else agency.name,
        reference=said.reference,
        received_on=words.day(one.row.received_on),
        written_on=words.day(said.on),
        text=said.text,
        grade=_grade(one),
        conditions=said.conditions.words(),
        past=one.said.conditions.are_over(now().date()),
        circular=said.answers,
        sha256=one.signed.sha256,
    )
    return render(request, page)


def _row(one: OpenMaterial, agency: str) -> Row:
    return Row(
        path=f"/material/{one.row.id}",
        agency=agency,
        reference=one.said.reference,
        received_on=words.day(one.row.received_on),
        may=one.said.conditions.words()[0],
        past=one.said.conditions.are_over(now().date()),
        circular=bool(one.said.answers),
    )


def _grade(one: OpenMaterial) -> str:
    grade = one.said.grade
    if grade is None:
        return "It gave none"
    source, information = data.schemes()[grade.scheme].codes(grade)
    return f"Source: {source.label.lower()}. Information: {information.label.lower()}. {grade}"
