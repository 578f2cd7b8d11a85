"""A source reports: what arrives is sealed, whole or not at all, and once."""

from urllib.parse import unquote  # aiohttp quotes a name as no browser does
from uuid import UUID

import pytest

from tests.journeys.browser import Browser, Upload
from tests.tipline.source.running import a_zone, collect, joined, messages, running
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import Answer, File, Tip

TEXT = "Two men moved 14 blue drums, kestrel-canary-71, into a white Hilux."


async def codename_of(browser: Browser, *, files: list[Upload] | None = None, **typed: str) -> str:
    await browser.open("/")
    answers = {"involved": "no", "message": TEXT} | typed
    page = await browser.submit("/", files=files or [], **answers)
    return page.ids["codename"]


@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
async def test_a_report_with_three_files_arrives_as_messages_sidecars_and_parts(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    files = [
        Upload("files", "photo.jpg", b"j" * 1000, "image/jpeg"),
        Upload("files", "../../etc/passwd", b"p" * 70_000),
        Upload("files", "large.bin", bytes(range(256)) * 70_000),
    ]

    with running(zone):
        async with Browser(zone.url) as browser:
            codename = await codename_of(browser, files=files, urgent="yes", how_known="I was there")

    assert len(codename.split()) == 12
    taken = await collect(zone, public_db, zone.unit)
    first, *sidecars = messages(taken)
    assert first.body == Tip(text=TEXT, how_known="I was there", must_not_learn="", urgent=True)
    assert [joined(m.body, taken) for m in sidecars if isinstance(m.body, File)] == [file.data for file in files]
    assert [unquote(m.body.name) for m in sidecars if isinstance(m.body, File)] == [file.name for file in files]
    assert sorted(one.wrapper.kind for one in taken.values()) == ["message"] * 4 + ["part"] * 4
    assert all(one.wrapper.urgent for one in taken.values())
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox WHERE unit = 'unit'") == 1
    assert zone.blobs.names() == {UUID(name) for name in taken}


async def test_a_further_message_of_the_same_form_is_an_answer(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            await browser.open("/")
            form = browser.page
            first = await browser.submit("/", involved="no", message=TEXT)
            browser.page = form
            again = await browser.submit("/", involved="no", message=TEXT)
            browser.page = form
            edited = await browser.submit(
                "/", involved="no", message=TEXT + " And more.", must_not_learn="the sergeant"
            )

    assert first.ids["codename"] == again.ids["codename"] == edited.ids["codename"]
    assert first.body == again.body
    found = messages(await collect(zone, public_db, zone.unit))
    assert [type(message.body) for message in found] == [Tip, Answer]
    assert found[1].body == Answer(TEXT + " And more.\n\nMust not learn of this: the sergeant")
