"""Material at the portal over HTTP: parse, call one thing, render."""

from http import HTTPStatus

from aiohttp import web

from handling.exchange import forms, guide, handed, material_views
from handling.exchange.common import PORTAL, attached, who
from handling.exchange.handed import NotTakenError
from handling.exchange.portal import NoSuchPackageError
from handling.store import agencies
from tipline.base.staff import signed_in
from tipline.base.web import read_form, render, see_other


@signed_in
async def material(request: web.Request) -> web.Response:
    """Show what the agency sent in, and the form for more."""
    return await _material(request)


@signed_in
async def send(request: web.Request) -> web.Response:
    """Take one sealed file of material."""
    form = await read_form(request)
    try:
        text = handed.chosen(form.get("text", ""), form.get("file", ""))
        await request.app[PORTAL].send(who(request).agency, text)
    except NotTakenError as error:
        return await _material(request, forms.Field(form.get("text", ""), error.refusal.value))
    return see_other("/material#sent")


async def _material(request: web.Request, hand_in: forms.Field | None = None) -> web.Response:
    portal, agency_id = request.app[PORTAL], who(request).agency
    async with portal.pool.acquire() as db:
        agency = await agencies.get(db, agency_id)
    if agency is None:
        raise NoSuchPackageError
    page = material_views.material_page(
        agency, await portal.sent(agency_id), await portal.unit_keys(), hand_in or forms.Field()
    )
    return render(request, page, HTTPStatus.UNPROCESSABLE_ENTITY if page.hand_in.error else HTTPStatus.OK)


@signed_in
async def recipient(request: web.Request) -> web.Response:
    """Send what material is sealed to, for `age -R`; without a line end, so that the file's SHA-256 is its fingerprint."""
    keys = await request.app[PORTAL].unit_keys()
    return attached(guide.RECIPIENT_NAME, str(keys.desk_intake).encode())


ROUTES = (
    web.get("/material", material),
    web.post("/material", send),
    web.get(f"/keys/{guide.RECIPIENT_NAME}", recipient),
)
