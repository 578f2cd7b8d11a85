"""Emergency disclosures as pages: parse, call one thing, render. No SQL, no keys, no rules."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID, uuid4

from aiohttp import web

from handling.emergencies import REVIEW, SECOND, Told
from handling.guard import emergency, emergency_views, models, words
from handling.guard.common import GUARD, Respond, attachment, hand_of, shown, subject_of, who_asks
from handling.guard.emergency_views import NOTHING_WRONG, Wrong
from handling.guard.equipping_pages import ask
from handling.guard.refusal import NotNowError, RefusedError
from handling.guard.service import REASON_MAX
from handling.rules.emergency import Move, Threat, Warned
from tipline.base.web import Handler, read_form_lists, render, see_other

_ALL = "/emergencies"
_ONE = _ALL + "/{subject}"
_FIELDS = {
    "tip": "Name the tip, so that it is found again.",
    "to": "Say to whom: name, office, and how you knew that it was them.",
    "words": "Write down the words that were told.",
    "authority": "Say on which authority: the law, the rule or the person.",
    "why": "Say what would have happened by waiting.",
    "warned_how": "Say how and when the source is told, or why not.",
}
_AT = "at"  # the moment that is signed, on the page that asks an authenticator
_ANEW = frozenset({"csrf", "passphrase", "assertion", "id", _AT})  # what that page never carries on as it came
_SAY = "Write it down: those who read this afterwards were not there."


_SIGNED: Mapping[str, AbstractSet[str]] = {SECOND: {"verdict", "note"}, REVIEW: {"finding", "source"}}


def routes() -> list[web.RouteDef]:
    """The list with its form, and one disclosure."""
    return [
        web.get(_ALL, shown(listing, _list)),
        web.post(_ALL, shown(tell, _list)),
        web.get(_ONE, _shown(look)),
        web.post(_ONE + "/open", _shown(open_)),
        web.post(_ONE + "/second", _shown(second)),
        web.post(_ONE + "/review", _shown(review)),
        web.post(_ONE + "/oversight", _shown(give)),
    ]


def now() -> datetime:
    """Return this moment: the one place where these pages read the clock."""
    return datetime.now(UTC)


def _shown(handler: Respond) -> Handler:
    return shown(handler, _at)


async def listing(request: web.Request) -> web.Response:
    """Show every disclosure, and the form for a new one."""
    return await _list(request)


async def tell(request: web.Request) -> web.Response:
    """Record what one handler has told."""
    form = await read_form_lists(request)
    typed = {name: values[-1].strip() for name, values in form.items()}
    told, faults = _told(typed)
    if told is None:
        wrong = Wrong(typed, form.get("hidden", []), faults)
        return await _list(request, wrong=wrong, status=HTTPStatus.BAD_REQUEST)
    guard, who, hidden = request.app[GUARD], who_asks(request), form.get("hidden", [])
    if _AT not in typed:
        made, at = uuid4(), now()
        asked = await emergency.ask_to_tell(guard, who, told, hidden=hidden, emergency=made, now=at)
        if asked is not None:
            page = emergency_views.to_tell(told, _carried(form, id=str(made), at=at), await ask(request, asked))
            return render(request, page)
        typed = {**typed, "id": str(made), _AT: at.isoformat()}
    hand, at = await hand_of(request), emergency.moment(typed[_AT], now())
    made = await emergency.tell(guard, hand, told, hidden=hidden, now=at, emergency=_id(typed.get("id", "")))
    return see_other(f"{_ALL}/{made}")


def _carried(form: Mapping[str, list[str]], *, at: datetime, **more: str) -> tuple[tuple[str, str], ...]:
    """What the page on which it is signed carries on: every field as typed, and the moment that is signed."""
    typed = [(name, value) for name, values in form.items() if name not in _ANEW for value in values]
    return (*typed, *more.items(), (_AT, at.isoformat()))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise web.HTTPBadRequest from None


def _told(typed: Mapping[str, str]) -> tuple[Told | None, dict[str, str]]:
    texts = {name: typed.get(name, "").replace("\r\n", "\n") for name in _FIELDS}
    faults = {name: fault for name, fault in _FIELDS.items() if not texts[name]}
    for name, limit in Told.LIMITS.items():
        if len(texts[name]) > limit:
            faults[name] = f"Keep this under {limit:,} characters."
    try:
        threat, warned = Threat(typed.get("threat", "")), Warned(typed.get("warned", ""))
    except ValueError:
        return None, {**faults, "threat": "Choose why it could not wait, and whether the source was told."}
    return (None if faults else Told(**texts, threat=threat, warned=warned)), faults


async def look(request: web.Request) -> web.Response:
    """Show where one stands; its content stays sealed."""
    return await _at(request)


async def open_(request: web.Request) -> web.Response:
    """Open one with the passphrase just typed."""
    view = await emergency.open_(request.app[GUARD], subject_of(request), await hand_of(request), now())
    return render(request, emergency_views.open_page(view, who_asks(request), now(), models.NO_TROUBLE))


async def second(request: web.Request) -> web.Response:
    """Agree or object."""
    form = await _typed(request)
    move = {"confirm": Move.CONFIRM, "object": Move.OBJECT}.get(form.get("verdict", ""))
    if move is None:
        raise NotNowError("Say whether you agree or object.")
    note = _said(form, "note")
    page = await _to_confirm(request, SECOND, {"verdict": move.value, "note": note})
    if page is not None:
        return render(request, page)
    guard, subject, hand = request.app[GUARD], subject_of(request), await hand_of(request)
    await emergency.second(guard, subject, hand, _moment(form), move=move, note=note)
    return see_other(f"{_ALL}/{subject}")


async def review(request: web.Request) -> web.Response:
    """Write the review."""
    form = await _typed(request)
    said = {"finding": _said(form, "finding"), "source": _said(form, "source")}
    page = await _to_confirm(request, REVIEW, said)
    if page is not None:
        return render(request, page)
    guard, subject, hand = request.app[GUARD], subject_of(request), await hand_of(request)
    await emergency.review(guard, subject, hand, _moment(form), **said)
    return see_other(f"{_ALL}/{subject}")


async def _to_confirm(
    request: web.Request, type_: str, said: Mapping[str, str], *, again: models.Trouble | None = None
) -> models.ConfirmPage | None:
    """The page on which it is signed with an authenticator; None where none is asked, or it comes from that page."""
    form = await read_form_lists(request)
    if _AT in form and again is None:
        return None
    guard, subject, who, at = request.app[GUARD], subject_of(request), who_asks(request), now()
    seen = (await _typed(request)).get("seen", "")
    asked = await emergency.ask_to_follow(guard, subject, who, seen, at, type_=type_, said=said)
    if asked is None:
        return None
    fields = _carried({name: values for name, values in form.items() if name != _AT}, at=at)
    trouble = again or models.NO_TROUBLE
    return emergency_views.to_follow(subject, type_, said, fields, ask=await ask(request, asked), trouble=trouble)


def _moment(form: Mapping[str, str]) -> datetime:
    """The moment that is signed: the one to which an authenticator answered, else this one."""
    return emergency.moment(form[_AT], now()) if _AT in form else now()


async def give(request: web.Request) -> web.Response:
    """Send the file for oversight outside."""
    subject = subject_of(request)
    sealed = await emergency.give(request.app[GUARD], subject, await hand_of(request), now())
    return attachment(f"emergency-{str(subject)[:8]}.age", sealed)


async def _typed(request: web.Request) -> dict[str, str]:
    return {name: values[-1].strip() for name, values in (await read_form_lists(request)).items()}


def _said(form: Mapping[str, str], name: str) -> str:
    text = form.get(name, "")
    if not text or len(text) > REASON_MAX:
        raise NotNowError(_SAY if not text else f"Keep it under {REASON_MAX:,} characters.")
    return text


async def _list(
    request: web.Request,
    error: Exception | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    wrong: Wrong = NOTHING_WRONG,
) -> web.Response:
    who = who_asks(request)
    if error is not None:
        hidden = (await read_form_lists(request)).get("hidden", [])
        wrong = Wrong(await _typed(request), hidden, {})  # nobody writes it twice, and no tick is lost
    rows, listed = await emergency.all_(request.app[GUARD], who, now())
    trouble = models.Trouble(problem=words.stopped(error))
    return render(request, emergency_views.listing(rows, listed, who, now(), wrong=wrong, trouble=trouble), status)


async def _at(request: web.Request, error: Exception | None = None, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """Show one as it stands, sealed, with what stopped the last act; what was to be signed is shown to be signed again."""
    one, listed = await emergency.look(request.app[GUARD], subject_of(request), who_asks(request), now())
    reasons = error.refused.reasons if isinstance(error, RefusedError) else ()
    trouble = models.Trouble(problem=words.stopped(error), reasons=reasons)
    form = await _typed(request) if error is not None else {}
    for type_, fields in _SIGNED.items():
        if _AT in form and fields <= form.keys():
            page = await _to_confirm(request, type_, {name: form[name] for name in fields}, again=trouble)
            if page is not None:
                return render(request, page, status)
    return render(request, emergency_views.sealed_page(one, listed, now(), trouble), status)
