"""Pages of first reading: what waits for a decision, and the form that decides who may read a tip and whom it must not reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from aiohttp import web

from handling.corridor import interests, reading, tips, words
from handling.corridor.content import Decided
from handling.corridor.errors import CorridorError, MeanwhileError, NotThereError
from handling.corridor.pages import views
from handling.corridor.pages.common import corridor, current, now, record_id, refresh
from handling.corridor.tips import OpenTip
from handling.rules.exclusions import Blocked, Cause, Decision, ancestors
from handling.rules.interests import KnownPerson
from handling.store import agencies
from handling.store.agencies import Agency
from handling.store.members import MemberList
from tipline.base.staff import signed_in
from tipline.base.web import read_form, read_form_lists, render, see_other


@dataclass(frozen=True, slots=True)
class FirstReadingPage:
    """The tips that wait for a decision of the person who looks."""

    template: ClassVar[str] = "corridor/first_reading.html"
    at: ClassVar[str] = "tips"
    rows: tuple[views.Row, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """One handler in the form."""

    name: str
    shown: str
    ticked: bool
    named: bool
    conflicted: bool


@dataclass(frozen=True, slots=True)
class Place:
    """One agency in the form, where it stands in the tree."""

    id: str
    name: str
    depth: int
    ticked: bool
    suggested: bool
    above_others: bool
    narrowed: str
    cause: str
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadersPage:
    """One tip and the decision who may read it."""

    template: ClassVar[str] = "corridor/readers.html"
    at: ClassVar[str] = "tips"
    tip: views.Head
    seen: str
    waiting: bool
    now: str
    few: bool
    readers: tuple[Reader, ...]
    everybody: bool
    agencies: tuple[Place, ...]
    reason: str
    history: tuple[str, ...]
    problem: str


@signed_in
async def listing(request: web.Request) -> web.Response:
    """Show what waits; for somebody who has nothing to read there, there is no such page."""
    person = await refresh(request)
    async with corridor(request).pool.acquire() as db:
        found = await reading.waiting(db, person)
    if not found:
        raise web.HTTPNotFound
    today = now().date()
    return render(
        request, FirstReadingPage(tuple(views.row(tip, today, person.members, undecided=True) for tip in found))
    )


@signed_in
async def show(request: web.Request) -> web.Response:
    """Show the form for one tip."""
    return await _readers(request)


@signed_in
async def decide(request: web.Request) -> web.Response:
    """Decide, for a waiting tip or anew for one that was decided before."""
    form = await read_form_lists(request)
    person = await current(request)
    decision = Decision(
        readers=None if form.get("who") == ["everybody"] else tuple(form.get("reader", ())),
        excluded=tuple(form.get("agency", ())),
        narrowed={name.removeprefix("narrowed-"): text for name, (text, *_) in form.items() if _is_reason(name, text)},
        reason=" ".join(form.get("reason", ())),
    )
    seen, pool = "".join(form.get("seen", ())), corridor(request).pool
    try:
        stays = await reading.decide(pool, person, record_id(request), decision, now().date(), seen=seen)
    except NotThereError:
        raise
    except MeanwhileError as error:
        return await _readers(request, problem=str(error))
    except CorridorError as error:
        return await _readers(request, decision, str(error))
    return see_other(f"/tips/{record_id(request)}" if stays else "/")


@signed_in
async def recuse(request: web.Request) -> web.Response:
    """Declare a conflict of interest: from now on the tip does not exist for whoever declares it."""
    form = await read_form(request)
    person, reason = await current(request), form.get("conflict", "")
    try:
        await reading.recuse(corridor(request).pool, person, record_id(request), reason, now().date())
    except NotThereError:
        raise
    except CorridorError as error:
        return await _readers(request, problem=str(error))
    return see_other("/")


def _is_reason(name: str, text: str) -> bool:
    return name.startswith("narrowed-") and bool(text.strip())


async def _readers(request: web.Request, typed: Decision | None = None, problem: str = "") -> web.Response:
    person = await current(request)
    async with corridor(request).pool.acquire() as db:
        found = await tips.get(db, person.vault, record_id(request))
        enrolled = await agencies.all_(db)
        known = (await interests.known(db, person)).why(found.content.met)
    allowed = await reading.readers_of(person, found.row.thread)
    holds = typed or _proposal(found, person.members, enrolled)
    everybody = [one.name for one in interests.handlers(person.members)]
    few = len(everybody if allowed is None else allowed) < 2  # noqa: PLR2004 - one writes, another reviews
    page = ReadersPage(
        tip=views.head(found, now().date(), person.members),
        seen=found.content.asked,
        waiting=reading.is_undecided(found.content, allowed),
        now=views.readers(allowed, person.members),
        few=few,
        readers=tuple(
            Reader(
                one.name,
                one.shown,
                ticked=one.name in (holds.readers if holds.readers is not None else everybody),
                named=one.name in found.content.named,
                conflicted=one.name in found.content.conflicted,
            )
            for one in interests.handlers(person.members)
        ),
        everybody=holds.readers is None,
        agencies=_places(found, holds, enrolled, _why(known, person.members)),
        reason=holds.reason if typed else "",
        history=tuple(_told(decided, person.members, enrolled) for decided in reversed(found.content.decisions)),
        problem=problem,
    )
    return render(request, page, 400 if problem else 200)


def _proposal(found: OpenTip, members: MemberList, enrolled: Sequence[Agency]) -> Decision:
    """What the form starts with: the decision that holds, or what the source's own words suggest."""
    content = found.content
    if content.decisions and not content.waiting:
        return replace(content.holds, excluded=tuple(sorted({*content.holds.excluded, *content.barred})))
    out = {*content.named, *content.conflicted}
    left = tuple(one.name for one in interests.handlers(members) if one.name not in out)
    suggested = {*content.holds.excluded, *content.barred, *reading.suggested(content, enrolled)}
    readers = left if out else content.holds.readers
    return Decision(readers, tuple(sorted(suggested)), content.holds.narrowed, "")


