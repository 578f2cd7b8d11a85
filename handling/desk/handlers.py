"""The desk's routes: parse, call one thing, render. No SQL, no crypto, no rules."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from uuid import UUID, uuid4

from aiohttp import web

from handling.desk import (
    case,
    consents,
    everything,
    intake,
    matching,
    material_store,
    outcomes,
    request,
    share,
    show,
    statements,
)
from handling.desk.case import NEWEST, NoSuchReportError
from handling.desk.notes import DamagedNotesError
from handling.desk.outcomes import Outcome, OutcomeError
from handling.desk.pages import StopPage
from handling.desk.received import NoSuchMaterialError
from handling.desk.request import NoSuchAgencyError, Wanted
from handling.desk.session import Desk, NoDeskError, VaultNotYetError, open_desk
from handling.rules.agreements import Purpose
from handling.store import members
from handling.store.keyring import Keyring, MissingKeyError
from handling.store.members import Member, MemberList, MemberListError, NotAMemberError, Trust
from handling.store.upkeep import Upkeep
from handling.store.vault import VaultError, VaultMovedError
from tipline.base import staff
from tipline.base.database import Db, Pool, TakenError
from tipline.base.staff import signed_in
from tipline.base.web import PICTURES, FormError, Handler, read_form, render, see_other

NOT_YET = "Your keys are on the list; somebody else of the desk has to sign in once more before yours open."


@dataclass(frozen=True, slots=True)
class Office:
    """What every request of this process works with."""

    pool: Pool
    trust: Trust
    keyring: Keyring
    upkeep: Upkeep
    unit: str
    today: Callable[[], date]

    async def members(self, db: Db) -> MemberList:
        """The verified member list of today; every sealing takes its recipients from here."""
        return await members.load(db, self.trust, self.today())

    async def enter(self, db: Db, opened: staff.Opened) -> Desk:
        """Open the desk for somebody who has signed in, or turn them away."""
        try:
            known = await self.members(db)
            desk = await asyncio.to_thread(open_desk, opened.name, opened.content, known, self.keyring)
        except VaultNotYetError:
            raise FormError(NOT_YET) from None
        except (NoDeskError, MemberListError):
            raise staff.SignInError from None
        self.upkeep.begin(desk.vault, known, desk.member.name)
        return desk

    async def follow(self, desk: Desk) -> None:
        """Move a session on to the vault of today's list; raises `VaultError` when its key does not open that."""
        async with self.pool.acquire() as db:
            known = await self.members(db)
        await self.upkeep.follow(desk.vault, known, desk.member.name)


OFFICE = web.AppKey("office", Office)


async def listed_today(request_: web.Request) -> MemberList:
    """Return today's verified member list."""
    office = request_.app[OFFICE]
    async with office.pool.acquire() as db:
        return await office.members(db)


def member_of(request_: web.Request) -> Member:
    """Return who is signed in, as the list named them then."""
    return desk_of(request_).member


def desk_of(request_: web.Request) -> Desk:
    """Return the open desk of whoever is signed in."""
    return staff.session(request_, Desk).value


@signed_in
async def home(request_: web.Request) -> web.Response:
    """Take in what arrived, then list the reports."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    before = cursor(request_.query)
    await office.follow(desk)
    taken = await intake.take_in(office.pool, desk, office.members, office.today())
    async with office.pool.acquire() as db:
        await consents.take_in(db, desk)
        listing = await case.listing(db, desk, before=before)
        parties = await request.parties(db, office.today())
        waiting = show.Waiting(
            owed=await everything.count(db, desk, office.today()),
            unseen=await material_store.unseen(db),
            statements=await statements.waiting(db),
        )
    return render(request_, show.home(taken, listing, parties, waiting, office.today(), first=before == NEWEST))


@signed_in
async def report(request_: web.Request) -> web.Response:
    """One report."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        found = await case.case(db, desk, id_of(request_))
        parties = await request.parties(db, office.today())
    return render(request_, show.report(found, parties, desk.members, office.today()))


