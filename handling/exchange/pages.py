"""The portal over HTTP: parse, call one thing, render. No SQL, no crypto, no rules."""

import asyncio
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from aiohttp import web

from crypto import pgp
from crypto.errors import PgpError
from handling.agencyfiles import SealedAnswer, SealedBreach, SealedDestruction
from handling.exchange import forms, guide, handed, material_pages, notice_pages, notices, store, views
from handling.exchange.common import ID, PORTAL, Officer, attached, attachment, who
from handling.exchange.handed import NotTakenError
from handling.exchange.package import PackageId
from handling.exchange.portal import NoSuchPackageError, PastDeletionError, Taken, TooMuchToldError
from handling.store import agencies
from handling.store.members import MemberListError
from tipline import openpage
from tipline.base.database import Db
from tipline.base.staff import Opened, SignInError, signed_in
from tipline.base.web import ErrorPage, FormError, Handler, read_form, render, see_other
from tipline.onefile import OneFileError

PGP_KEY_FILE = web.AppKey("pgp_key_file", Path)
SMALL_FILES = frozenset({"file", "signature"})


class KeyFileError(Exception):
    """The unit's OpenPGP key is missing, or is not the one on the signed member list."""

    def __init__(self) -> None:
        super().__init__("the unit's OpenPGP key file does not match the signed member list")


async def officer(db: Db, opened: Opened) -> Officer:
    """Make what a session holds; an account of an agency that the unit does not know is turned away."""
    agency = await agencies.get(db, opened.content.get("agency", ""))
    if agency is None:
        raise SignInError
    return Officer(agency.id, agency.name)


@signed_in
async def home(request: web.Request) -> web.Response:
    """List the agency's notices and packages, newest first."""
    portal, officer = request.app[PORTAL], who(request)
    behind = _cursor(request.query.get("behind", ""))
    listing = await portal.listing(officer.agency, behind)
    waiting = await notices.listing(portal, officer.agency) if behind is None else ()
    list_ = await notices.list_state(portal, officer.agency) if behind is None else None
    page = views.home(listing, waiting, list_, officer.agency_name, portal.today())
    return render(request, page)


@signed_in
async def package(request: web.Request) -> web.Response:
    """Show one package with its three steps."""
    return await _show(request)


@signed_in
async def acknowledge(request: web.Request) -> web.Response:
    """Take the hash of the opened ZIP."""
    typed = (await read_form(request)).get("sha256", "")
    field, digest = forms.parse_sha256(typed)
    if digest is None:
        return await _show(request, views.Typed(sha256=field))
    outcome = await request.app[PORTAL].acknowledge(who(request).agency, _id(request), digest)
    if outcome is Taken.WRONG_HASH:
        return await _show(request, views.Typed(sha256=forms.wrong_sha256(typed)))
    return see_other(f"/packages/{_id(request)}#acknowledge")


@signed_in
async def answer(request: web.Request) -> web.Response:
    """Take one coded answer."""
    portal = request.app[PORTAL]
    form, feedback = forms.parse_answer(await read_form(request), portal.today())
    if feedback is None:
        return await _show(request, views.Typed(form=form))
    await portal.tell(who(request).agency, _id(request), SealedAnswer.KIND, feedback.to_body(), form=form.secret)
    return see_other(f"/packages/{_id(request)}#answer")


@signed_in
async def copies(request: web.Request) -> web.Response:
    """Take what became of the agency's copies."""
    portal = request.app[PORTAL]
    form, told = forms.parse_copies(await read_form(request), portal.today())
    if told is None:
        return await _show(request, views.Typed(copies=form))
    await portal.tell(who(request).agency, _id(request), SealedDestruction.KIND, told.to_body(), form=form.secret)
    return see_other(f"/packages/{_id(request)}#copies")


@signed_in
async def breach(request: web.Request) -> web.Response:
    """Take that a package was lost or seen by others."""
    portal = request.app[PORTAL]
    form, told = forms.parse_breach(await read_form(request), portal.now())
    if told is None:
        return await _show(request, views.Typed(breach=form))
    await portal.tell(who(request).agency, _id(request), SealedBreach.KIND, told.to_body(), form=form.secret)
    return see_other(f"/packages/{_id(request)}#breach")


@signed_in
async def hand_in(request: web.Request) -> web.Response:
    """Take what open.html wrote: first show what it says, and on the second press of a button store it."""
    portal, agency, package_id = request.app[PORTAL], who(request).agency, _id(request)
    form = await read_form(request)
    typed = form.get("text", "")
    try:
        text = handed.chosen(typed, form.get("file", ""))
        found = await portal.understood(agency, package_id, text)
        if form.get("confirm") != "yes":
            return render(
                request, views.handed_page(found, text, await portal.open(agency, package_id), portal.today())
            )
        await portal.take(agency, package_id, text)
    except NotTakenError as error:
        return await _show(request, views.Typed(hand_in=forms.Field(typed, error.refusal.value)))
    return see_other(f"/packages/{package_id}#{views.PLACE[type(found.said)]}")


@signed_in
async def unit_keys(request: web.Request) -> web.Response:
    """Send the unit's public keys for open.html. They count once their fingerprint was compared by telephone."""
    keys = await request.app[PORTAL].unit_keys()
    return attached(guide.UNIT_KEYS_NAME, keys.encode())


@signed_in
async def open_page(_: web.Request) -> web.Response:
    """Send open.html, the same bytes to everybody."""
    return attached(openpage.NAME, await asyncio.to_thread(openpage.build))


