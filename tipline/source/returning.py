"""Lets a source come back: codename in, session out, then status, replies and answers. No database, nothing clear on disk."""

import asyncio
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from aiohttp import web

from crypto.codename import Codename, SourceKeys, keys, submission_mac
from crypto.errors import CodenameError, OpenError
from tipline import replies
from tipline.base.database import StoreError
from tipline.base.web import read_form, render, see_other
from tipline.envelope import IntakeKeyError, answer_message
from tipline.limits import DETAIL_MAX, MESSAGE_MAX
from tipline.replies import Replies
from tipline.source import form, news, visit
from tipline.source.channel import Keep
from tipline.source.context import ABOUT, KEEP, UNITS, new_form_token
from tipline.source.pages import AgainPage, ReturnPage, ThreadPage
from tipline.source.store import Mailbox
from tipline.source.submit import FullError, GoneError, OtherUnitError
from tipline.source.visit import Visit
from tipline.text import Text

_NAMED_WORDS: Final = 6
_TYPED_MAX: Final = 400  # letters given back to be mended; twelve words of the list have at most 119
_CODENAME_MAX: Final = 1_000  # letters that are read as a codename, numbering and blanks included
_CODENAME_FORM: Final = 1 << 16  # bytes of the form around it
_PAGE_DIGITS: Final = 3
_NOT_HERE: Final = Text("There are no reports under this codename.")
_WRONG: Final = Text("One of these words is wrong, or a word is missing. Check them against what you wrote down.")
_WRONG_DIGITS: Final = Text(
    "One of these digits is wrong, or some are missing: there are forty. Check them against what you wrote down."
)
_TOO_LONG: Final = Text(
    "This is longer than any codename. Type the twelve words or the forty digits, and nothing else."
)
_TWO_LANGUAGES: Final = Text(
    "These words are a codename in two languages, and it cannot be told which is yours. Send a new report."
)
_EMPTY_ANSWER: Final = Text("Write your answer first.")
_LONG_ANSWER: Final = Text("This is too long to send in one piece. Shorten it, or send it in two answers.")
_LONG_NAMES: Final = Text("This is too long to send in one piece. Names alone are enough here.")
_NO_KEY: Final = Text(
    "There is no valid key to seal it with just now, so nothing was taken or stored. "
    "Your text is still here: copy it, and try again later."
)
_FULL: Final = Text(
    "So much has come in that nothing more is taken just now. Nothing of this was stored: try again in some hours."
)
_OLD_PAGE: Final = Text("This page was too old to send from. Your text is still here: send it again.")


@dataclass(frozen=True, slots=True)
class _Written:
    """An answer as it was typed, and who must not learn of it."""

    text: str
    asked: str

    @classmethod
    def of(cls, fields: dict[str, str]) -> "_Written":
        return cls(*(fields.get(name, "").replace("\r\n", "\n") for name in ("answer", "must_not_learn")))

    def kept(self) -> str:
        return f"{self.text}\n\nWho must not learn of this: {self.asked}" if self.asked.strip() else self.text


_NOTHING: Final = _Written("", "")


async def show_return(request: web.Request) -> web.Response:
    """Where a codename is typed."""
    about = request.app[ABOUT]
    if "unknown" in request.query:
        return render(request, ReturnPage(about, problem=_NOT_HERE), HTTPStatus.NOT_FOUND)
    return render(request, ReturnPage(about, ended="ended" in request.query))


async def sign_in(request: web.Request) -> web.Response:
    """Open a session for a codename that has a mailbox.

    A codename that has none costs the same work, question and answer: only where the browser is sent next differs.
    """
    typed = (await read_form(request, limit=_CODENAME_FORM)).get("codename", "")
    if len(typed) > _CODENAME_MAX:
        return _mistyped(request, typed, _TOO_LONG)
    try:
        codename = Codename.parse(typed)
    except CodenameError as error:
        return _mistyped(request, typed, _codename_problem(error))
    source = keys(codename)
    cookie, known = await visit.begin(request, codename, source.mailbox)
    return visit.carry(see_other("thread" if known else "return?unknown"), cookie)


def _mistyped(request: web.Request, typed: str, problem: str) -> web.Response:
    """Give what was typed back to be mended."""
    page = ReturnPage(request.app[ABOUT], problem=problem, typed=typed[:_TYPED_MAX])
    return render(request, page, HTTPStatus.BAD_REQUEST)


async def show_thread(request: web.Request) -> web.Response:
    """Status, replies and room for an answer."""
    opened = await visit.of(request)
    if opened is None:
        return see_other("return?ended")
    return await _thread(request, opened, sent="sent" in request.query)


async def send_answer(request: web.Request) -> web.Response:
    """Seal an answer as the thread's next message; give it back, to be sent again, when the store does not answer."""
    fields = await read_form(request)
    written = _Written.of(fields)
    try:
        return await _take_answer(request, fields, written)
    except StoreError:
        page = AgainPage("answer", tuple(fields.items()), written.kept())
        return render(request, page, HTTPStatus.SERVICE_UNAVAILABLE)