@signed_in
async def attachments(request_: web.Request) -> web.Response:
    """Show a report's attachments as they would leave."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        reviewed = await case.report(db, desk, id_of(request_))
        copies = await request.copies_of(db, desk, reviewed.report)
    request_[PICTURES] = True
    return render(request_, await asyncio.to_thread(show.attachments, reviewed, copies))


@signed_in
async def attachment(request_: web.Request) -> web.Response:
    """Hand out one attachment as bytes to save, and nothing that a browser would show."""
    name = request_.match_info["name"]
    async with request_.app[OFFICE].pool.acquire() as db:
        reviewed = await case.report(db, desk_of(request_), id_of(request_))
        copies = await request.copies_of(db, desk_of(request_), reviewed.report)
    if name not in copies:
        raise web.HTTPNotFound
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": "application/octet-stream"}
    return web.Response(body=copies[name], headers=headers)


@signed_in
async def match(request_: web.Request) -> web.Response:
    """Every agency's answer for one purpose."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    purpose = _purpose(request_.query)
    async with office.pool.acquire() as db:
        reviewed = await case.report(db, desk, id_of(request_))
        parties = await request.parties(db, office.today())
    found = matching.match_all(reviewed.review.facts, parties, purpose, office.today())
    return render(request_, show.matches(reviewed, found, purpose))


@signed_in
async def decision(request_: web.Request) -> web.Response:
    """The decision on one agency."""
    wanted = Wanted(id_of(request_), request_.query.get("agency", ""), _purpose(request_.query))
    return await _decided(request_, wanted)


@signed_in
async def ask(request_: web.Request) -> web.Response:
    """Ask for a release; anything but a permit shows the decision again with what stands in the way."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    form = await read_form(request_)
    wanted = Wanted(id_of(request_), form.get("agency", ""), _purpose(form))
    async with office.pool.acquire() as db:
        known = await office.members(db)
        outcome = await request.ask(db, desk, known, wanted, unit=office.unit, today=office.today())
    if isinstance(outcome, request.Requested):
        return see_other(f"/releases/{outcome.release}")
    if isinstance(outcome, request.AskedAlready):
        page = StopPage(
            "Asked for already",
            "The same report waits for signatures for this agency and purpose, or has been released to it.",
            f"/releases/{outcome.release}",
            "See that release",
        )
        return render(request_, page, HTTPStatus.CONFLICT)
    return await _decided(request_, wanted, problem=why(outcome), status=HTTPStatus.CONFLICT)


async def _decided(
    request_: web.Request, wanted: Wanted, *, problem: str = "", status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        found = await case.case(db, desk, wanted.report)
        parties = await request.parties(db, office.today())
    party = next((one for one in parties if one.id == wanted.agency), None)
    if party is None:
        raise NoSuchAgencyError
    reviewed, name = found.reviewed, desk.member.name
    page = show.decision(
        reviewed,
        matching.match(reviewed.review.facts, party, wanted.purpose, office.today()),
        wanted.purpose,
        desk.members,
        analyst=name,
        signers=request.signers(desk.members, name),
        missing=request.missing_signers(desk.members, name),
        above=share.above(party, parties),
        deconflicted=request.deconflicted(found),
        today=office.today(),
        problem=problem,
    )
    return render(request_, page, status)


def why(
    outcome: request.NotPermitted | request.NobodyMaySign | request.ReviewFallen | request.NotDeconflicted,
) -> str:
    """Say in words why nothing was asked for."""
    match outcome:
        case request.NotPermitted():
            return "The agreement does not permit this release. Nothing was stored or sent."
        case request.NobodyMaySign(words=words):
            return f"{words} Nothing was stored or sent."
        case request.NotDeconflicted():
            return (
                "Nobody has answered yet whether it is somebody's source or live operation. Nothing was stored or sent."
            )
        case request.ReviewFallen(reason=reason):
            return f"The review no longer counts. {reason.value} Nothing was stored or sent."


@signed_in
async def release(request_: web.Request) -> web.Response:
    """One line of the ledger."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        reviewed, found, given = await case.release(db, desk, id_of(request_))
    return render(request_, show.release(reviewed, found, desk.members, desk.member.name, office.today(), given=given))


