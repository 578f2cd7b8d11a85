"""A page warns whoever did not come through Tor, or with an old browser, on every page until it is no longer so."""

import aiohttp
import pytest

from tests.tipline.source.running import a_zone, running
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.source import warnings

ONION = "b" * 56 + ".onion"
NEW = f"Mozilla/5.0 (Windows NT 10.0; rv:{warnings.OLDEST}.0) Gecko/20100101 Firefox/{warnings.OLDEST}.0"
OLD = NEW.replace(str(warnings.OLDEST), str(warnings.OLDEST - 1))


@pytest.mark.parametrize(
    ("host", "agent", "of"),
    [
        (ONION, NEW, ()),
        (ONION.upper() + ":8080", NEW, ()),
        (ONION, "", ()),
        (ONION, "Lynx/2.9.0", ()),
        (ONION, OLD, ("old-browser",)),
        ("tips.example", NEW, ("not-tor",)),
        ("127.0.0.1:8080", OLD, ("not-tor", "old-browser")),
        (f"{ONION}.example", NEW, ("not-tor",)),
        (f"x.{ONION}", NEW, ("not-tor",)),
        ("", "Firefox/" + "9" * 9, ("not-tor",)),
    ],
)
def test_what_a_browser_says_decides_what_it_is_warned_of(host: str, agent: str, of: tuple[str, ...]) -> None:
    assert warnings.of(host, agent) == of


async def test_every_page_warns_until_it_is_asked_for_through_tor_with_a_new_browser(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    pages = ("/", "/return", "/hand-in", "/pickup", "/browser", "/no-such-page")

    with running(zone):
        async with aiohttp.ClientSession() as http:

            async def shown(path: str, host: str, agent: str) -> str:
                async with http.get(zone.url + path, headers={"Host": host, "User-Agent": agent}) as answer:
                    return await answer.text()

            warned = [await shown(path, "127.0.0.1", OLD) for path in pages]
            calm = [await shown(path, ONION, NEW) for path in pages]
            leaving = await shown("/leave-now", "127.0.0.1", OLD)

    assert all("did not come through Tor" in page and "browser is old" in page for page in warned)
    assert not any("Tor." in page.partition("<main")[0] or "browser is old" in page for page in calm)
    assert "Tor" not in leaving
