"""Agreements as pages: those that wait for the unit's signature, and one with all its terms. No SQL, no keys, no rules."""

from http import HTTPStatus

from aiohttp import web

from handling.guard import agreeing, models, words
from handling.guard.agreeing import At
from handling.guard.common import GUARD, Respond, hand_of, shown, who_asks
from handling.guard.equipping_pages import ask
from handling.guard.service import today
from handling.store.members import MemberList
from tipline.base.web import Handler, render, see_other

_ONE = "/agreements/{id:[a-z0-9-]{1,64}}/{version:[1-9][0-9]{0,8}}"


def routes() -> list[web.RouteDef]:
    """The list, and one version."""
    return [
        web.get("/agreements", _shown(listing)),
        web.get(_ONE, _shown(look)),
        web.post(_ONE + "/sign", _shown(sign)),
    ]


async def listing(request: web.Request) -> web.Response:
    """Show every version that the unit has not signed."""
    return await _listed(request)


async def look(request: web.Request) -> web.Response:
    """Show one version, all of it."""
    return await _at(request)


async def sign(request: web.Request) -> web.Response:
    """Sign it for the unit, as one of two."""
    id_, version = _named(request)
    await agreeing.sign(request.app[GUARD], id_, version, await hand_of(request), today())
    return see_other(f"/agreements/{id_}/{version}")


def _shown(handler: Respond) -> Handler:
    return shown(handler, _again)


async def _again(request: web.Request, error: Exception, status: HTTPStatus) -> web.Response:
    if "id" in request.match_info:
        return await _at(request, error, status)
    return await _listed(request, error, status)


async def _listed(
    request: web.Request, error: Exception | None = None, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    rows = tuple(
        models.AgreementRow(f"/agreements/{one.id}/{one.version}", one.id, one.version, one.agency, one.signers)
        for one in await agreeing.waiting(request.app[GUARD])
    )
    return render(request, models.AgreementsPage(rows, models.Trouble(words.stopped(error))), status)


async def _at(request: web.Request, error: Exception | None = None, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    id_, version = _named(request)
    at = await agreeing.look(request.app[GUARD], id_, version, who=who_asks(request), today=today())
    asked = None if at.why_not else await ask(request, at.question)
    return render(request, _page(at, asked, models.Trouble(words.stopped(error))), status)


def _page(at: At, ask: models.Ask | None, trouble: models.Trouble) -> models.AgreementPage:
    agreement = at.agreement
    return models.AgreementPage(
        path=f"/agreements/{agreement.id}/{agreement.version}",
        title=agreement.title,
        id=agreement.id,
        version=agreement.version,
        agency=agreement.agency.name,
        terms=tuple((label, words.visible(value)) for label, value in at.terms.lines),
        against=at.terms.against,
        changes=tuple(words.visible(change) for change in at.terms.changes),
        signed_by=", ".join(_display(name, at.listed) for name in at.signers),
        done=at.done,
        why_not=at.why_not,
        seen=at.seen,
        ask=ask,
        trouble=trouble,
    )


def _display(name: str, listed: MemberList) -> str:
    return listed.member(name).display


def _named(request: web.Request) -> tuple[str, int]:
    return request.match_info["id"], int(request.match_info["version"])
