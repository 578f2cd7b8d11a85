"""Routes of sharing: who is proposed for a report, the matrix, a draft agreement, a year for oversight. Parse, call one thing, render."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from crypto import age
from crypto.errors import CryptoError
from handling import data
from handling.desk import (
    asking,
    case,
    deconfliction,
    everything,
    handlers,
    intake,
    matrix,
    matrix_page,
    overview,
    request,
    share,
    share_pages,
    show,
    statements,
    whatif,
    whatif_page,
)
from handling.desk.handlers import ID, OFFICE, desk_of, id_of
from handling.desk.matrix_page import Place
from handling.desk.share import Choice, Done
from handling.desk.whatif_page import WhatIfPage
from handling.rules.agreement_document import AgreementError, parse
from handling.rules.agreements import AGENCY_ID, Purpose
from handling.rules.sharing import Withheld
from handling.rules.staffing import two_keys
from tipline.base.staff import signed_in
from tipline.base.web import read_form, read_form_lists, render, see_other

_NO_RECIPIENT = "That is no age recipient. It begins with age1pq1, and tipline identity makes one."
_NOBODY_READS = "No outside second is on the member list, so nobody outside could open it: paste the oversight body's age recipient."
_HANDED_OVER = "Somebody has said so before, or there is no such statement."
_CHANGED = "What is proposed has changed meanwhile. Nothing was stored or sent. Look at them again."


@signed_in
async def proposed(request_: web.Request) -> web.Response:
    """Who may receive the report, each ticked."""
    return await _shown(request_, status=HTTPStatus.OK)


@signed_in
async def decide(request_: web.Request) -> web.Response:
    """Ask for every release that is ticked, and keep why the others were left out."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    given = await read_form_lists(request_)
    choices, problems = _read(given)
    fields = {name: values[0] for name, values in given.items()}
    if problems:
        problem = "Each agency that is not ticked needs a reason. Nothing was stored or sent."
        return await _shown(request_, given=fields, problems=problems, problem=problem, status=HTTPStatus.BAD_REQUEST)
    async with office.pool.acquire() as db:
        known = await office.members(db)
        outcome = await share.decide(db, desk, known, id_of(request_), choices, unit=office.unit, today=office.today())
    if isinstance(outcome, Done):
        return see_other(f"/reports/{id_of(request_)}")
    if isinstance(outcome, share.ChangedMeanwhile):
        return await _shown(request_, problem=_CHANGED)
    return await _shown(request_, given=fields, problem=handlers.why(outcome))


async def _shown(
    request_: web.Request,
    *,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    problem: str = "",
    asking: str = "",
    status: HTTPStatus = HTTPStatus.CONFLICT,
) -> web.Response:
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        found = await case.case(db, desk, id_of(request_))
        parties = await request.parties(db, office.today())
    view = share.look(found, parties, desk.members, desk.member.name, office.today())
    head = show.head(found.reviewed)
    page = share_pages.share(
        head, view, desk.members, office.today(), given=given, problems=problems, problem=problem, asking=asking
    )
    return render(request_, page, status)


@signed_in
async def deconflict(request_: web.Request) -> web.Response:
    """Keep who was asked whose source or operation it is, and what came back."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    form = await read_form(request_)
    try:
        said = deconfliction.read(form)
    except deconfliction.AnswerError as error:
        return await _shown(request_, given=form, problem=str(error), status=HTTPStatus.BAD_REQUEST)
    async with office.pool.acquire() as db:
        known = await office.members(db)
        found = await case.report(db, desk, id_of(request_))
        await deconfliction.keep(db, desk, known, report=found.report.id, said=said, today=office.today())
    return see_other(f"/reports/{id_of(request_)}/share")


@signed_in
async def ask_consent(request_: web.Request) -> web.Response:
    """Open a request for consent."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    form = await read_form(request_)
    try:
        wanted = asking.read(form, office.today())
        async with office.pool.acquire() as db:
            known = await office.members(db)
            await asking.ask(db, desk, known, id_of(request_), wanted, today=office.today())
    except asking.RequestError as error:
        return await _shown(request_, given=form, asking=f"{error} Nothing was sent.", status=HTTPStatus.BAD_REQUEST)
    except intake.RefusedError as error:
        return await _shown(request_, given=form, asking=f"The review no longer counts. {error.reason.value}")
    return see_other(f"/reports/{id_of(request_)}/share#consents")


def _read(given: Mapping[str, list[str]]) -> tuple[tuple[Choice, ...], dict[str, str]]:
    """Read the form: a choice for each agency that was proposed, and what is wrong, by agency."""
    choices, problems = [], {}
    for agency in given.get("agency", []):
        kind = Purpose if f"share-{agency}" in given else Withheld
        field = "purpose" if kind is Purpose else "reason"
        (value, *_) = given.get(f"{field}-{agency}", [""])
        try:
            choices.append(Choice(agency, kind(value)))
        except ValueError:
            problems[agency] = "Choose a purpose." if kind is Purpose else "Say why it is left out, or tick it."
    return tuple(choices), problems


