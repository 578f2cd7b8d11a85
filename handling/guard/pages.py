"""Handlers: parse, call one thing, render. No SQL, no keys, no rules; what stops an act is shown in its own words."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from handling.data import scheme, subjects
from handling.guard import (
    admission,
    agreeing,
    agreement_pages,
    elsewhere,
    emergency,
    emergency_pages,
    emergency_views,
    equipping_pages,
    member_pages,
    member_views,
    models,
    notices,
    phrases,
    releases,
    reviews,
    service,
    store,
    views,
    words,
)
from handling.guard.common import GUARD, Respond, Signer, attachment, hand_of, reason_given, shown, subject_of, who_asks
from handling.guard.equipping_pages import ask
from handling.guard.refusal import NotNowError, RefusedError
from handling.guard.service import today
from handling.rules import emergency as emergency_rules
from handling.rules.release import Kind
from handling.signing import TYPES, Handed, SigningFileError
from handling.store.members import MemberList
from tipline.base.web import PICTURES, Handler, Page, read_form, render, see_other

__all__ = ["GUARD", "SMALL", "Signer", "routes"]

_KINDS = {path: kind for kind, path in views.PATHS.items()}
_EMPTY = {
    Kind.REVIEW: "No report waits for a review. One comes here when a handler has written it and asks a second handler to read it.",
    Kind.MANIFEST: "No release waits. One comes here when an analyst asks to share a reviewed report with an agency.",
    Kind.NOTICE: "No notice waits. One comes here when an analyst has to ask or tell an agency something, such as whether it consents.",
    Kind.PHRASE: "No phrase waits. One comes here when a handler wants to tell a source what became of a tip.",
}
_ONE_SIGNATURE = "Paste the signature, or choose its file: one of the two."
SMALL = frozenset({"file"})
_HEADINGS = {
    Kind.REVIEW: "Reviews",
    Kind.MANIFEST: "Releases",
    Kind.PHRASE: "Phrases",
    Kind.NOTICE: "Notices to agencies",
}


def routes() -> list[web.RouteDef]:
    """Every page of the guard but sign-in and sign-out."""
    one = "/{queue:reviews|releases|phrases|notices}/{subject}"
    return [
        web.get("/", _shown(home)),
        web.get(one, _shown(look)),
        web.post(one + "/open", _shown(open_)),
        web.post(one + "/save", _shown(save)),
        web.post(one + "/sign", _shown(sign)),
        web.post(one + "/refuse", _shown(refuse)),
        web.post(one + "/take", _shown(take)),
        web.post(one + "/outside", _shown(ask_outside)),
        web.post(one + "/hand-in", _shown(hand_in)),
        web.get("/elsewhere", shown(elsewhere_page, _elsewhere_again)),
        web.post("/elsewhere/key", shown(key_file, _elsewhere_again)),
        *member_pages.routes(),
        *agreement_pages.routes(),
        *emergency_pages.routes(),
        *equipping_pages.routes(),
    ]


def _shown(handler: Respond) -> Handler:
    return shown(handler, _at)


async def home(request: web.Request) -> web.Response:
    """Show the queues, and the changes of the member list that wait."""
    guard, who = request.app[GUARD], who_asks(request)
    async with guard.pool.acquire() as db:
        listed = await service.member_list(guard, db, today())
        waiting = {
            Kind.REVIEW: await store.reviews(db, who),
            Kind.MANIFEST: await store.releases(db, who),
            Kind.NOTICE: await store.notices(db, who),
            Kind.PHRASE: await store.phrases(db, who),
        }
    queues = tuple(_queue(kind, queue, who, listed) for kind, queue in waiting.items())
    _, changes = await admission.board(guard, who, today())
    rows = tuple(member_views.row(at) for at in changes if at.proposal.open)
    unsigned = len(await agreeing.waiting(guard))
    now = emergency_pages.now()
    told = (await emergency.all_(guard, who, now))[0]
    urgent = tuple(
        emergency_views.row(one, listed, now) for one in told if one.state is not emergency_rules.State.REVIEWED
    )
    return render(request, models.HomePage(queues, rows, member_views.cannot(listed), urgent, unsigned))


def _queue(kind: Kind, queue: store.Queue, who: str, listed: MemberList) -> models.Queue:
    member = listed.member(who)
    rows = (views.standing(kind, service.turn(kind, one, member, listed), listed) for one in queue.shown)
    return models.Queue(_HEADINGS[kind], _EMPTY[kind], tuple(rows), queue.waiting - len(queue.shown))


async def look(request: web.Request) -> web.Response:
    """Show where one request stands; what is sealed stays sealed."""
    return await _at(request)


async def open_(request: web.Request) -> web.Response:
    """Open a review or a release with the passphrase just typed."""
    guard, kind, subject = request.app[GUARD], _kind(request), subject_of(request)
    page: Page
    if kind is Kind.REVIEW:
        review = await reviews.open_(guard, subject, await hand_of(request), today())
        page = views.review_page(review, scheme(), subjects(), await ask(request, review.question))
    elif kind is Kind.MANIFEST:
        release = await releases.open_(guard, subject, await hand_of(request), today())
        page = views.release_page(release, scheme(), subjects(), await ask(request, release.question))
    elif kind is Kind.NOTICE:
        notice = await notices.open_(guard, subject, await hand_of(request), today())
        page = views.notice_page(notice, await ask(request, notice.question))
    else:
        raise web.HTTPNotFound  # nothing of a phrase is sealed
    request[PICTURES] = True
    return render(request, page)


async def save(request: web.Request) -> web.Response:
    """Send the copy of one attachment, opened with the passphrase just typed: a video is watched outside a browser's page."""
    guard, kind, subject, hand = request.app[GUARD], _kind(request), subject_of(request), await hand_of(request)
    copies: Mapping[str, bytes] = {}
    if kind is Kind.REVIEW:
        copies = (await reviews.open_(guard, subject, hand, today())).asked.copies
    elif kind is Kind.MANIFEST:
        copies = (await releases.open_(guard, subject, hand, today())).examined.scanned.data
    name = (await read_form(request)).get("name", "")
    if name not in copies:
        raise web.HTTPNotFound
    return attachment(name.rpartition("/")[2], copies[name])


