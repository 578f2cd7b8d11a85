"""Somebody between the page and its server, who changes what is handed out: keys that do not hold together seal nothing."""

import re
from dataclasses import replace
from datetime import timedelta

import aiohttp
from playwright.async_api import Browser, Page, Route

from crypto import age
from crypto.signing import SigningKey
from tests.tipline.source.running import TODAY, Zone, collect_handed_in
from tests.tipline.source.test_browser import fill
from tipline.base.database import Db
from tipline.envelope import IntakeKey
from tipline.pins import Keys, Pinned, Pins

NO_KEY = "There is no valid key to seal it with just now, so nothing was sent"
NOT_WHOLE = "The keys to seal it with did not come as they were signed"


def another_root(keys: Keys, _: Zone) -> bytes:
    return replace(keys, root=SigningKey.generate().public).encode()


def pins_of_a_thief(keys: Keys, zone: Zone) -> bytes:
    pinned = (Pinned("unit", "unit", "Practice Unit", zone.oversight.signer.public),)
    return replace(keys, pins=Pins(pinned, TODAY, TODAY).sign(SigningKey.generate())).encode()


def recipient_of_a_thief(keys: Keys, zone: Zone) -> bytes:
    """A key of the thief's own under the unit's name, signed by the thief, in the place of the unit's."""
    first = zone.unit.statement().not_before
    swapped = IntakeKey("unit", 1, age.Identity.generate().recipient, first, first + timedelta(days=6))
    return replace(keys, intake=(swapped.sign(SigningKey.generate()), keys.intake[1])).encode()


def recipient_under_the_old_signature(keys: Keys, zone: Zone) -> bytes:
    return keys.encode().replace(
        str(zone.unit.intake.recipient).encode(), str(zone.oversight.intake.recipient).encode()
    )


def keys_of_the_other_unit_alone(keys: Keys, _: Zone) -> bytes:
    return replace(keys, intake=tuple(one for one in keys.intake if b'"oversight"' in one)).encode()


def a_key_that_has_ended(keys: Keys, zone: Zone) -> bytes:
    return replace(keys, intake=(zone.unit.statement(start=-9).sign(zone.unit.signer),)).encode()


def half_of_it(keys: Keys, _: Zone) -> bytes:
    return keys.encode()[:-40]


def another_format(keys: Keys, _: Zone) -> bytes:
    return keys.encode().replace(b"tipline/keys/v1", b"tipline/keys/v2")


def words(_: Keys, __: Zone) -> bytes:
    return b"<p>Sign in to this network</p>"


CHANGES = {
    another_root: NOT_WHOLE,
    pins_of_a_thief: NOT_WHOLE,
    recipient_of_a_thief: NO_KEY,
    recipient_under_the_old_signature: NO_KEY,
    keys_of_the_other_unit_alone: NO_KEY,
    a_key_that_has_ended: NO_KEY,
    half_of_it: NOT_WHOLE,
    another_format: NOT_WHOLE,
    words: NOT_WHOLE,
}


async def served(zone: Zone, path: str) -> bytes:
    async with aiohttp.ClientSession() as http, http.get(f"{zone.url}{path}") as answer:
        return await answer.read()


async def opened(chromium: Browser, zone: Zone, **changed: bytes) -> tuple[Page, list[str], list[str]]:
    """The page behind somebody who answers *changed* in the place of what the server says; what it posts and complains of."""
    page = await (await chromium.new_context()).new_page()
    said: list[str] = []
    posted: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    for path, body in changed.items():
        kind = {"browser": "text/html", "script": "text/javascript", "keys": "application/json"}[path]

        async def answer(route: Route, *, body: bytes = body, kind: str = kind) -> None:
            original = await route.fetch()
            await route.fulfill(response=original, body=body, content_type=kind)

        await page.route(f"{zone.url}/{path.replace('script', 'browser.js')}", answer)
    await page.goto(f"{zone.url}/browser")
    return page, said, posted


async def test_keys_that_do_not_hold_together_seal_nothing_and_the_page_says_so(
    chromium: Browser, zone: Zone, public_db: Db
) -> None:
    keys = Keys.parse(await served(zone, "/keys"))
    for change, said in CHANGES.items():
        page, _, posted = await opened(chromium, zone, keys=change(keys, zone))
        await fill(page)

        await page.click("#send")
        await page.wait_for_selector("#failed:not([hidden])", timeout=60_000)

        assert said in await page.inner_text("#failed-words"), change.__name__
        assert posted == [], change.__name__
        assert await page.input_value("#message") != ""
        await page.context.close()
    assert await collect_handed_in(zone, public_db, zone.unit) == {}
    assert await collect_handed_in(zone, public_db, zone.oversight) == {}


async def test_a_script_that_did_not_come_whole_leaves_words_that_say_what_to_do(chromium: Browser, zone: Zone) -> None:
    script = await served(zone, "/browser.js")

    page, _, posted = await opened(chromium, zone, script=script[: len(script) // 2])

    said = await page.inner_text("main")
    assert "did not come whole" in said
    assert "the form" in said
    assert not await page.is_visible("#send")
    assert posted == []
    await page.context.close()


async def test_a_script_changed_by_one_letter_does_not_run_unless_the_page_was_changed_as_well(
    chromium: Browser, zone: Zone
) -> None:
    script, body = await served(zone, "/browser.js"), await served(zone, "/browser")
    changed = script.replace(b"The line broke", b"The line brake", 1)
    assert changed != script

    page, said, posted = await opened(chromium, zone, script=changed)

    shown = await page.inner_text("main")
    assert "This page needs its script" in shown
    assert "somebody changed it on the way" in shown
    assert any("integrity" in text for text in said)
    assert not await page.is_visible("#send")
    assert posted == []
    await page.context.close()

    both, _, _ = await opened(chromium, zone, script=changed, browser=re.sub(b' integrity="[^"]+"', b"", body))
    await both.wait_for_selector("#send")  # so far goes a server that changes the page too
    await both.context.close()


async def test_a_script_that_somebody_writes_into_the_page_does_not_run(chromium: Browser, zone: Zone) -> None:
    body = await served(zone, "/browser")
    inline = (
        b"<script>document.title='taken'</script><script src='data:text/javascript,document.title=1'></script></main>"
    )

    page, said, _ = await opened(chromium, zone, browser=body.replace(b"</main>", inline))

    assert not re.search("taken|^1$", await page.title())
    assert len([text for text in said if "Content Security Policy" in text]) >= 2
    assert await page.is_visible("#send")
    await page.context.close()
