"""Routes of material that agencies sent: parse, call one thing, render."""

from aiohttp import web

from handling.desk import intake, material_page, material_store, received
from handling.desk.case import NEWEST
from handling.desk.handlers import ID, OFFICE, cursor, desk_of, id_of
from handling.store.keyring import MissingKeyError
from tipline.base.staff import signed_in
from tipline.base.web import read_form, render, see_other


@signed_in
async def listing(request_: web.Request) -> web.Response:
    """Take in what arrived, then list the material."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    before = cursor(request_.query)
    await office.follow(desk)
    taken = await intake.take_in(office.pool, desk, office.members, office.today())
    async with office.pool.acquire() as db:
        found = await received.listing(db, desk, before=before)
        gone = await received.gone(db, desk, limit=material_page.SHOWN) if before == NEWEST else ()
    page = material_page.listing(found, gone, taken.refused, office.today(), first=before == NEWEST)
    return render(request_, page)


@signed_in
async def show(request_: web.Request) -> web.Response:
    """One piece of material."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    async with office.pool.acquire() as db:
        found = await received.one(db, desk, id_of(request_))
        await material_store.looked(db, found.row.id, office.today())
    if found.said is None:
        raise MissingKeyError
    return render(request_, material_page.page(found, found.said, desk.members, office.today()))


@signed_in
async def hand(request_: web.Request) -> web.Response:
    """Hand one piece to the corridor; pressed twice it is handed over once."""
    office, desk = request_.app[OFFICE], desk_of(request_)
    await read_form(request_)
    async with office.pool.acquire() as db:
        known = await office.members(db)
        await received.hand(db, desk, known, id_of(request_), office.today())
    return see_other(f"/material/{id_of(request_)}")


ROUTES = (
    web.get("/material", listing),
    web.get(f"/material/{ID}", show),
    web.post(f"/material/{ID}/corridor", hand),
)
