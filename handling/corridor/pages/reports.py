"""Pages of reports: the list, the form in which one is written, and where its review stands."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from handling import data
from handling.corridor import asking, attaching, items, material, reading, reports, tips, words, workbench
from handling.corridor.document import SUMMARY_LIMIT, TITLE_LIMIT, Draft
from handling.corridor.errors import CorridorError, NotThereError
from handling.corridor.items import OpenItem
from handling.corridor.pages import live, stating, views
from handling.corridor.pages import workbench as bench
from handling.corridor.pages.common import corridor, current, handler, now, record_id
from handling.corridor.pages.items import GradeView, grade_view
from handling.corridor.pages.reading import cause
from handling.corridor.pages.stating import Choice, StatedView
from handling.corridor.pages.workbench import FindingView
from handling.corridor.reports import OpenReport, UnfinishedError
from handling.corridor.risk import Typed
from handling.corridor.session import Handler
from handling.corridor.stating import Stated
from handling.corridor.store.reports import ReportState
from handling.rules.grading import Marking
from handling.rules.risk import QUESTIONS, Level
from handling.store import agencies
from tipline.base.staff import signed_in
from tipline.base.web import SCRIPTED, read_form, read_form_lists, render, see_other

STATE: Mapping[ReportState, str] = {
    ReportState.DRAFT: "Draft",
    ReportState.QUEUED: "Waits for review",
    ReportState.REVIEWED: "Reviewed: the desk has it",
    ReportState.REFUSED: "Refused in review",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One report in the list."""

    path: str
    title: str
    state: str
    author: str
    created_on: str
    age: str


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """The list."""

    template: ClassVar[str] = "corridor/reports.html"
    at: ClassVar[str] = "reports"
    rows: tuple[Row, ...]
    next_page: str


@dataclass(frozen=True, slots=True)
class Group:
    """Boxes under one heading."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Excluded:
    """An agency that cannot be ticked; *cause* is for those who may read the tip and stands nowhere else."""

    name: str
    cause: str


@dataclass(frozen=True, slots=True)
class AxisView:
    """One axis of the risk assessment, as its author left it."""

    axis: str
    question: str
    level: str
    words: str


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One item of the report: its own text, and the tip's item it rests on."""

    id: UUID
    text: str
    rests_on: str
    grade: GradeView
    claim: str


@dataclass(frozen=True, slots=True)
class AttachedView:
    """One copy in the report; *original* is the name that the source gave the file."""

    id: UUID
    path: str
    name: str
    label: str
    size: str
    original: str


