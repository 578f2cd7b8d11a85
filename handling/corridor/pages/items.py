"""Pages of items: one fact each beside the tip it came from, and the page on which one fact is graded."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from aiohttp import web

from handling import data
from handling.corridor import grading, items, opening, reports, tips, words
from handling.corridor.errors import CorridorError, NotThereError
from handling.corridor.items import OpenItem
from handling.corridor.pages import answers, views
from handling.corridor.pages.common import NO_PROBLEM, Problem, corridor, current, handler, now, record_id
from handling.corridor.pages.grading import warnings
from handling.rules.grading import Code, Grade
from handling.store.members import MemberList
from tipline.base.staff import signed_in
from tipline.base.web import read_form, read_form_lists, render, see_other


@dataclass(frozen=True, slots=True)
class GradeView:
    """A grade with its scheme and what both codes mean."""

    text: str
    source: str
    information: str


@dataclass(frozen=True, slots=True)
class JudgementView:
    """One entry of an item's history."""

    grade: GradeView
    who: str
    when: str
    reason: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """One fact with the judgement that holds, and why public-interest immunity is claimed for it; empty where it is not."""

    id: UUID
    position: int
    text: str
    is_provenance: bool
    who: str
    grade: GradeView | None
    history: tuple[JudgementView, ...]
    claimed: str
    claim: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report that was written from this tip."""

    path: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """The items of one tip."""

    template: ClassVar[str] = "corridor/items.html"
    at: ClassVar[str] = "tips"
    tip: views.Head
    items: tuple[ItemView, ...]
    reports: tuple[ReportView, ...]
    opened: tuple[str, ...]
    diagonal: tuple[str, ...]
    limit: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class GradePage:
    """One item and the form that judges it."""

    template: ClassVar[str] = "corridor/grade.html"
    at: ClassVar[str] = "tips"
    tip: views.Head
    item: ItemView
    scheme: str
    source: tuple[Code, ...]
    information: tuple[Code, ...]
    default: Grade
    chosen: Grade
    diagonal: tuple[str, ...]
    problem: Problem


@signed_in
async def show(request: web.Request) -> web.Response:
    """Show the items of a tip."""
    return await _items(request, NO_PROBLEM)


@signed_in
async def add(request: web.Request) -> web.Response:
    """Add one fact."""
    form = await read_form(request)
    person, how = await current(request), "provenance" in form
    try:
        stays = await items.add(
            corridor(request).pool, person, record_id(request), form.get("text", ""), now(), is_provenance=how
        )
    except NotThereError:
        raise
    except CorridorError as error:
        return await _items(request, Problem("add", str(error), form))
    return see_other(f"/tips/{record_id(request)}/items" if stays else "/")


@signed_in
async def from_answer(request: web.Request) -> web.Response:
    """Put one answer of a questionnaire into the box for a new item, for the handler to put into their own words."""
    form = await read_form(request)
    async with corridor(request).pool.acquire() as db:
        found = await tips.get(db, handler(request).vault, record_id(request))
        messages = await tips.dialogue(db, handler(request).vault, found.row.thread)
        answered = await answers.of_thread(db, messages)
    chosen = [
        line
        for id_, one in answered.items()
        for line in one.lines
        if (str(id_), line.key) == (form.get("message"), form.get("question"))
    ]
    if not chosen:
        raise NotThereError
    text = f"{chosen[0].asked} {chosen[0].text}"
    return await _items(request, Problem("add", "", {"text": text[: items.TEXT_LIMIT]}))


@signed_in
async def remove(request: web.Request) -> web.Response:
    """Remove a fact that nobody has graded."""
    person = await current(request)
    tip = await items.remove(corridor(request).pool, person, record_id(request))
    return see_other(f"/tips/{tip}/items")


@signed_in
async def report(request: web.Request) -> web.Response:
    """Start a report from the items that were ticked."""
    form = await read_form_lists(request)
    person = await current(request)
    try:
        chosen = {UUID(item) for item in form.get("item", [])}
    except ValueError:
        raise web.HTTPBadRequest from None
    try:
        begun = await reports.begin(corridor(request).pool, person, record_id(request), chosen, now().date())
    except NotThereError:
        raise
    except CorridorError as error:
        return await _items(request, Problem("report", str(error)))
    return see_other(f"/reports/{begun}")


@signed_in
async def grade_form(request: web.Request) -> web.Response:
    """Show the form that judges one item."""
    return await _grade(request, NO_PROBLEM)


@signed_in
async def grade(request: web.Request) -> web.Response:
    """Judge one item."""
    form = await read_form(request)
    person = await current(request)
    try:
        tip = await items.grade(
            corridor(request).pool,
            person,
            record_id(request),
            data.scheme(),
            source=form.get("source", ""),
            information=form.get("information", ""),
            reason=form.get("reason", ""),
            now=now(),
        )
    except NotThereError:
        raise
    except CorridorError as error:
        return await _grade(request, Problem("grade", str(error), form))
    return see_other(f"/tips/{tip}/items")


@signed_in
async def claim(request: web.Request) -> web.Response:
    """Claim public-interest immunity for one item."""
    form = await read_form(request)
    person = await current(request)
    try:
        tip = await reports.claim(corridor(request).pool, person, record_id(request), form.get("why", ""), now().date())
    except NotThereError:
        raise
    except CorridorError as error:
        return await _grade(request, Problem("immunity", str(error), form))
    return see_other(f"/tips/{tip}/items")


async def _items(request: web.Request, problem: Problem) -> web.Response:
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        found = await tips.get(db, person.vault, record_id(request))
        known = await items.of_tip(db, person.vault, found.row.id, found.row.thread)
        written = await reports.some(db, person.vault, found.content.reports)
        inside = await opening.inside(db, person, found.row.thread)
        shares = await grading.shares(db, person.vault, data.scheme())
    authors = {item.history[-1].author for item in known if item.history}
    page = ItemsPage(
        tip=views.head(found, now().date(), person.members),
        items=tuple(item_view(item, person.members) for item in known),
        reports=tuple(
            ReportView(f"/reports/{one.row.id}", one.draft.title or "(no title yet)", one.row.state.value)
            for one in written
        ),
        opened=tuple(one.text for one in inside.values() if one.text is not None),
        diagonal=warnings({name: one for name, one in shares.items() if name in authors}, person.members),
        limit=items.TEXT_LIMIT,
        problem=problem,
    )
    return render(request, page, 400 if problem.words else 200)


async def _grade(request: web.Request, problem: Problem) -> web.Response:
    person, scheme = handler(request), data.scheme()
    async with corridor(request).pool.acquire() as db:
        found, tip = await items.find(db, person.vault, record_id(request))
        opened = await tips.get(db, person.vault, tip.id)
        shares = await grading.shares(db, person.vault, scheme)
    held = found.grade or scheme.default(tip.way)
    page = GradePage(
        tip=views.head(opened, now().date(), person.members),
        item=item_view(found, person.members),
        scheme=scheme.title,
        source=scheme.source,
        information=scheme.information,
        default=scheme.default(tip.way),
        chosen=Grade(
            scheme.name,
            problem.kept("grade", "source", held.source),
            problem.kept("grade", "information", held.information),
        ),
        diagonal=warnings(shares, person.members, me=person.member.name),
        problem=problem,
    )
    return render(request, page, 400 if problem.words else 200)


def grade_view(grade: Grade) -> GradeView:
    """A grade in words, scheme first."""
    source, information = data.scheme().codes(grade)
    return GradeView(
        text=str(grade),
        source=f"{source.code}: {source.label}",
        information=f"{information.code}: {information.label}",
    )


def item_view(item: OpenItem, members: MemberList) -> ItemView:
    """One item in words."""
    history = tuple(
        JudgementView(
            grade_view(judged.grade),
            views.display(judged.author, members),
            words.moment(judged.graded_at),
            judged.reason,
        )
        for judged in reversed(item.history)
    )
    claim = item.immunity
    return ItemView(
        id=item.id,
        position=item.position,
        text=item.text,
        is_provenance=item.is_provenance,
        who=views.display(item.author, members),
        grade=history[0].grade if history else None,
        history=history,
        claimed="" if claim is None else f"{words.day(claim.on)} by {views.display(claim.by, members)}",
        claim="" if claim is None else claim.reason,
    )
