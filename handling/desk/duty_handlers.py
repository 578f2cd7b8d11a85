"""Routes of what is owed after a release: all of it, one agency's, and what the desk does about it. Parse, call one thing, render."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

from aiohttp import web

from handling.desk import case, duty_pages, everything, follow, listing, material_store, request, show
from handling.desk.follow import Hand, NobodySignsError, SameReviewerError, UncertainDayError
from handling.desk.handlers import ID, OFFICE, desk_of, id_of
from handling.desk.listing import NotWholeError
from handling.rules.agreements import AGENCY_ID
from handling.rules.copies import Breach, CopiesError, Loss
from handling.rules.duties import IllegalMoveError
from handling.rules.recall import Against, Finding, Reason
from tipline.base.database import Db
from tipline.base.staff import signed_in
from tipline.base.web import read_form, read_form_lists, render, see_other

_Code = TypeVar("_Code", bound=Enum)
_WRONG: Mapping[type[Exception], str] = {
    IllegalMoveError: "Something changed meanwhile: nothing is left to recall or decide, or it is done already. "
    "Nothing was noted.",
    UncertainDayError: "This machine's clock stands before a day that is noted already, so nothing was noted. "
    "Have the time set first.",
    NobodySignsError: "A releasing officer other than you has to sign a notice, and there is none on today's list. "
    "Nothing was noted.",
    NotWholeError: "A release to this agency does not open here, so the list would not be whole. Nothing was asked for.",
    SameReviewerError: "You wrote the first review. Somebody else writes the second.",
}


class _FormError(Exception):
    """The form does not say what it must; the text is shown."""


@signed_in
async def duties(request_: web.Request) -> web.Response:
    """Everything that is owed."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        found = await everything.ledger(db, desk, office.today())
        parties = await request.parties(db, office.today())
    return render(request_, duty_pages.everything(found, parties, office.today()))


@signed_in
async def agency(request_: web.Request) -> web.Response:
    """One agency."""
    return await _agency(request_)


@signed_in
async def recall_many(request_: web.Request) -> web.Response:
    """Recall every release that was ticked."""
    given = await read_form_lists(request_)
    try:
        releases = _ticked(given)
        reason = _code(Reason, {"reason": given.get("reason", [""])[0]}, "reason", "Choose why.")
        await _do(request_, lambda db, hand: follow.recall(db, hand, releases, reason))
    except _FormError as error:
        return await _agency(request_, str(error), HTTPStatus.BAD_REQUEST)
    except tuple(_WRONG) as error:
        return await _agency(request_, _WRONG[type(error)], HTTPStatus.CONFLICT)
    return see_other(f"/agencies/{request_.match_info['agency']}")


@signed_in
async def ask_list(request_: web.Request) -> web.Response:
    """Ask the guard for the list of all that an agency was sent."""
    agency_id = request_.match_info["agency"]
    try:
        await _do(request_, lambda db, hand: listing.ask(db, hand, agency_id))
    except IllegalMoveError:
        return await _agency(request_, "Something changed meanwhile: no list is left to ask for.", HTTPStatus.CONFLICT)
    except (NobodySignsError, NotWholeError) as error:
        return await _agency(request_, _WRONG[type(error)], HTTPStatus.CONFLICT)
    return see_other(f"/agencies/{agency_id}#list")


@signed_in
async def recall(request_: web.Request) -> web.Response:
    """Recall one release."""
    form = await read_form(request_)
    return await _act(
        request_,
        lambda: _code(Reason, form, "reason", "Choose why it is recalled."),
        lambda db, hand, reason: follow.recall(db, hand, [id_of(request_)], reason),
    )


@signed_in
async def drop(request_: web.Request) -> web.Response:
    """Decide against a recall."""
    form = await read_form(request_)
    return await _act(
        request_,
        lambda: _code(Against, form, "against", "Choose why it is not recalled."),
        lambda db, hand, against: follow.drop(db, hand, id_of(request_), against),
    )