def _why(known: Sequence[KnownPerson], members: MemberList) -> dict[str, tuple[str, ...]]:
    """For each agency whom of its people the tip names, as who entered them on which day."""
    found: dict[str, tuple[str, ...]] = {}
    for one in known:
        entered = f"{one.called[0]}, entered by {views.display(one.by, members)}, {words.day(one.on)}"
        found[one.agency] = (*found.get(one.agency, ()), entered)
    return found


def _places(
    found: OpenTip, holds: Decision, enrolled: Sequence[Agency], why: Mapping[str, tuple[str, ...]]
) -> tuple[Place, ...]:
    tree, hints = agencies.tree_of(enrolled), reading.suggested(found.content, enrolled)
    causes = reading.blocked(found.content, enrolled)
    names = {one.id: one.name for one in enrolled}
    above = {agency for one in enrolled for agency in ancestors(tree, one.id)}
    return tuple(
        Place(
            id=one.id,
            name=one.name,
            depth=depth,
            ticked=one.id in holds.excluded,
            suggested=one.id in hints,
            above_others=one.id in above,
            narrowed=holds.narrowed.get(one.id, ""),
            cause=cause(causes.get(one.id), names),
            known=why.get(one.id, ()),
        )
        for depth, one in agencies.in_tree(enrolled)
    )


def cause(blocked: Blocked | None, names: Mapping[str, str]) -> str:
    """Why an agency cannot be ticked, in words for those who may read the tip."""
    if blocked is None:
        return ""
    if blocked.cause is Cause.KNOWN:
        return "Excluded until a first reader decides: the tip names somebody who is known to be of this agency."
    if blocked.cause is Cause.EXCLUDED:
        return "Excluded: it must not learn of this tip."
    return f"It stands above {names.get(blocked.below, blocked.below)}, which is excluded."


def _told(decided: Decided, members: MemberList, enrolled: Sequence[Agency]) -> str:
    """One decision as a sentence."""
    names = {one.id: one.name for one in enrolled}
    decision = decided.decision
    day = words.day(date.fromisoformat(decided.on))
    told = f"{day}: {views.display(decided.author, members)} let in {views.readers(decision.readers, members)}"
    if decision.excluded:
        told += f"; excluded {', '.join(names.get(one, one) for one in decision.excluded)}"
    for above, why in decision.narrowed.items():
        told += f"; {names.get(above, above)} may learn of it: {why}"
    return told + (f". Reason: {decision.reason}" if decision.reason else "")
