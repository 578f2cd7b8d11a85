"""The source killed before each thing that lasts while a report comes in: a resend gives one tip, and the sweep leaves nothing over."""

import asyncio
import socket
import time
from collections import Counter

from aiohttp.test_utils import TestServer

from tests.conftest import RolePool
from tests.crashing import died, each_point, lasting
from tests.journeys.browser import Browser, Upload, send_files
from tests.lasting import before, is_on_disk
from tests.tipline.source.elsewhere import a_gate
from tests.tipline.source.running import Taken, Zone, a_submission, a_zone, collect, joined, messages
from tipline.base import database
from tipline.base.database import Db, Pool
from tipline.base.settings import Settings
from tipline.base.web import Site
from tipline.envelope import File, Tip
from tipline.questionnaire import current
from tipline.source import arrive, forget, keep, store
from tipline.source.channel import Keep
from tipline.source.context import KEEP, TICKETS, new_form_token
from tipline.source.pages import About
from tipline.units import Units

FILE = b"seen at the quay " * 6_000  # one part


async def report(settings: Settings, token: str, text: str) -> None:
    """Worker and `keep` in one process: take one report with a file."""
    pool = await database.pool(database.dsn_for(settings, "tipline_keep"))
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(keep._serve(pool, forget.Door(), a_gate(settings), theirs))
    units = Units.load(settings.public)
    site = Site(name="source", title=settings.name, practice=True, style="source")
    about = About(
        unit="unit",
        oversight="oversight",
        emergency="112",
        reading_hours="on working days",
        reads="English",
        file_max=10**9,
    )
    app = arrive.make(site, about, units, settings.public, questionnaire=current.default())
    app[KEEP] = await Keep.connect(ours)
    async with TestServer(app) as server, Browser(str(server.make_url("/"))) as browser:
        await browser.open("/")
        ticket = app[TICKETS].new(token, at=time.time())
        sent = await browser.submit("/", token=token, ticket=ticket, involved="no", message=text)
        assert sent.ids["codename"]
        await send_files(browser, [Upload("files", "a", FILE)])
    serving.cancel()


async def test_a_report_that_is_killed_anywhere_and_sent_again_is_one_tip_with_its_file(
    settings: Settings, public_db: Db, role_pool: RolePool
) -> None:
    zone, pool = await a_zone(settings, public_db), await role_pool("tipline_keep")
    forms: dict[int, tuple[object, ...]] = {}
    swept = 0

    async def form(at: int) -> tuple[object, ...]:
        forms[at] = (settings, new_form_token(), f"tip killed at point {at}")
        return forms[at]

    async for at in each_point(report, form):
        swept += await _swept(zone, pool)
        assert not await died(report, *forms[at], at=0)  # the very same form again

    taken = await collect(zone, public_db, zone.unit)
    texts = Counter(_texts(taken))
    assert len(forms) > 12
    assert texts == Counter({str(text): 1 for _, _, text in list(forms.values())})
    assert swept > 0
    assert await _swept(zone, pool) == 0


async def test_every_envelope_of_a_report_is_on_the_disk_before_the_row_that_names_it(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    events = await lasting(report, settings, new_form_token(), "tip before a power cut")

    assert len(zone.blobs.names()) > 2
    for name in zone.blobs.names():
        assert is_on_disk(settings.public / "blobs" / str(name), before(events, "zone.submit", name))


async def test_the_sweep_waits_for_a_commit_that_a_killed_process_had_asked_for(
    settings: Settings, public_db: Db, role_pool: RolePool
) -> None:
    zone, pool = await a_zone(settings, public_db), await role_pool("tipline_keep")
    with zone.blobs.create() as writer:
        writer.write(b"sealed")
        submission = a_submission(zone)
        (envelope,) = submission.envelopes
        writer.publish(envelope.id)

    async with pool.acquire() as of_the_killed, of_the_killed.transaction():
        await store.add(of_the_killed, submission)
        sweeping = asyncio.create_task(forget.sweep(pool, zone.blobs))
        assert not (await asyncio.wait({sweeping}, timeout=1))[0]

    assert await sweeping == 0
    assert zone.blobs.names() == {envelope.id}


def _texts(taken: dict[str, Taken]) -> list[str]:
    """Texts of the tips, each thread's chain and file checked."""
    by_mailbox: dict[bytes, dict[str, Taken]] = {}
    for name, one in taken.items():
        by_mailbox.setdefault(one.wrapper.mailbox, {})[name] = one
    texts = []
    for of_one in by_mailbox.values():
        tip, sidecar = (message.body for message in messages(of_one))
        assert isinstance(tip, Tip)
        assert isinstance(sidecar, File)
        assert joined(sidecar, of_one) == FILE
        texts.append(tip.text)
    return texts


async def _swept(zone: Zone, pool: Pool) -> int:
    """What `keep` removes before it lets anybody in; afterwards every blob has its row and every row its blob."""
    removed = await forget.sweep(pool, zone.blobs)
    async with pool.acquire() as db:
        assert zone.blobs.names() == {row["id"] for row in await db.fetch("SELECT id FROM zone.envelope")}
    return removed