@dataclass(frozen=True, slots=True)
class FileView:
    """One file of the tip, which a copy can be drawn from."""

    id: UUID
    name: str
    size: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One report; the form where it is a draft of the person who looks."""

    template: ClassVar[str] = "corridor/report.html"
    at: ClassVar[str] = "reports"
    path: str
    tip_path: str
    state: str
    is_draft: bool
    may_edit: bool
    refusal: str
    author: str
    created_on: str
    urn: str
    draft: Draft
    items: tuple[ReportItem, ...]
    attached: tuple[AttachedView, ...]
    files: tuple[FileView, ...]
    handling: tuple[Marking, ...]
    actions: tuple[Marking, ...]
    sanitisations: tuple[Marking, ...]
    subjects: tuple[Group, ...]
    stated: StatedView
    agencies: tuple[Choice, ...]
    excluded: tuple[Excluded, ...]
    must_not_learn: str
    findings: tuple[FindingView, ...]
    undecided: int
    risk: tuple[AxisView, ...]
    levels: tuple[str, ...]
    earlier: tuple[tuple[str, int], ...]
    integrity: str
    title_limit: int
    summary_limit: int
    problems: Mapping[str, str]
    saved: bool


@signed_in
async def listing(request: web.Request) -> web.Response:
    """Show the list."""
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        found = await reports.listing(db, person.vault, after=_place(request.query.get("after")))
    shown, today = found[: reports.PAGE], now().date()
    last = shown[-1].row if len(found) > reports.PAGE else None
    page = ReportsPage(
        rows=tuple(
            Row(
                path=f"/reports/{one.row.id}",
                title=one.draft.title or "(no title yet)",
                state=STATE[one.row.state],
                author=views.display(one.row.author, person.members),
                created_on=words.day(one.row.created_on),
                age=words.age(one.row.created_on, today),
            )
            for one in shown
        ),
        next_page="" if last is None else "/reports?" + urlencode({"after": f"{last.created_on}.{last.id}"}),
    )
    return render(request, page)


@signed_in
async def show(request: web.Request) -> web.Response:
    """Show one report."""
    return await _report(request, saved="saved" in request.query)


@signed_in
async def write(request: web.Request) -> web.Response:
    """Save a draft, and with the second button queue it for review."""
    form = await read_form_lists(request)
    person, pool, report = await current(request), corridor(request).pool, record_id(request)
    async with pool.acquire() as db:
        found = await reports.get(db, person.vault, report)
    changed = workbench.decide(typed_over(form, found.draft), bench.decisions(form))
    try:
        await reports.save(pool, person, report, changed)
        act, _, named = next(iter(form.get("act", ())), "").partition(" ")
        if act in ("attach", "detach"):
            return await _attachments(request, person, act, named)
        if act == "queue":
            await reports.queue(
                pool,
                person,
                report,
                scheme=data.scheme(),
                subjects=data.subjects(),
                countries=data.countries(),
                today=now().date(),
            )
    except UnfinishedError as error:
        return await _report(request, typed=changed, problems=error.reasons)
    except NotThereError:
        raise
    except CorridorError as error:
        return await _report(request, typed=changed, problems=(("", str(error)),))
    return see_other(f"/reports/{report}?saved")


async def _attachments(request: web.Request, person: Handler, act: str, named: str) -> web.Response:
    """Put a copy of a file into a draft that was just saved, or take one out."""
    shared, report = corridor(request), record_id(request)
    try:
        chosen = UUID(named)
    except ValueError:
        raise NotThereError from None
    try:
        if act == "attach":
            async with shared.drawing:  # one at a time: each may take two gigabytes of memory
                await reports.attach(shared.pool, person, shared.blobs, report, chosen)
        else:
            await reports.detach(shared.pool, person, report, chosen)
    except NotThereError:
        raise
    except CorridorError as error:
        return await _report(request, problems=(("attachments", str(error)),))
    return see_other(f"/reports/{report}?saved#attachments")


@signed_in
async def look(request: web.Request) -> web.Response:
    """Answer the page's script with what is found in what is typed just now; keep nothing of it."""
    form = await read_form_lists(request)
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        found = await reports.get(db, person.vault, record_id(request))
        if not _is_open(found) or found.row.author != person.member.name:
            raise NotThereError
        typed = replace(typed_over(form, found.draft), attached=())  # nobody types in an attachment
        noted = await reports.noted(db, person, replace(found, draft=typed))
    return web.json_response(live.told(noted))


@signed_in
async def again(request: web.Request) -> web.Response:
    """Start a new version."""
    await read_form(request)
    person = await current(request)
    begun = await reports.again(corridor(request).pool, person, record_id(request), now().date())
    return see_other(f"/reports/{begun}")


