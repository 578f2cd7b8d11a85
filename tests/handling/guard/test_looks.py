"""Pages of the guard in a real browser, with a report in Arabic: three widths, both schemes, axe."""

import base64
from typing import Any
from uuid import UUID

from aiohttp.test_utils import TestServer

from handling.guard.main import app
from handling.rules import attachments
from handling.rules.attachments import Kind
from tests.handling.guard.test_pages import enter
from tests.handling.guard.world import Forgery, World, attach
from tests.handling.rules.test_attachments import JPEG
from tests.handling.rules.test_mp4 import MP4
from tests.journeys.browser import Browser
from tests.journeys.looking import ARABIC, Looking

COPIES = ((Kind.JPEG, JPEG), (Kind.MP4, MP4))


def _arabic(document: dict[str, Any]) -> None:
    document |= {"title": ARABIC, "summary": f"{ARABIC}\n{ARABIC} MSKU {ARABIC}."}
    document["items"][0]["text"] = ARABIC
    document["items"][1]["text"] = f"{ARABIC} <Sun & Co>"


def _asked(it: dict[str, Any]) -> None:
    _arabic(it["report"])
    attach(it["report"], COPIES)
    listed = attachments.listed(COPIES)
    it["attachments"] = {one.name: base64.b64encode(copy).decode() for one, copy in listed}
    it["kept"] = [{"class": "attachment", "text": one.to_decide, "reason": ARABIC} for one, _ in listed]
    it["sum_of_knowledge"] = {"earlier": {"harbour-customs": 2}, "reason": ARABIC}
    it["claims"], it["alike"] = [{"item": 1, "reason": ARABIC}], True
    it["facts"]["immunity"] = True
    it["version_of"] = [f"urn:uuid:{UUID(int=1)}"]


async def test_pages_of_the_guard_are_fit_for_every_width_and_for_a_report_that_is_written_from_the_right(
    world: World,
) -> None:
    review = await world.ask_review(edit=_asked)
    release = await world.ask_release(Forgery(attached=COPIES, document=_arabic))
    await world.ask_phrase()
    looking, pages = Looking("the guard"), {}
    async with TestServer(app(world.settings, world.guard.pool)) as server, Browser(str(server.make_url("/"))) as ben:
        pages["sign in"] = (await ben.open("/sign-in")).body
        await enter(world, ben, "ben")
        pages["home"] = (await ben.open("/")).body
        for name, path in (("review", f"/reviews/{review}"), ("release", f"/releases/{release}")):
            pages[f"{name}, sealed"] = (await ben.open(path)).body
            pages[f"{name}, a wrong passphrase"] = (await ben.submit("/open", status=403, passphrase="wrong")).body
            await ben.open(path)
            pages[name] = (await ben.submit("/open", passphrase=world.passphrase("ben"))).body
            pages[f"{name}, refused without a reason"] = (await ben.submit("/refuse", status=400, reason=" ")).body
        for name in ("members", "emergencies", "elsewhere", "agreements", "agreements/customs-2026/1"):
            pages[name] = (await ben.open(f"/{name}")).body

    await looking.at(pages)

    assert looking.wrong == {}
    assert len(looking.seen) == len(pages)
