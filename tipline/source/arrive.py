"""Takes reports: parse, seal as they arrive, ask `keep`, render. No database, no unit's key, nothing clear on disk."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

from aiohttp import web

from crypto.codename import Codename, SourceKeys, keys, submission_mac
from tipline.base.addresses import in_every_language
from tipline.base.blobstore import BlobStore
from tipline.base.database import StoreError
from tipline.base.web import WARNINGS, Handler, Site, make_app, render
from tipline.envelope import IntakeKeyError
from tipline.parts import Address
from tipline.questionnaire.model import Questionnaire
from tipline.source import (
    browser,
    code,
    context,
    erase,
    files,
    form,
    handin,
    leaving,
    pgp,
    pickup,
    questions,
    returning,
    submit,
    ticket,
    visit,
    warnings,
)
from tipline.source.context import (
    ABOUT,
    BLOBS,
    FOLDER,
    KEEP,
    QUESTIONNAIRE,
    TICKETS,
    UNITS,
    clock,
    new_form_token,
)
from tipline.source.form import Answers, FormStream, Incomplete, Report
from tipline.source.pages import About, ReportPage
from tipline.source.sealing import Outbox
from tipline.source.submit import Delivered, Delivery, FullError, GoneError, OtherUnitError
from tipline.source.ticket import Standing, Tickets
from tipline.text import Text
from tipline.units import Units

HOLDS_TEXT: Final = frozenset(
    [
        ("POST", "/"),
        ("GET", "/code"),
        ("GET", "/check"),
        ("POST", "/check"),
        ("GET", "/questions"),
        ("POST", "/questions"),
        ("GET", "/files"),
        ("POST", "/files"),
        ("POST", "/return"),
        ("GET", "/thread"),
        ("POST", "/answer"),
        ("GET", "/erase"),
        ("POST", "/erase"),
        ("POST", "/leave"),
        ("POST", "/pickup"),
        ("POST", "/hand-in"),
    ]
)
"""Requests, by route, after which a source's words, codename or pickup code have stood in this process's memory.

What is handed in is sealed, but people choose the wrong file: then their own has stood here until it was refused.
"""

_UNAVAILABLE: Final = ("no-key", "full", "unknown")
_WHY: Final = MappingProxyType({IntakeKeyError: "no-key", FullError: "full", StoreError: "unknown"})
_CHANGED: Final = Text(
    "You have already sent this report to somebody else. Because you changed this answer it needs a codename of its "
    "own: check your answers and send again. The first report stays where it is."
)


def make(site: Site, about: About, units: Units, folder: Path, *, questionnaire: Questionnaire) -> web.Application:
    """Return what every worker serves once it has a `KEEP` of its own; *folder* is the public zone's."""
    journey = (*code.ROUTES, *files.ROUTES, *returning.ROUTES, *questions.ROUTES, *erase.ROUTES, *leaving.ROUTES)
    routes = (*journey, *handin.ROUTES, *pickup.ROUTES, *browser.ROUTES, *pgp.ROUTES)
    app = make_app(site, in_every_language((web.get("/", show_form), web.post("/", send_report), *routes)))
    app.middlewares.extend((_warned, _own_pages_only))
    app[ABOUT], app[UNITS], app[FOLDER] = about, units, folder
    app[QUESTIONNAIRE] = questionnaire
    app[BLOBS] = BlobStore(folder / "blobs")
    app[TICKETS] = Tickets(ticket.DayKeys(folder).of, about.form_seconds)
    return app


@web.middleware
async def _warned(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let every page, also one about an error, warn of what the request tells by itself."""
    request[WARNINGS] = warnings.of(request.headers.get("Host", ""), request.headers.get("User-Agent", ""))
    return await handler(request)


@web.middleware
async def _own_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a form that another site sends: it could sign a source in to a stranger's mailbox."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise web.HTTPForbidden
    return await handler(request)


async def show_form(request: web.Request) -> web.Response:
    """The report form with a token of its own; a clear page when nothing can be sealed today."""
    app = request.app
    try:
        await context.address(request, app[UNITS].unit, mailbox=b"", urgent=False, at=clock())
    except IntakeKeyError:
        return context.closed(request)
    return _form(request, Answers(token=new_form_token()))


async def send_report(request: web.Request) -> web.Response:
    """Take a report: sealed as it arrives, stored whole or not at all, the same codename for the same form."""
    answers = Answers.of(await (await FormStream.begin(request)).words())
    report = form.parse(answers)
    if isinstance(report, Incomplete):
        return _form(request, answers, problems=report.problems)
    standing = request.app[TICKETS].judge(answers.token, answers.ticket, at=ticket.now())
    if standing is not Standing.GOOD:
        return _form(request, answers, refused=standing.value)
    unit = request.app[UNITS].oversight if report.involved else request.app[UNITS].unit
    codename = Codename.from_token(report.token)
    source, now = keys(codename), clock()
    try:
        address = await context.address(request, unit, mailbox=source.mailbox, urgent=report.urgent, at=now)
        delivered = await _deliver(request, report, source, address, at=now)
        cookie, _ = await visit.begin(request, codename, source.mailbox, reported=True, urgent=report.urgent)
    except OtherUnitError:
        return _form(request, replace(answers, token=new_form_token()), problems={"involved": _CHANGED})
    except GoneError:
        return _form(request, replace(answers, token=new_form_token()), refused="erased")
    except (IntakeKeyError, FullError, StoreError) as error:
        return _form(request, answers, refused=_WHY.get(type(error), "unknown"))
    shown = code.page(request, address.intake.unit, codename, further=delivered is Delivered.FURTHER)
    return visit.carry(render(request, shown), cookie)


def _form(
    request: web.Request, answers: Answers, *, problems: Mapping[str, str] | None = None, refused: str = ""
) -> web.Response:
    """Show the form with everything that was typed, and with a ticket that lets it in as soon as can be."""
    token = answers.token or new_form_token()
    fresh = request.app[TICKETS].again(token, answers.ticket, at=ticket.now())
    page = ReportPage(request.app[ABOUT], token, fresh, answers, problems or {}, refused)
    if refused in _UNAVAILABLE:
        return render(request, page, HTTPStatus.SERVICE_UNAVAILABLE)
    return render(request, page, HTTPStatus.BAD_REQUEST if problems or refused else HTTPStatus.OK)


async def _deliver(
    request: web.Request, report: Report, source: SourceKeys, address: Address, *, at: datetime
) -> Delivered:
    mac = submission_mac(report.token)
    submit.mac_fields(mac, report)
    outbox = Outbox(request.app[BLOBS], address.day)
    delivery = Delivery(
        keys=source,
        address=address,
        mac=mac.digest(),
        first=submit.first_message(report),
        further=submit.further_message(report),
        at=at,
    )
    try:
        return await submit.deliver(request.app[KEEP], outbox, delivery)
    finally:
        await outbox.leave()