async def sign(request: web.Request) -> web.Response:
    """Give the next signature."""
    guard, subject, hand = request.app[GUARD], subject_of(request), await hand_of(request)
    if _kind(request) is Kind.REVIEW:
        await reviews.sign(guard, subject, hand, today())
    elif _kind(request) is Kind.MANIFEST:
        await releases.sign(guard, subject, hand, today())
    elif _kind(request) is Kind.NOTICE:
        await notices.sign(guard, subject, hand, today())
    else:
        await phrases.sign(guard, subject, hand, today())
    return see_other(_path(request))


async def refuse(request: web.Request) -> web.Response:
    """Refuse for good, with a reason."""
    reason, problem = await reason_given(request)
    if problem:
        return await _at(request, status=HTTPStatus.BAD_REQUEST, typed=reason, reason_problem=problem)
    kind, subject = _kind(request), subject_of(request)
    await service.refuse(request.app[GUARD], kind, subject, who=who_asks(request), reason=reason, today=today())
    return see_other(_path(request))


async def take(request: web.Request) -> web.Response:
    """Send the request to sign, sealed to the person who asks for it."""
    kind, subject, hand = _away(request), subject_of(request), await hand_of(request)
    sealed = await elsewhere.take(request.app[GUARD], kind, subject, hand, today())
    return attachment(f"to-sign-{str(subject)[:8]}.age", sealed)


async def ask_outside(request: web.Request) -> web.Response:
    """Ask somebody of another unit to stand in: send the request to sign, sealed to them."""
    stand = (await read_form(request)).get("name", "")
    kind, subject, hand = _away(request), subject_of(request), await hand_of(request)
    sealed = await elsewhere.take(request.app[GUARD], kind, subject, hand, today(), stand=stand)
    return attachment(f"to-sign-{str(subject)[:8]}-{stand}.age", sealed)


async def hand_in(request: web.Request) -> web.Response:
    """Take a signature that was made elsewhere, pasted or as a file."""
    form = await read_form(request)
    given = [text for text in (form.get("text", ""), form.get("file", "")) if text.strip()]
    if len(given) != 1:
        raise NotNowError(_ONE_SIGNATURE)
    try:
        handed = Handed.read(given[0])
    except SigningFileError as error:
        raise NotNowError(f"Not taken: {error}.") from None
    kind, subject, hand = _away(request), subject_of(request), await hand_of(request)
    await elsewhere.hand_in(request.app[GUARD], kind, subject, hand, today(), handed=handed)
    return see_other(_path(request))


async def elsewhere_page(request: web.Request) -> web.Response:
    """Say how to sign on one's own machine."""
    return await _elsewhere_again(request)


async def key_file(request: web.Request) -> web.Response:
    """Send the person's own keys under the passphrase they typed."""
    sealed = await elsewhere.key_file(request.app[GUARD], await hand_of(request), today())
    return attachment(f"{who_asks(request)}.key.age", sealed)


async def _elsewhere_again(
    request: web.Request, error: Exception | None = None, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    return render(request, models.ElsewherePage(models.Trouble(problem=words.stopped(error))), status)


async def _at(
    request: web.Request,
    error: Exception | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    typed: str = "",
    reason_problem: str = "",
) -> web.Response:
    """Show one request as it stands now, with what stopped the last act."""
    guard, kind, subject, who = request.app[GUARD], _kind(request), subject_of(request), who_asks(request)
    reasons = error.refused.reasons if isinstance(error, RefusedError) else ()
    trouble = models.Trouble(
        problem=words.stopped(error),
        reasons=reasons,
        typed=typed or " ".join(reasons),  # what the guard found is the first draft of why a person refuses
        reason_problem=reason_problem,
    )
    page: Page
    async with guard.pool.acquire() as db:
        asked = await store.outside(db, subject, kind)
    if kind is Kind.PHRASE:
        phrase = await phrases.look(guard, subject, who, today())
        page = views.phrase_page(
            phrase, asked, trouble, await ask(request, phrase.question if phrase.turn.may_sign else None), who=who
        )
    else:
        turn, listed = await service.look(guard, kind, subject, who, today())
        signed, away = who in turn.request.signers, views.elsewhere(kind, turn, asked, listed, who=who)
        page = models.LockedPage(views.standing(kind, turn, listed), signed, away, trouble)
    return render(request, page, status)


def _kind(request: web.Request) -> Kind:
    return _KINDS[request.match_info["queue"]]


def _away(request: web.Request) -> Kind:
    """What may be signed away from here: no notice."""
    kind = _kind(request)
    if kind not in TYPES:
        raise web.HTTPNotFound
    return kind


def _path(request: web.Request) -> str:
    return f"/{request.match_info['queue']}/{subject_of(request)}"