@signed_in
async def learn(request_: web.Request) -> web.Response:
    """Note a breach that the desk learned of otherwise."""
    form, today = await read_form(request_), request_.app[OFFICE].today()

    def read() -> Breach:
        loss = _code(Loss, form, "loss", "Choose what happened.")
        try:
            noticed = follow.noticed_at(form.get("noticed_day", ""), form.get("noticed_time", ""), today)
        except ValueError:
            raise _FormError("Write the day and the time, in UTC, at which it was noticed.") from None
        try:
            return Breach(loss, noticed, form.get("happened", "").strip())
        except CopiesError:
            raise _FormError("Say in at most 4,000 characters what happened, and how the unit learned of it.") from None

    return await _act(request_, read, lambda db, hand, breach: follow.learn(db, hand, id_of(request_), breach))


@signed_in
async def review(request_: web.Request) -> web.Response:
    """Write a review of a release under the exception for a threat to life."""
    form = await read_form(request_)
    text = form.get("text", "").strip()

    def read() -> Finding:
        if not text or len(text) > follow.WORDS_MAX:
            raise _FormError(f"Say in at most {follow.WORDS_MAX:,} characters why you find so.")
        return _code(Finding, form, "finding", "Choose what the review found.")

    return await _act(request_, read, lambda db, hand, finding: follow.review(db, hand, id_of(request_), finding, text))


_Read = TypeVar("_Read")


async def _act(
    request_: web.Request, read: Callable[[], _Read], act: Callable[[Db, Hand, _Read], Awaitable[None]]
) -> web.Response:
    """Read a form of a release's page and do what it says, or show that page with what is wrong."""
    try:
        said = read()
        await _do(request_, lambda db, hand: act(db, hand, said))
    except _FormError as error:
        return await _release(request_, str(error), HTTPStatus.BAD_REQUEST)
    except tuple(_WRONG) as error:
        return await _release(request_, _WRONG[type(error)], HTTPStatus.CONFLICT)
    return see_other(f"/releases/{id_of(request_)}#duties")


async def _do(request_: web.Request, act: Callable[[Db, Hand], Awaitable[None]]) -> None:
    office = request_.app[OFFICE]
    async with office.pool.acquire() as db:
        hand = Hand(desk_of(request_), await office.members(db), office.today())
        await act(db, hand)


async def _release(request_: web.Request, problem: str, status: HTTPStatus) -> web.Response:
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        reviewed, found, given = await case.release(db, desk, id_of(request_))
    page = show.release(reviewed, found, desk.members, desk.member.name, office.today(), given=given, problem=problem)
    return render(request_, page, status)


async def _agency(request_: web.Request, problem: str = "", status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        party = await request.party(db, request_.match_info["agency"], office.today())
        found = await everything.ledger(db, desk, office.today(), party.id)
        asked = await listing.of(db, party.id)
        material = await material_store.days(db, party.id)
    reason = "" if asked is None else await asyncio.to_thread(listing.reason, desk, asked)
    list_ = duty_pages.list_view(party, asked, reason, office.today())
    page = duty_pages.agency(party, found, office.today(), list_=list_, material=material, problem=problem)
    return render(request_, page, status)


def _ticked(given: Mapping[str, list[str]]) -> list[UUID]:
    try:
        releases = [UUID(one) for one in given.get("release", [])]
    except ValueError:
        raise web.HTTPBadRequest from None
    if not releases:
        raise _FormError("Tick what is recalled.")
    return releases


def _code(codes: type[_Code], form: Mapping[str, str], field: str, missing: str) -> _Code:
    try:
        return codes(form.get(field, ""))
    except ValueError:
        raise _FormError(missing) from None


_AGENCY = f"{{agency:{AGENCY_ID}}}"

ROUTES = (
    web.get("/duties", duties),
    web.get(f"/agencies/{_AGENCY}", agency),
    web.post(f"/agencies/{_AGENCY}/recall", recall_many),
    web.post(f"/agencies/{_AGENCY}/list", ask_list),
    web.post(f"/releases/{ID}/recall", recall),
    web.post(f"/releases/{ID}/no-recall", drop),
    web.post(f"/releases/{ID}/breach", learn),
    web.post(f"/releases/{ID}/review", review),
)