@signed_in
async def sharing(request_: web.Request) -> web.Response:
    """A year of sharing."""
    return await _sharing(request_)


@signed_in
async def statement(request_: web.Request) -> web.Response:
    """Seal the same to the outside seconds, and to whoever is typed in beside them; it waits here to be handed over."""
    office, desk, today = request_.app[OFFICE], desk_of(request_), request_.app[OFFICE].today()
    typed = (await read_form(request_)).get("recipient", "").strip()
    try:
        also = age.Recipient.parse(typed) if typed else None
    except (CryptoError, ValueError):
        return await _sharing(request_, problem=_NO_RECIPIENT, typed=typed)
    async with office.pool.acquire() as db:
        members = await office.members(db)
        found = await overview.overview(db, desk, await request.parties(db, today), today)
        content = overview.statement(
            found,
            everything.told(await everything.ledger(db, desk, today)),
            two_keys(request.duties(members)),
            await statements.listed(db),
            unit=office.unit,
            today=today,
        )
        try:
            await statements.make(db, members, content, by=desk.member.name, today=today, also=also)
        except statements.NobodyToReadError:
            problem = _NOBODY_READS
        else:
            problem = ""
    return await _sharing(request_, problem=problem) if problem else see_other("/sharing#statement")


@signed_in
async def statement_file(request_: web.Request) -> web.Response:
    """A statement that waits, to be saved and handed over."""
    async with request_.app[OFFICE].pool.acquire() as db:
        sealed = await statements.get(db, id_of(request_))
    if sealed is None:
        raise web.HTTPNotFound
    headers = {
        "Content-Disposition": f'attachment; filename="sharing-{str(id_of(request_))[:8]}.age"',
        "Content-Type": "application/octet-stream",
    }
    return web.Response(body=sealed, headers=headers)


@signed_in
async def handed_over(request_: web.Request) -> web.Response:
    """Note that a statement was handed over."""
    office = request_.app[OFFICE]
    await read_form(request_)
    async with office.pool.acquire() as db:
        by = desk_of(request_).member.name
        done = await statements.handed_over(db, id_of(request_), by=by, today=office.today())
    return see_other("/sharing#statement") if done else await _sharing(request_, problem=_HANDED_OVER)


async def _sharing(request_: web.Request, *, problem: str = "", typed: str = "") -> web.Response:
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        parties = await request.parties(db, office.today())
        found = await overview.overview(db, desk, parties, office.today())
        made = await statements.listed(db)
        counted = await everything.count(db, desk, office.today())
    page = share_pages.sharing(found, made, counted, desk.members, office.today(), problem=problem, typed=typed)
    return render(request_, page, HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK)


@signed_in
async def reports_and_agencies(request_: web.Request) -> web.Response:
    """A page of the matrix."""
    office, desk, at = request_.app[OFFICE], desk_of(request_), _place(request_.query)
    purposes = tuple(Purpose) if at.purpose is None else (at.purpose,)
    async with office.pool.acquire() as db:
        found = await matrix.load(db, desk, office.today(), purposes=purposes, before=at.before, after=at.after)
    return render(request_, matrix_page.matrix(found, at))


def _place(query: Mapping[str, str]) -> Place:
    purpose, after = query.get("purpose", ""), query.get("after", "")
    if purpose not in {"", *(one.value for one in Purpose)} or (after and not re.fullmatch(AGENCY_ID, after)):
        raise web.HTTPBadRequest
    return Place(Purpose(purpose) if purpose else None, handlers.cursor(query), after)


@signed_in
async def what_if(request_: web.Request) -> web.Response:
    """The box for a draft agreement."""
    return render(request_, WhatIfPage())


@signed_in
async def replay(request_: web.Request) -> web.Response:
    """Hold a draft against a year of reports."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    draft = (await read_form(request_)).get("draft", "")
    try:
        agreement = parse(draft.encode(), data.codes())
    except AgreementError as error:
        problems = tuple(str(problem) for problem in error.problems)
        return render(request_, WhatIfPage(draft=draft, problems=problems), HTTPStatus.BAD_REQUEST)
    async with office.pool.acquire() as db:
        found = await whatif.replay(db, desk, agreement, office.today())
    return render(request_, whatif_page.result(found, draft))


ROUTES = (
    web.get("/what-if", what_if),
    web.post("/what-if", replay),
    web.get("/matrix", reports_and_agencies),
    web.get(f"/reports/{ID}/share", proposed),
    web.post(f"/reports/{ID}/share", decide),
    web.post(f"/reports/{ID}/deconfliction", deconflict),
    web.post(f"/reports/{ID}/consent", ask_consent),
    web.get("/sharing", sharing),
    web.post("/sharing", statement),
    web.get(f"/sharing/{ID}", statement_file),
    web.post(f"/sharing/{ID}", handed_over),
)
