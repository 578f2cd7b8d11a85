"""A pickup code fetches one file of one size and nothing else; keys for sealing elsewhere are handed out as they were signed."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from crypto import age
from crypto.codename import Codename, keys, new_token, pickup_code
from crypto.signing import SigningKey
from tests.journeys.browser import Browser
from tests.tipline.source.elsewhere import HandIn, intake, seal
from tests.tipline.source.running import TODAY, Zone, a_zone, publish, running
from tests.tipline.source.test_return import put, written
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.bundles import PICKUP_BYTES, Pickup, open_bundle
from tipline.envelope import IntakeKey, Place
from tipline.pins import Keys, Pinned, Pins
from tipline.units import Units


async def handed_in(browser: Browser, zone: Zone) -> HandIn:
    sealed = seal(intake(zone.unit))
    await browser.open("/hand-in")
    await browser.submit("/hand-in", files=sealed.uploads())
    return sealed


def pattern(page: str) -> re.Pattern[str]:
    """What the browser holds a typed code against before it sends it."""
    found = re.search(r'<input id="code"[^>]* pattern="([^"]+)"', page)
    assert found
    return re.compile(found[1])


async def test_a_pickup_code_fetches_replies_and_the_place_to_answer_from(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            sealed = await handed_in(browser, zone)
            ((_, inner),) = written(sealed.keys, "Which berth?")
            await put(public_db, sealed.keys, inner)
            await browser.open("/pickup")
            file = await browser.submit("/pickup", code=sealed.code.upper().replace(" ", " - "))
            missing = await browser.submit(
                "/pickup", code=pickup_code(keys(Codename.from_token(new_token())).lookup).expose().decode(), status=404
            )

    found = Pickup.parse(file.body)
    assert file.headers["Content-Disposition"] == 'attachment; filename="pickup.tar"'
    assert file.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in file.headers
    assert open_bundle(found.bundle, sealed.keys.identity) == [inner]
    assert Place.open(found.place, sealed.keys.state, mailbox=sealed.keys.mailbox) == sealed.place
    assert len(file.body) == len(missing.body) == PICKUP_BYTES
    assert "Nothing is here under this pickup code" in missing.text


async def test_a_codename_is_stopped_by_the_browser_and_never_given_back(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    codename = Codename.from_token(new_token())
    words = " ".join(codename.words())
    code = pickup_code(keys(codename).lookup).expose().decode()

    with running(zone):
        async with Browser(zone.url) as browser:
            held = pattern((await browser.open("/pickup")).body.decode())
            refused = await browser.submit("/pickup", code=words, status=400)

    assert held.fullmatch(code)
    assert held.fullmatch(code.upper().replace(" ", "-"))
    assert not held.fullmatch(words)
    assert not held.fullmatch(f"pickup {words}")
    assert words not in refused.body.decode()
    assert "Never type your twelve words here" in refused.text


async def test_the_return_page_warns_whoever_sealed_elsewhere(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        async with Browser(zone.url) as browser:
            page = await browser.open("/return")
            form = await browser.open("/")

    body = page.body.decode()
    assert body.index("do not type the words here") < body.index('name="codename"')
    assert page.link("/pickup")
    assert form.link("/hand-in")
    assert form.link("/pickup")


def signed(folder: Path, *, root: SigningKey) -> bytes:
    """Put root and pins where the process finds them; return the pins."""
    units = Units.load(folder)
    pins = Pins(tuple(Pinned.of(unit) for unit in units.pinned), TODAY, TODAY + timedelta(days=300)).sign(root)
    (folder / "root.pub").write_text(f"{root.public.hex()}\n")
    (folder / "pins.json").write_bytes(pins)
    return pins


async def test_keys_are_handed_out_once_the_root_has_signed(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    root = SigningKey.generate()
    later = IntakeKey(
        "unit", 2, age.Identity.generate().recipient, TODAY + timedelta(days=7), TODAY + timedelta(days=13)
    )
    await publish(public_db, zone.unit, later)
    await publish(public_db, zone.unit, IntakeKey("unit", 3, later.recipient, TODAY, TODAY), signer=root)
    old = IntakeKey("unit", 4, later.recipient, TODAY - timedelta(days=9), TODAY - timedelta(days=3))
    await publish(public_db, zone.unit, old)

    with running(zone):
        async with aiohttp.ClientSession() as http:
            before = await http.get(f"{zone.url}/keys")
            words = await before.text()
            signed(settings.public, root=root)
            after = await http.get(f"{zone.url}/keys")
            found = Keys.parse(await after.read())
            signed(settings.public, root=SigningKey.generate())
            (settings.public / "root.pub").write_text(root.public.hex())
            unlike = await http.get(f"{zone.url}/keys")

    assert (before.status, after.status, unlike.status) == (404, 200, 404)
    assert "has not signed any keys" in words
    assert after.headers["Cache-Control"] == "no-store"
    assert len(found.intake) == 3
    today = datetime.now(UTC).date()
    assert found.choose(root.public, "unit", today).serial == 1
    assert found.choose(root.public, "unit", later.not_before).serial == 2
    assert found.choose(root.public, "oversight", today).unit == "oversight"