async def _report(
    request: web.Request,
    *,
    typed: Draft | None = None,
    problems: Sequence[tuple[str, str]] = (),
    saved: bool = False,
) -> web.Response:
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        found = await reports.get(db, person.vault, record_id(request))
        if typed is not None and found.row.state is ReportState.DRAFT:
            found = replace(found, draft=typed)
        tip = await tips.get(db, person.vault, found.draft.tip)
        known = await items.of_tip(db, person.vault, found.draft.tip, found.draft.thread)
        enrolled = await agencies.all_(db)
        noted = await reports.noted(db, person, found) if _is_open(found) else ()
        earlier = await asking.earlier(db, person.vault, found.row.id, found.draft) if _is_open(found) else {}
        received = await material.listing(db, person.vault, ticked=found.draft.stated.material)
        gone = await material.gone(db, person.vault, found.draft.stated.material)
        whole = await attaching.originals(db, person, found.draft) if _is_open(found) else ()
    draft, scheme = found.draft, data.scheme()
    script = await asyncio.to_thread(live.integrity) if _is_open(found) else None
    request[SCRIPTED] = script is not None
    blocked, names = reading.blocked(tip.content, enrolled), {one.id: one.name for one in enrolled}
    page = ReportPage(
        path=f"/reports/{found.row.id}",
        tip_path=f"/tips/{draft.tip}",
        state=STATE[found.row.state],
        is_draft=found.row.state is ReportState.DRAFT,
        may_edit=found.row.state is ReportState.DRAFT and found.row.author == person.member.name,
        refusal=found.refusal,
        author=views.display(found.row.author, person.members),
        created_on=words.day(found.row.created_on),
        urn=f"urn:uuid:{found.row.id}",
        draft=draft,
        items=_items(draft, {item.id: item for item in known}),
        attached=_attached(found),
        files=tuple(FileView(one.file.id, one.described.name, words.size(one.described.size)) for one in whole),
        handling=tuple(scheme.marking(code) for code in ("P", "C")),
        actions=tuple(scheme.marking(code) for code in ("A1", "A2", "A3")),
        sanitisations=tuple(scheme.marking(code) for code in ("S1", "S2")),
        subjects=_subjects(draft),
        stated=stating.view(draft.stated, enrolled, received, blocked, now().date(), gone=gone),
        agencies=tuple(
            Choice(one.id, one.name, one.id in draft.agencies)
            for one in enrolled
            if one.id not in blocked or (not _is_open(found) and one.id in draft.agencies)
        ),
        excluded=tuple(Excluded(one.name, cause(blocked.get(one.id), names)) for one in enrolled if one.id in blocked),
        must_not_learn=tip.content.must_not_learn,
        findings=bench.views(noted, draft),
        undecided=workbench.undecided(noted),
        risk=tuple(AxisView(axis.value, words_, *draft.risk.said(axis)) for axis, words_ in QUESTIONS.items()),
        levels=tuple(level.value for level in Level),
        earlier=tuple((names.get(agency, agency), count) for agency, count in earlier.items()),
        integrity=script or "",
        title_limit=TITLE_LIMIT,
        summary_limit=SUMMARY_LIMIT,
        problems=dict(problems),
        saved=saved,
    )
    return render(request, page, 400 if problems else 200)


def _is_open(found: OpenReport) -> bool:
    return found.row.state is ReportState.DRAFT


def _attached(found: OpenReport) -> tuple[AttachedView, ...]:
    return tuple(
        AttachedView(
            id=entry.id,
            path=f"/reports/{found.row.id}/attachments/{entry.id}",
            name=listed.name,
            label=entry.kind.label,
            size=words.size(entry.size),
            original=entry.name,
        )
        for listed, entry in zip(found.draft.listed(), found.draft.attached, strict=True)
    )


def _items(draft: Draft, known: Mapping[UUID, OpenItem]) -> tuple[ReportItem, ...]:
    found = [(item, known.get(item.item)) for item in draft.items]
    return tuple(
        ReportItem(
            id=item.item,
            text=item.text,
            rests_on="" if rests_on is None else rests_on.text,
            grade=grade_view(item.grade),
            claim="" if rests_on is None or rests_on.immunity is None else rests_on.immunity.reason,
        )
        for item, rests_on in found
    )


def _subjects(draft: Draft) -> tuple[Group, ...]:
    subjects = data.subjects()
    return tuple(
        Group(
            label,
            tuple(
                Choice(code, words_, code in draft.subjects)
                for code, words_ in subjects.labels.items()
                if code.partition(".")[0] == group
            ),
        )
        for group, label in subjects.groups.items()
    )


def typed_over(form: Mapping[str, Sequence[str]], draft: Draft) -> Draft:
    """Read the form over the draft; what is missing or wrong shows when the report is to be queued."""

    def text(name: str) -> str:
        return " ".join(form.get(name, ())).replace("\r\n", "\n").strip()

    handling = text("handling")
    return replace(
        draft,
        title=" ".join(text("title").split()),
        summary=text("summary"),
        items=tuple(replace(item, text=text(f"item-{item.item}")) for item in draft.items),
        handling=handling,
        action=text("action_code") if handling == "C" else "",
        sanitisation=text("sanitisation_code") if handling == "C" else "",
        subjects=tuple(form.get("subject", ())),
        agencies=tuple(form.get("agency", ())),
        suspected_false="suspected_false" in form,
        stated=Stated.of_form(form),
        risk=Typed.of_form(form),
        sum_of_knowledge=text("sum_of_knowledge")[: workbench.REASON_LIMIT],
    )


def _place(text: str | None) -> tuple[date, UUID] | None:
    if text is None:
        return None
    try:
        day, last = text.split(".")
        return date.fromisoformat(day), UUID(last)
    except ValueError:
        raise web.HTTPNotFound from None
