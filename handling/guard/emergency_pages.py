"""Emergency disclosures as pages: parse, call one thing, render. No SQL, no keys, no rules."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from handling.emergencies import Told
from handling.guard import emergency, emergency_views, models, words
from handling.guard.common import GUARD, Respond, attachment, hand_of, shown, subject_of, who_asks
from handling.guard.emergency_views import NOTHING_WRONG, Wrong
from handling.guard.refusal import NotNowError, RefusedError
from handling.guard.service import REASON_MAX, Hand
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
_SAY = "Write it down: those who read this afterwards were not there."


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
    hand = Hand(who_asks(request), typed.get("passphrase", ""))
    made = await emergency.tell(request.app[GUARD], hand, told, hidden=form.get("hidden", []), now=now())
    return see_other(f"{_ALL}/{made}")


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
    guard, subject, hand = request.app[GUARD], subject_of(request), await hand_of(request)
    await emergency.second(guard, subject, hand, now(), move=move, note=_said(form, "note"))
    return see_other(f"{_ALL}/{subject}")


async def review(request: web.Request) -> web.Response:
    """Write the review."""
    form = await _typed(request)
    guard, subject, hand = request.app[GUARD], subject_of(request), await hand_of(request)
    finding, source = _said(form, "finding"), _said(form, "source")
    await emergency.review(guard, subject, hand, now(), finding=finding, source=source)
    return see_other(f"{_ALL}/{subject}")


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
    """Show one as it stands, sealed, with what stopped the last act."""
    one, listed = await emergency.look(request.app[GUARD], subject_of(request), who_asks(request), now())
    reasons = error.refused.reasons if isinstance(error, RefusedError) else ()
    trouble = models.Trouble(problem=words.stopped(error), reasons=reasons)
    return render(request, emergency_views.sealed_page(one, listed, now(), trouble), status)
