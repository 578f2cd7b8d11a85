"""Pages of what is known ahead of tips: conflicts of interest, and the people of agencies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import uuid4

from aiohttp import web

from handling.corridor import interests, reading, words
from handling.corridor.errors import CorridorError, NotThereError, RefusedError
from handling.corridor.interests import ADMINISTRATOR, Known
from handling.corridor.pages import views
from handling.corridor.pages.common import NO_PROBLEM, Problem, corridor, current, handler, now
from handling.corridor.session import Handler
from handling.rules import interests as rules
from handling.rules.interests import Conflict, Ended, InterestError, KnownPerson
from handling.store import agencies
from handling.store.members import MemberList
from tipline.base.staff import signed_in
from tipline.base.web import read_form, render, see_other


@dataclass(frozen=True, slots=True)
class ConflictView:
    """One conflict in words; *ended* says since when and by whom it is over, else it is empty."""

    id: str
    who: str
    whom: tuple[str, ...]
    said: str
    until: str
    reason: str
    ended: str


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ConflictsPage:
    """The conflicts that the person who looks may read, and the form for one more."""

    template: ClassVar[str] = "corridor/conflicts.html"
    at: ClassVar[str] = "conflicts"
    holding: tuple[ConflictView, ...]
    over: tuple[ConflictView, ...]
    states: bool
    members: tuple[Option, ...]
    agencies: tuple[Option, ...]
    limit: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody of an agency."""

    id: str
    called: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class AgencyView:
    """One agency where it stands in the tree, and whom we know of it."""

    name: str
    depth: int
    people: tuple[PersonView, ...]


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Every agency with its people, and the form for one more."""

    template: ClassVar[str] = "corridor/agencies.html"
    at: ClassVar[str] = "agencies"
    agencies: tuple[AgencyView, ...]
    options: tuple[Option, ...]
    may_end: bool
    problem: Problem


@signed_in
async def conflicts(request: web.Request) -> web.Response:
    """Show one's own conflicts, and to a first reader those of others."""
    return await _conflicts(request, NO_PROBLEM)


@signed_in
async def declare(request: web.Request) -> web.Response:
    """Declare a conflict, or as a first reader state somebody else's."""
    form = await read_form(request)
    person = await current(request)
    try:
        await interests.declare(corridor(request).pool, person, _declared(form, person))
    except (CorridorError, InterestError) as error:
        return await _conflicts(request, Problem("conflict", str(error), form))
    return see_other("/conflicts")


@signed_in
async def end_conflict(request: web.Request) -> web.Response:
    """End a conflict; what it took away stays away until a first reader decides."""
    await _end(request)
    return see_other("/conflicts")


@signed_in
async def people(request: web.Request) -> web.Response:
    """Show whom we know of each agency."""
    return await _people(request, NO_PROBLEM)


@signed_in
async def add(request: web.Request) -> web.Response:
    """Enter somebody of an agency."""
    form = await read_form(request)
    person = await current(request)
    try:
        called = rules.names_of(form.get("called", ""))
        known = KnownPerson(str(uuid4()), form.get("agency", ""), called, person.member.name, now().date())
        await interests.add_person(corridor(request).pool, person, known)
    except (CorridorError, InterestError) as error:
        return await _people(request, Problem("person", str(error), form))
    return see_other("/agencies")


@signed_in
async def end_person(request: web.Request) -> web.Response:
    """Take somebody off an agency's people; a first reader alone may."""
    await _end(request)
    return see_other("/agencies")


def _declared(form: Mapping[str, str], person: Handler) -> Conflict:
    member = form.get("member", person.member.name)
    if member != person.member.name and not _is_first(person):
        raise RefusedError("Only a first reader states somebody else's conflict.")
    until = form.get("until", "").strip()
    try:
        last = date.fromisoformat(until) if until else None
    except ValueError:
        raise RefusedError("Write the last day as year, month and day: 2027-03-31.") from None
    return Conflict(
        id=str(uuid4()),
        member=member,
        called=rules.names_of(form["called"]) if form.get("called", "").strip() else (),
        agency=form.get("agency") or None,
        until=last,
        reason=form.get("reason", "").strip(),
        by=person.member.name,
        on=now().date(),
    )


async def _end(request: web.Request) -> None:
    form = await read_form(request)
    person = await current(request)
    try:
        await interests.end(corridor(request).pool, person, form.get("entry", ""), first=_is_first(person))
    except NotThereError:
        raise web.HTTPNotFound from None


def _is_first(person: Handler) -> bool:
    return person.member.name in reading.first_readers(person.members, ())


async def _conflicts(request: web.Request, problem: Problem) -> web.Response:
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        known = await interests.known(db, person)
        enrolled = await agencies.all_(db)
    me, first = person.member.name, _is_first(person)
    shown = [one for one in reversed(known.interests.conflicts) if one.is_shown_to(me, first=first)]
    page = ConflictsPage(
        holding=tuple(_conflict(one, known, person.members) for one in shown if one.holds(known.today)),
        over=tuple(_conflict(one, known, person.members) for one in shown if not one.holds(known.today)),
        states=first,
        members=tuple(
            Option(one.name, one.shown, one.name == problem.kept("conflict", "member", me))
            for one in interests.handlers(person.members)
        ),
        agencies=tuple(
            Option(one.id, one.name, one.id == problem.kept("conflict", "agency"))
            for _, one in agencies.in_tree(enrolled)
        ),
        limit=rules.REASON_LIMIT,
        problem=problem,
    )
    return render(request, page, 400 if problem.words else 200)


async def _people(request: web.Request, problem: Problem) -> web.Response:
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        known = await interests.known(db, person)
        enrolled = agencies.in_tree(await agencies.all_(db))
    holding = [one for one in known.interests.people if one.ended is None]
    page = PeoplePage(
        agencies=tuple(
            AgencyView(
                agency.name,
                depth,
                tuple(
                    PersonView(one.id, one.called, _said(one.by, one.on, person.members))
                    for one in holding
                    if one.agency == agency.id
                ),
            )
            for depth, agency in enrolled
        ),
        options=tuple(Option(one.id, one.name, one.id == problem.kept("person", "agency")) for _, one in enrolled),
        may_end=_is_first(person),
        problem=problem,
    )
    return render(request, page, 400 if problem.words else 200)


def _conflict(one: Conflict, known: Known, members: MemberList) -> ConflictView:
    agency = () if one.agency is None else (known.enrolled.names.get(one.agency, one.agency),)
    return ConflictView(
        id=one.id,
        who=views.display(one.member, members),
        whom=(*one.called, *agency),
        said=_said(one.by, one.on, members),
        until="" if one.until is None else words.day(one.until),
        reason=one.reason,
        ended=_over(one, members),
    )


def _over(one: Conflict, members: MemberList) -> str:
    if isinstance(one.ended, Ended):
        return f"Ended by {views.display(one.ended.by, members)}, {words.day(one.ended.on)}"
    return "Its last day is over"


def _said(by: str, on: date, members: MemberList) -> str:
    who = "the administrator" if by == ADMINISTRATOR else views.display(by, members)
    return f"{who}, {words.day(on)}"