@signed_in
async def sealed_file(request: web.Request) -> web.StreamResponse:
    """Send the sealed file, piece by piece."""
    portal, agency, name = request.app[PORTAL], who(request).agency, request.match_info["name"]
    found = await portal.fetch(agency, _id(request), name)
    response = web.StreamResponse(headers=attachment(name))
    response.content_length = found.size
    await response.prepare(request)
    async for piece in portal.pieces(agency, found):
        await response.write(piece)
    await response.write_eof()
    return response


@signed_in
async def signature(request: web.Request) -> web.Response:
    """Send the signature over the sealed file."""
    name = request.match_info["name"]
    return attached(name, await request.app[PORTAL].signature(who(request).agency, _id(request), name))


@signed_in
async def allowed_signers(request: web.Request) -> web.Response:
    """Send the line that makes `ssh-keygen` trust this unit's packages and nothing else."""
    members = await request.app[PORTAL].member_list()
    return attached(guide.SIGNERS_NAME, guide.allowed_signers(members.package_signer))


@signed_in
async def pgp_key(request: web.Request) -> web.Response:
    """Send the unit's OpenPGP key, if the file holds exactly the key that the member list names."""
    members = await request.app[PORTAL].member_list()
    text = await asyncio.to_thread(_checked_key, request.app[PGP_KEY_FILE], members.package_pgp)
    return attached(guide.PGP_KEY_NAME, text.encode())


ROUTES = (
    web.get("/", home),
    web.get(f"/packages/{ID}", package),
    web.post(f"/packages/{ID}/acknowledge", acknowledge),
    web.post(f"/packages/{ID}/answer", answer),
    web.post(f"/packages/{ID}/copies", copies),
    web.post(f"/packages/{ID}/breach", breach),
    web.post(f"/packages/{ID}/hand-in", hand_in),
    web.get(f"/packages/{ID}/{{name:package\\.(?:age|zip\\.gpg)}}", sealed_file, allow_head=False),
    web.get(f"/packages/{ID}/{{name:package\\.(?:age\\.sig|zip\\.gpg\\.asc)}}", signature),
    web.get(f"/keys/{guide.SIGNERS_NAME}", allowed_signers),
    web.get(f"/keys/{guide.PGP_KEY_NAME}", pgp_key),
    web.get(f"/keys/{guide.UNIT_KEYS_NAME}", unit_keys),
    *material_pages.ROUTES,
    web.get(f"/{openpage.NAME}", open_page),
    *notice_pages.ROUTES,
)

_REFUSALS: Mapping[type[Exception], tuple[HTTPStatus, ErrorPage]] = MappingProxyType(
    {
        PastDeletionError: (
            HTTPStatus.GONE,
            ErrorPage(
                title="No longer handed out",
                message="This package is recalled, its last day has passed, or your agency has told what became of its copies. "
                "Delete every copy that is left. If you still need what it says, ask the unit for a new release.",
            ),
        ),
        TooMuchToldError: (
            HTTPStatus.CONFLICT,
            ErrorPage(
                title="No more is taken about this package",
                message="Your agency has told so much of this kind about it that the unit has to read that first. Nothing was "
                "taken. Call the unit, on a number that you already have.",
            ),
        ),
        MemberListError: (
            HTTPStatus.SERVICE_UNAVAILABLE,
            ErrorPage(
                title="Nothing can be checked or sent just now",
                message="The unit's list of keys is missing, expired or not signed. Nothing was taken. "
                "Please tell the unit by telephone.",
            ),
        ),
        OneFileError: (
            HTTPStatus.SERVICE_UNAVAILABLE,
            ErrorPage(
                title="open.html is not here",
                message="This portal was set up without it. Ask the unit for the file, or open packages with age or GnuPG.",
            ),
        ),
        KeyFileError: (
            HTTPStatus.SERVICE_UNAVAILABLE,
            ErrorPage(
                title="The unit's key is not available",
                message="The key kept here is not the one that the unit's signed list names, so it is not handed out. "
                "Please tell the unit by telephone.",
            ),
        ),
    }
)


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what the portal refuses with fixed words."""
    try:
        return await handler(request)
    except NoSuchPackageError:
        raise web.HTTPNotFound from None
    except tuple(_REFUSALS) as error:
        status, page = next(answer for kind, answer in _REFUSALS.items() if isinstance(error, kind))
        return render(request, page, status)


async def _show(request: web.Request, typed: views.Typed = views.NOTHING_TYPED) -> web.Response:
    portal = request.app[PORTAL]
    opened = await portal.open(who(request).agency, _id(request))
    unit = await portal.unit_keys() if opened.signs else None
    page = views.package_page(opened, await portal.member_list(), portal.today(), typed, unit)
    return render(request, page, HTTPStatus.UNPROCESSABLE_ENTITY if page.wrong else HTTPStatus.OK)


def _id(request: web.Request) -> PackageId:
    return PackageId(UUID(request.match_info["id"]))


def _cursor(text: str) -> store.Cursor | None:
    if not text:
        return None
    try:
        day, package_id = text.split("_")
        return store.Cursor(date.fromisoformat(day), PackageId(UUID(package_id)))
    except ValueError:
        raise FormError("This address is damaged. Go back to the first page.") from None


def _checked_key(file: Path, fingerprint: str) -> str:
    try:
        text = file.read_text("ascii")
        if pgp.fingerprint(text) != fingerprint:
            raise KeyFileError
    except (OSError, UnicodeDecodeError, PgpError):
        raise KeyFileError from None
    return text
