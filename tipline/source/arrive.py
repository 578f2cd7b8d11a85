"""Takes reports: parse, seal as they arrive, ask `keep`, render. No database, no unit's key, nothing clear on disk."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web

from crypto.codename import Codename, SourceKeys, keys, submission_mac
from tipline.base.addresses import in_every_language
from tipline.base.blobstore import BlobStore
from tipline.base.web import Handler, Site, make_app, render
from tipline.envelope import IntakeKeyError
from tipline.parts import Address
from tipline.questionnaire.model import Questionnaire
from tipline.source import browser, context, form, handin, pgp, pickup, returning, submit
from tipline.source.channel import Keep
from tipline.source.context import ABOUT, BLOBS, FOLDER, KEEP, QUESTIONNAIRE, UNITS, clock, new_form_token
from tipline.source.form import Answers, FormStream, Incomplete, Report, TooMuchError
from tipline.source.pages import About, ReportPage, SentPage
from tipline.source.sealing import Outbox
from tipline.source.submit import Delivered, Delivery, OtherUnitError
from tipline.text import Text
from tipline.units import Units

HOLDS_TEXT: Final = frozenset(
    [
        ("POST", "/"),
        ("POST", "/return"),
        ("GET", "/thread"),
        ("POST", "/answer"),
        ("POST", "/leave"),
        ("POST", "/pickup"),
        ("POST", "/hand-in"),
    ]
)
"""Requests, by route, after which a source's words, codename or pickup code have stood in this process's memory.

What is handed in is sealed, but people choose the wrong file: then their own has stood here until it was refused.
"""

_GROUP: Final = 3
_CHANGED: Final = Text(
    "You have already sent this report to somebody else. Because you changed this answer it needs a codename of its "
    "own: check your answers and send again. The first report stays where it is."
)


def make(
    site: Site, about: About, units: Units, folder: Path, keep: Keep, *, questionnaire: Questionnaire
) -> web.Application:
    """Return the application of one worker; *folder* is the public zone's."""
    routes = (*returning.ROUTES, *handin.ROUTES, *pickup.ROUTES, *browser.ROUTES, *pgp.ROUTES)
    app = make_app(site, in_every_language((web.get("/", show_form), web.post("/", send_report), *routes)))
    app.middlewares.append(_own_pages_only)
    app[ABOUT], app[UNITS], app[FOLDER], app[KEEP] = about, units, folder, keep
    app[QUESTIONNAIRE] = questionnaire
    app[BLOBS] = BlobStore(folder / "blobs")
    return app


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
    return render(request, ReportPage(app[ABOUT], new_form_token()))


async def send_report(request: web.Request) -> web.Response:
    """Take a report: sealed as it arrives, stored whole or not at all, the same codename for the same form."""
    stream = await FormStream.begin(request)
    answers = Answers.of(await stream.fields())
    report = form.parse(answers)
    if isinstance(report, Incomplete):
        page = ReportPage(request.app[ABOUT], answers.token or new_form_token(), answers, report.problems)
        return await _again(request, stream, page)
    unit = request.app[UNITS].oversight if report.involved else request.app[UNITS].unit
    codename = Codename.from_token(report.token)
    source, now = keys(codename), clock()
    try:
        address = await context.address(request, unit, mailbox=source.mailbox, urgent=report.urgent, at=now)
    except IntakeKeyError:
        return await _unsealed(request, stream, answers)
    try:
        delivered = await _deliver(request, stream, report, source, address, at=now)
    except TooMuchError as error:
        page = ReportPage(request.app[ABOUT], answers.token, answers, {"files": error.args[0]})
        return await _again(request, stream, page)
    except OtherUnitError:
        page = ReportPage(request.app[ABOUT], new_form_token(), answers, {"involved": _CHANGED})
        return await _again(request, stream, page)
    except IntakeKeyError:
        return await _unsealed(request, stream, answers)
    return render(request, _sent(request, address, codename, delivered))


async def _deliver(
    request: web.Request, stream: FormStream, report: Report, source: SourceKeys, address: Address, *, at: datetime
) -> Delivered:
    outbox = Outbox(request.app[BLOBS], address.day)
    try:
        mac = submission_mac(report.token)
        submit.mac_fields(mac, report)
        files = await submit.seal_files(stream, outbox, address, mac)
        delivery = Delivery(
            keys=source,
            address=address,
            mac=mac.digest(),
            first=submit.first_message(report),
            further=submit.further_message(report),
            files=files,
            at=at,
        )
        return await submit.deliver(request.app[KEEP], outbox, delivery)
    finally:
        await outbox.leave()


async def _again(
    request: web.Request, stream: FormStream, page: ReportPage, status: HTTPStatus = HTTPStatus.BAD_REQUEST
) -> web.Response:
    """Show the form again with every answer; what remains of the upload is read and forgotten first."""
    files = await stream.drain() or "files" in page.problems
    return render(request, replace(page, files_again=files), status)


async def _unsealed(request: web.Request, stream: FormStream, answers: Answers) -> web.Response:
    """Say that there is no key to seal with, and give everything back that was typed."""
    page = ReportPage(request.app[ABOUT], answers.token, answers, closed=True)
    return await _again(request, stream, page, HTTPStatus.SERVICE_UNAVAILABLE)


def _sent(request: web.Request, address: Address, codename: Codename, delivered: Delivered) -> SentPage:
    unit = request.app[UNITS].get(address.intake.unit)
    words = codename.words()
    groups = tuple(words[start : start + _GROUP] for start in range(0, len(words), _GROUP))
    return SentPage(
        request.app[ABOUT], unit.name if unit else address.intake.unit, groups, further=delivered is Delivered.FURTHER
    )
