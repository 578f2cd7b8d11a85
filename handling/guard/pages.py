"""Handlers: parse, call one thing, render. No SQL, no keys, no rules; what stops an act is shown in its own words."""

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from uuid import UUID

from aiohttp import web

from handling.data import scheme, subjects
from handling.guard import models, phrases, releases, reviews, service, store, views
from handling.guard.refusal import GuardError, NoSuchRequestError, RefusedError
from handling.guard.service import REASON_MAX, Guard, Hand, today
from handling.rules.release import Kind
from handling.store.members import MemberList, MemberListError, NotAMemberError
from tipline.base.staff import BusyError, SignInError, session, signed_in
from tipline.base.web import ErrorPage, Handler, Page, read_form, render, see_other

GUARD = web.AppKey("guard", Guard)

_KINDS = {path: kind for kind, path in views.PATHS.items()}
_EMPTY = {
    Kind.REVIEW: "No report waits for a review. One comes here when a handler has written it and asks a second handler to read it.",
    Kind.MANIFEST: "No release waits. One comes here when an analyst asks to share a reviewed report with an agency.",
    Kind.PHRASE: "No phrase waits. One comes here when a handler wants to tell a source what became of a tip.",
}
_HEADINGS = {Kind.REVIEW: "Reviews", Kind.MANIFEST: "Releases", Kind.PHRASE: "Phrases"}
_NO_REASON = "Say why you refuse: those who asked will read it."
_LONG_REASON = f"Keep the reason under {REASON_MAX:,} characters."


class Signer:
    """What a session of the guard holds beside the name: nothing. No key and no passphrase has a place in it."""

    __slots__ = ()


def routes() -> list[web.RouteDef]:
    """Every page of the guard but sign-in and sign-out."""
    one = "/{queue:reviews|releases|phrases}/{subject}"
    return [
        web.get("/", _shown(home)),
        web.get(one, _shown(look)),
        web.post(one + "/open", _shown(open_)),
        web.post(one + "/sign", _shown(sign)),
        web.post(one + "/refuse", _shown(refuse)),
    ]


def _shown(handler: Callable[[web.Request], Awaitable[web.Response]]) -> Handler:
    """Close *handler* to strangers, and show what stops it on the page it was on."""

    @signed_in
    @wraps(handler)
    async def shown(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except NoSuchRequestError:
            raise web.HTTPNotFound from None
        except (MemberListError, NotAMemberError) as error:
            page = ErrorPage("The guard is closed", f"Nothing can be shown or signed: {error}.")
            return render(request, page, HTTPStatus.SERVICE_UNAVAILABLE)
        except SignInError as error:
            return await _at(request, error, HTTPStatus.FORBIDDEN)
        except BusyError as error:
            return await _at(request, error, HTTPStatus.SERVICE_UNAVAILABLE)
        except GuardError as error:
            return await _at(request, error, HTTPStatus.CONFLICT)

    return shown


async def home(request: web.Request) -> web.Response:
    """Show the three queues."""
    guard, who = request.app[GUARD], _who(request)
    async with guard.pool.acquire() as db:
        listed = await service.member_list(guard, db, today())
        waiting = {
            Kind.REVIEW: await store.reviews(db, who),
            Kind.MANIFEST: await store.releases(db, who),
            Kind.PHRASE: await store.phrases(db, who),
        }
    queues = tuple(_queue(kind, queue, who, listed) for kind, queue in waiting.items())
    return render(request, models.HomePage(queues))


def _queue(kind: Kind, queue: store.Queue, who: str, listed: MemberList) -> models.Queue:
    member = listed.member(who)
    rows = (views.standing(kind, service.turn(kind, one, member, listed), listed) for one in queue.shown)
    return models.Queue(_HEADINGS[kind], _EMPTY[kind], tuple(rows), queue.waiting - len(queue.shown))


async def look(request: web.Request) -> web.Response:
    """Show where one request stands; what is sealed stays sealed."""
    return await _at(request)


async def open_(request: web.Request) -> web.Response:
    """Open a review or a release with the passphrase just typed."""
    guard, kind, subject = request.app[GUARD], _kind(request), _subject(request)
    page: Page
    if kind is Kind.REVIEW:
        page = views.review_page(
            await reviews.open_(guard, subject, await _hand(request), today()), scheme(), subjects()
        )
    elif kind is Kind.MANIFEST:
        page = views.release_page(
            await releases.open_(guard, subject, await _hand(request), today()), scheme(), subjects()
        )
    else:
        raise web.HTTPNotFound  # nothing of a phrase is sealed
    return render(request, page)


async def sign(request: web.Request) -> web.Response:
    """Give the next signature."""
    guard, subject, hand = request.app[GUARD], _subject(request), await _hand(request)
    if _kind(request) is Kind.REVIEW:
        await reviews.sign(guard, subject, hand, today())
    elif _kind(request) is Kind.MANIFEST:
        await releases.sign(guard, subject, hand, today())
    else:
        await phrases.sign(guard, subject, hand, today())
    return see_other(_path(request))


async def refuse(request: web.Request) -> web.Response:
    """Refuse for good, with a reason."""
    reason = (await read_form(request)).get("reason", "").strip()
    problem = "" if reason else _NO_REASON
    if len(reason) > REASON_MAX:
        problem = _LONG_REASON
    if problem:
        return await _at(request, status=HTTPStatus.BAD_REQUEST, typed=reason, reason_problem=problem)
    kind, subject = _kind(request), _subject(request)
    await service.refuse(request.app[GUARD], kind, subject, who=_who(request), reason=reason, today=today())
    return see_other(_path(request))


async def _at(
    request: web.Request,
    error: Exception | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    typed: str = "",
    reason_problem: str = "",
) -> web.Response:
    """Show one request as it stands now, with what stopped the last act."""
    guard, kind, subject, who = request.app[GUARD], _kind(request), _subject(request), _who(request)
    reasons = error.refused.reasons if isinstance(error, RefusedError) else ()
    trouble = models.Trouble(
        problem=str(error) if error else "",
        reasons=reasons,
        typed=typed or " ".join(reasons),  # what the guard found is the first draft of why a person refuses
        reason_problem=reason_problem,
    )
    page: Page
    if kind is Kind.PHRASE:
        page = views.phrase_page(await phrases.look(guard, subject, who, today()), trouble)
    else:
        turn, listed = await service.look(guard, kind, subject, who, today())
        page = models.LockedPage(views.standing(kind, turn, listed), trouble)
    return render(request, page, status)


async def _hand(request: web.Request) -> Hand:
    form = await read_form(request)
    return Hand(_who(request), form.get("passphrase", ""), form.get("seen", ""))


def _kind(request: web.Request) -> Kind:
    return _KINDS[request.match_info["queue"]]


def _subject(request: web.Request) -> UUID:
    """Id in the address; anything that is not written as one is not there."""
    text = request.match_info["subject"]
    try:
        subject = UUID(text)
    except ValueError:
        raise web.HTTPNotFound from None
    if str(subject) != text:
        raise web.HTTPNotFound
    return subject


def _path(request: web.Request) -> str:
    return f"/{request.match_info['queue']}/{_subject(request)}"


def _who(request: web.Request) -> str:
    return session(request, Signer).name
