"""Pages of tips: the list, one tip with its dialogue, its files and its moves, and what could not be opened."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from handling.corridor import opening, parts, reading, seen, threads, tips, words
from handling.corridor.errors import CorridorError, NotThereError
from handling.corridor.pages import answers, pgp, views
from handling.corridor.pages.common import (
    NO_PROBLEM,
    Problem,
    corridor,
    current,
    handler,
    now,
    record_id,
    refresh,
)
from handling.corridor.pages.sealing import Sealing
from handling.corridor.schedule import next_bundle
from handling.corridor.store import envelopes, files, keys
from handling.corridor.store.files import FileState
from handling.corridor.store.tips import Place
from handling.rules import phrases, triage
from handling.rules.triage import State
from tipline.base.staff import signed_in
from tipline.base.web import read_form, render, see_other

AT_WORK = (State.RECEIVED, State.OPEN, State.PARKED, State.WORKED)
FILTERS: Mapping[str, tuple[str, tuple[State, ...]]] = {
    "": ("At work", AT_WORK),
    **{state.value: (views.STATE[state], (state,)) for state in State},
    "all": ("All", tuple(State)),
}
_NOT_OPENED_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TipsPage:
    """The list; filters and place stand in the address."""

    template: ClassVar[str] = "corridor/tips.html"
    at: ClassVar[str] = "tips"
    rows: tuple[views.Row, ...]
    filters: tuple[views.Filter, ...]
    urgent: views.Filter
    next_page: str
    not_opened: int
    first_reading: int
    reading_hours: str


@dataclass(frozen=True, slots=True)
class TipPage:
    """One tip."""

    template: ClassVar[str] = "corridor/tip.html"
    at: ClassVar[str] = "tips"
    tip: views.Head
    readers: str
    undecided: bool
    messages: tuple[views.Message, ...]
    sealing: Sealing
    sealed: Mapping[UUID, pgp.Part]
    answers: Mapping[UUID, answers.Answers]
    said: UUID | None  # the message that is the tip, where it came sealed with PGP
    status_phrases: tuple[phrases.Phrase, ...]
    visible_from: str
    limit: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class NotOpenedPage:
    """Envelopes that could not be opened, and parts that wait for the message that describes them."""

    template: ClassVar[str] = "corridor/not_opened.html"
    at: ClassVar[str] = "not-opened"
    rows: tuple[views.NotOpened, ...]


@signed_in
async def home(request: web.Request) -> web.Response:
    """Show the list, with everything that was collected until now."""
    person = await refresh(request)
    state, urgent_only = request.query.get("state", ""), request.query.get("urgent") == "1"
    if state not in FILTERS:
        raise web.HTTPNotFound
    async with corridor(request).pool.acquire() as db:
        listing = await tips.listing(
            db,
            person.vault,
            states=FILTERS[state][1],
            urgent_only=urgent_only,
            after=_place(request.query.get("after")),
        )
        hidden = await seen.hidden(person.vault)
        not_opened = await envelopes.not_opened(db, limit=_NOT_OPENED_SHOWN, hidden=hidden)
        waiting = await reading.waiting(db, person)
    today, undecided = now().date(), {tip.row.id for tip in waiting}
    page = TipsPage(
        rows=tuple(views.row(tip, today, person.members, undecided=tip.row.id in undecided) for tip in listing.tips),
        filters=tuple(
            views.Filter(label, _address(name, urgent_only=urgent_only), current=name == state)
            for name, (label, _) in FILTERS.items()
        ),
        urgent=views.Filter(
            "Urgent only" if not urgent_only else "Urgent and not urgent",
            _address(state, urgent_only=not urgent_only),
            current=urgent_only,
        ),
        next_page="" if listing.after is None else _address(state, urgent_only=urgent_only, after=listing.after),
        not_opened=len(not_opened),
        first_reading=len(waiting),
        reading_hours=corridor(request).reading_hours,
    )
    return render(request, page)


@signed_in
async def tip(request: web.Request) -> web.Response:
    """Show one tip."""
    return await _tip(request, NO_PROBLEM)


@signed_in
async def reply(request: web.Request) -> web.Response:
    """Seal a reply to the source."""
    form = await read_form(request)
    text = form.get("text", "")
    try:
        await _send(request, "reply", threads.check_reply(text))
    except (CorridorError, threads.ReplyError) as error:
        return await _tip(request, Problem("reply", str(error), {"text": text}))
    return see_other(f"/tips/{record_id(request)}#dialogue")


@signed_in
async def status(request: web.Request) -> web.Response:
    """Send the source one of the status phrases, which need no second reader."""
    code = (await read_form(request)).get("phrase", "")
    if code not in {phrase.code for phrase in _status_phrases()}:
        return await _tip(request, Problem("status", "Choose one of the sentences."))
    await _send(request, "phrase", code)
    return see_other(f"/tips/{record_id(request)}#dialogue")


@signed_in
async def move(request: web.Request) -> web.Response:
    """Move a tip on."""
    form = await read_form(request)
    try:
        act = triage.Move(form.get("move", ""))
    except ValueError:
        return await _tip(request, Problem("move", "Choose what to do with the tip.", form))
    person = await current(request)
    try:
        await tips.move(
            corridor(request).pool, person, record_id(request), act, reason=form.get("reason", ""), now=now()
        )
    except NotThereError:
        raise
    except CorridorError as error:
        return await _tip(request, Problem("move", str(error), form))
    return see_other(f"/tips/{record_id(request)}")


@signed_in
async def open_pgp(request: web.Request) -> web.Response:
    """Open what one message holds that was sealed with PGP; whom it names is taken off the tip before anything is shown."""
    person, shared, tip = await current(request), corridor(request), record_id(request)
    try:
        message = UUID((await read_form(request)).get("message", ""))
    except ValueError:
        raise web.HTTPNotFound from None
    try:
        async with shared.opening:
            opener = opening.Opener(shared.pool, shared.blobs, shared.keyring, person)
            stays = await opener.open(tip, message, now().date())
    except NotThereError:
        raise
    except CorridorError as error:
        return await _tip(request, Problem(f"pgp-{message}", str(error)))
    return see_other(f"/tips/{tip}#pgp-{message}" if stays else "/")


@signed_in
async def file(request: web.Request) -> web.StreamResponse:
    """Hand out a file as it was sent, as bytes to save and nothing that a browser would show."""
    person, shared = handler(request), corridor(request)
    async with shared.pool.acquire() as db:
        found = await files.get(db, record_id(request), await seen.hidden(person.vault))
    if found is None or found.state is not FileState.WHOLE:
        raise web.HTTPNotFound
    key = await asyncio.to_thread(person.vault.record, found.thread)
    described = parts.sidecar(key, found)
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": views.attachment(described.name),
            "Content-Length": str(described.size),
        }
    )
    await response.prepare(request)
    chunks = parts.read(shared.blobs.files, key, described)
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        if chunk:
            await response.write(chunk)
    await response.write_eof()
    return response


@signed_in
async def not_opened(request: web.Request) -> web.Response:
    """Show what was collected and could not be opened, after everything that could be was."""
    person = await refresh(request)
    async with corridor(request).pool.acquire() as db:
        hidden = await seen.hidden(person.vault)
        found = await envelopes.not_opened(db, limit=_NOT_OPENED_SHOWN, hidden=hidden)
        gone = await keys.destroyed(db)
    days = corridor(request).keyring_backup_days
    return render(request, NotOpenedPage(tuple(views.not_opened(row, gone, backup_days=days) for row in found)))


@signed_in
async def try_again(request: web.Request) -> web.Response:
    """Let a refused message be tried once more, after a key was brought back."""
    async with corridor(request).pool.acquire() as db:
        moved = await envelopes.try_again(db, record_id(request), await seen.hidden(handler(request).vault))
    if not moved:
        raise NotThereError
    await refresh(request)
    return see_other("/not-opened")


async def _tip(request: web.Request, problem: Problem) -> web.Response:
    person = handler(request)
    async with corridor(request).pool.acquire() as db:
        found = await tips.get(db, person.vault, record_id(request))
        messages = await tips.dialogue(db, person.vault, found.row.thread)
        sealed = await pgp.of_thread(request, db, found.row.thread, messages)
        answered = await answers.of_thread(db, messages)
    allowed = await reading.readers_of(person, found.row.thread)
    page = TipPage(
        tip=views.head(found, now().date(), person.members),
        readers=views.readers(allowed, person.members),
        undecided=reading.is_undecided(found.content, allowed),
        messages=views.dialogue(messages, found, person.members),
        sealing=Sealing.of(messages, found.row.way),
        sealed=sealed,
        answers=answered,
        said=next((one for one, part in sealed.items() if part.whole and part.whole == found.content.text), None),
        status_phrases=_status_phrases(),
        visible_from=words.moment(next_bundle(now(), corridor(request).bundle_times)),
        limit=threads.REPLY_CHARACTERS,
        problem=problem,
    )
    return render(request, page, 400 if problem.words else 200)


async def _send(request: web.Request, kind: str, text: str) -> None:
    person = await current(request)
    async with corridor(request).pool.acquire() as db, db.transaction():
        found = await tips.get(db, person.vault, record_id(request))
        await threads.send(
            db,
            person.vault,
            found.row.thread,
            kind="phrase" if kind == "phrase" else "reply",
            text=text,
            author=person.member.name,
            now=now(),
        )


def _status_phrases() -> tuple[phrases.Phrase, ...]:
    return tuple(phrase for phrase in phrases.PHRASES if phrase.kind is phrases.Kind.STATUS)


def _address(state: str, *, urgent_only: bool, after: Place | None = None) -> str:
    query = {"state": state} if state else {}
    if urgent_only:
        query["urgent"] = "1"
    if after is not None:
        query["after"] = f"{int(after.urgent)}.{after.received_on.isoformat()}.{after.id}"
    return "/?" + urlencode(query) if query else "/"


def _place(text: str | None) -> Place | None:
    if text is None:
        return None
    try:
        urgent, day, last = text.split(".")
        return Place(urgent == "1", date.fromisoformat(day), UUID(last))
    except ValueError:
        raise web.HTTPNotFound from None