@signed_in
async def outcome(request_: web.Request) -> web.Response:
    """The outcomes of a report and the form for another."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        reviewed = await case.report(db, desk, id_of(request_))
        filed = await outcomes.filed(db, desk, id_of(request_))
    return render(request_, show.outcomes(reviewed, filed, uuid4(), office.today()))


@signed_in
async def file_outcome(request_: web.Request) -> web.Response:
    """File an outcome; a form sent twice counts once."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    form = await read_form(request_)
    number = _uuid(form.get("form", ""))
    async with office.pool.acquire() as db:
        known = await office.members(db)
        reviewed = await case.report(db, desk, id_of(request_))
        try:
            said = Outcome.read(form, office.today())
        except OutcomeError as error:
            filed = await outcomes.filed(db, desk, id_of(request_))
            page = show.outcomes(reviewed, filed, number, office.today(), given=form, problem=str(error))
            return render(request_, page, HTTPStatus.BAD_REQUEST)
        try:
            await outcomes.file(
                db, desk, known, outcome_id=number, report=reviewed.report.id, outcome=said, today=office.today()
            )
        except TakenError:
            return see_other(f"/reports/{reviewed.report.id}/outcome")
    return see_other(f"/reports/{reviewed.report.id}/outcome")


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn the ways in which this process refuses into pages that say so."""
    try:
        return await handler(request)
    except (NoSuchReportError, NoSuchAgencyError, case.NoSuchReleaseError, NoSuchMaterialError):
        raise web.HTTPNotFound from None
    except tuple(_STOPS) as error:
        page = next(page for kind, page in _STOPS.items() if isinstance(error, kind))
        return render(request, page, HTTPStatus.SERVICE_UNAVAILABLE)


_STOPS: Mapping[type[Exception], StopPage] = {
    MemberListError: StopPage(
        "Nothing can be done now",
        "The signed member list is missing, has expired or is not signed by this unit's root key. Until the holders of "
        "the root key sign a valid list, nothing is opened, sealed or sent here.",
        "/",
        "Try again",
    ),
    NotAMemberError: StopPage(
        "You are not on the member list",
        "The signed member list no longer names you. Nothing was stored or sent. Sign out, and speak to the unit's officer.",
        "/",
        "Back to the reports",
    ),
    VaultError: StopPage(
        "The desk has a new vault",
        "Your key does not open it yet: another analyst has to sign in first, under today's member list.",
        "/",
        "Try again",
    ),
    VaultMovedError: StopPage(
        "The desk's vault has just changed",
        "Nothing was kept of what you sent. Open the reports and send it again.",
        "/",
        "Back to the reports",
    ),
    DamagedNotesError: StopPage(
        "What was written down about this report was changed",
        "Its answers about sources and operations, or who was left out of it, are not what analysts wrote, or not all of it: "
        "somebody changed the database. Nothing is proposed or asked for. Speak to the unit's officer and administrator.",
        "/",
        "Back to the reports",
    ),
    MissingKeyError: StopPage(
        "This record cannot be opened",
        "Its key is no longer in the desk's keyring: it was destroyed, or the keyring was restored from an older copy.",
        "/",
        "Back to the reports",
    ),
}


def id_of(request_: web.Request) -> UUID:
    """Return the id in the address."""
    return UUID(request_.match_info["id"])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise web.HTTPBadRequest from None


def _purpose(given: Mapping[str, str]) -> Purpose:
    try:
        return Purpose(given.get("purpose", ""))
    except ValueError:
        raise web.HTTPBadRequest from None


def cursor(query: Mapping[str, str]) -> tuple[date, UUID]:
    """Return before which report the page of an address begins."""
    given = query.get("before")
    if given is None:
        return NEWEST
    day, _, number = given.partition(".")
    try:
        return date.fromisoformat(day), UUID(number)
    except ValueError:
        raise web.HTTPBadRequest from None


ID = "{id:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}}"

ROUTES = (
    web.get("/", home),
    web.get(f"/reports/{ID}", report),
    web.get(f"/reports/{ID}/attachments", attachments),
    web.get(f"/reports/{ID}/attachments/{{name}}", attachment),
    web.get(f"/reports/{ID}/match", match),
    web.get(f"/reports/{ID}/decision", decision),
    web.post(f"/reports/{ID}/decision", ask),
    web.get(f"/reports/{ID}/outcome", outcome),
    web.post(f"/reports/{ID}/outcome", file_outcome),
    web.get(f"/releases/{ID}", release),
)