async def _take_answer(request: web.Request, fields: dict[str, str], written: _Written) -> web.Response:
    opened = await visit.of(request)
    if opened is None:
        return _given_back(request, written)
    problem = _answer_problem(opened, fields, written.text)
    too_long = _LONG_NAMES if len(written.asked.encode()) > DETAIL_MAX else ""
    if problem or too_long:
        return await _thread(request, opened, written=written, problem=problem, asked_problem=too_long)
    mac = submission_mac(form.parse_token(fields.get("token", "")))
    mac.field("answer", written.text.encode())
    mac.field("must_not_learn", written.asked.encode())
    try:
        await visit.send(request, opened, mac, answer_message(written.text, written.asked))
    except (OpenError, OtherUnitError) as error:  # exchanged: no answer could follow, or it would go to somebody else
        why = replies.LOST if isinstance(error, OpenError) else replies.OTHER_UNIT
        return await _thread(request, opened, written=written, problem=why)
    except (IntakeKeyError, FullError) as error:
        why = _FULL if isinstance(error, FullError) else _NO_KEY
        return await _unavailable(request, opened, written, why)
    except GoneError:
        return _given_back(request, written)
    return see_other("thread?sent")


def _given_back(request: web.Request, written: _Written) -> web.Response:
    """Say that nobody is signed in, and give the answer back."""
    return render(request, ReturnPage(request.app[ABOUT], ended=True, kept=written.kept()), HTTPStatus.FORBIDDEN)


async def _unavailable(request: web.Request, opened: Visit, written: _Written, why: str) -> web.Response:
    """Say that an answer cannot be taken now, and give it back."""
    response = await _thread(request, opened, written=written, problem=why)
    if response.status == HTTPStatus.BAD_REQUEST:
        response.set_status(HTTPStatus.SERVICE_UNAVAILABLE)
    return response


async def _thread(
    request: web.Request,
    opened: Visit,
    *,
    sent: bool = False,
    written: _Written = _NOTHING,
    problem: str = "",
    asked_problem: str = "",
) -> web.Response:
    mailbox = await request.app[KEEP].mailbox(opened.keys.mailbox)
    if mailbox is None:
        return see_other("return?ended")
    unit = request.app[UNITS].get(mailbox.unit)
    shown = await _read(request.app[KEEP], mailbox, opened.keys)
    pages = news.pages(shown.shown)
    page = ThreadPage(
        about=request.app[ABOUT],
        receiver=unit.name if unit else mailbox.unit,
        token=new_form_token(),
        waiting=mailbox.waiting > 0,
        replies=shown,
        news=pages,
        at=min(_asked_page(request), max(0, len(pages) - 1)),
        sent=sent,
        answer=written.text,
        problem=problem,
        asked=written.asked,
        asked_problem=asked_problem,
    )
    return render(request, page, HTTPStatus.BAD_REQUEST if problem or asked_problem else HTTPStatus.OK)


async def _read(keep: Keep, mailbox: Mailbox, source: SourceKeys) -> Replies:
    """Read the mailbox, and remember under the source's own key which reply was the newest that this page showed."""
    place = await asyncio.to_thread(replies.remembered, mailbox.thread_state, source)
    shown = await asyncio.to_thread(replies.read, mailbox.bundle, source, place)
    if place is not None and place.unit != mailbox.unit:
        return replace(shown, troubles=(replies.OTHER_UNIT, *shown.troubles))
    if shown.place is not None and shown.place != place:
        now = shown.place.seal(source.state, mailbox=source.mailbox)
        await keep.advance(source.mailbox, was=mailbox.thread_state, now=now)  # an answer sent meanwhile goes before
    return shown


def _asked_page(request: web.Request) -> int:
    """Return which page of older replies is asked for; 0 is the newest."""
    asked = request.query.get("older", "")
    return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) <= _PAGE_DIGITS else 0


def _answer_problem(opened: Visit, fields: dict[str, str], text: str) -> str:
    if not opened.wrote(fields.get("csrf", "")):
        return _OLD_PAGE
    if not text.strip() and not fields.get("must_not_learn", "").strip():
        return _EMPTY_ANSWER
    return _LONG_ANSWER if len(text.encode()) > MESSAGE_MAX else ""


def _codename_problem(error: CodenameError) -> str:
    if error.ambiguous:
        return _TWO_LANGUAGES
    if not error.unknown:
        return _WRONG_DIGITS if error.digits else _WRONG
    words = ", ".join(f"“{word}”" for word in error.unknown[:_NAMED_WORDS])
    return Text("Not a word of any codename: %(words)s. Check the spelling.", words=words)


ROUTES: Final = (
    web.get("/return", show_return),
    web.post("/return", sign_in),
    web.get("/thread", show_thread),
    web.post("/answer", send_answer),
)
