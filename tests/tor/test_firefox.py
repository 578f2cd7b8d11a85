"""The journey of a source in a real browser: Firefox with the preferences of Tor Browser at Safest, through Tor, no script."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys import files
from tests.journeys.browser import Browser
from tests.journeys.firefox import SAFEST, Firefox
from tests.tor.place import Place


@dataclass(frozen=True, slots=True)
class TorPort:
    """Tor's SOCKS port, which resolves names as well, as in Tor Browser."""

    port: int

    def preferences(self) -> dict[str, Any]:
        return {
            "network.proxy.type": 1,
            "network.proxy.socks": "127.0.0.1",
            "network.proxy.socks_port": self.port,
            "network.proxy.socks_version": 5,
            "network.proxy.socks_remote_dns": True,
            "network.dns.blockDotOnion": False,
        }


_MARK = "by the old ferry"
_SEND = "form[action={}] button[type=submit]"
_REPLY = "Is the store still in use?"


def test_at_safest_a_source_reports_answers_a_reply_leaves_comes_back_and_erases(place: Place, tmp_path: Path) -> None:
    photos = [tmp_path / name for name in ("yard.jpg", "gate.jpg")]
    for photo in photos:
        photo.write_bytes(files.photograph(photo.stem))

    with Firefox(SAFEST, proxy=TorPort(place.visitor_port)) as firefox:
        firefox.open(f"http://{place.source}/")
        firefox.click("input[name=involved][value=no]")
        firefox.type("#message", f"Crates with breathing holes, behind the saw mill. {_MARK}")
        firefox.click("main form button[type=submit]")
        firefox.wait_for("div#codename")
        codename = firefox.text("#codename").split()
        assert len(codename) == 12
        _sends(firefox, photos[0])
        assert "1 file is sealed" in firefox.text("[role=status]")
        firefox.click(_SEND.format("leave"))
        assert "New Identity" in firefox.text("main")
        assert firefox.cookies() == []

        asyncio.run(_replied(place))
        _comes_back(firefox, place, codename)
        assert _REPLY in firefox.text("article.message.unit")
        firefox.type("#answer", "Yes, every night.")
        firefox.click(_SEND.format("answer"))
        firefox.wait_for("p.notice[role=status]")
        assert "sealed and on its way" in firefox.text("p.notice[role=status]")
        _sends(firefox, photos[1])
        firefox.click("nav.quick a")
        assert "Flat bread" in firefox.text("body")
        assert firefox.cookies() == []

        asyncio.run(_arrived(place, "Yes, every night.", "gate.jpg"))
        _comes_back(firefox, place, codename)
        firefox.click("a[href=erase]")
        firefox.wait_for("form[action=erase]")
        firefox.click(_SEND.format("erase"))
        assert "It is erased here" in firefox.text("main")
        assert firefox.cookies() == []
        _types(firefox, place, codename)
        firefox.wait_for("#codename-problem")


def _sends(firefox: Firefox, photo: Path) -> None:
    firefox.click("a[href=files]")
    firefox.wait_for("#files")
    firefox.upload("#files", photo)
    firefox.click(_SEND.format("files"))
    firefox.wait_for("[role=status]")


def _comes_back(firefox: Firefox, place: Place, codename: list[str]) -> None:
    _types(firefox, place, codename)
    firefox.wait_for("form[action=answer]")


def _types(firefox: Firefox, place: Place, codename: list[str]) -> None:
    firefox.open(f"http://{place.source}/return")
    firefox.type("#codename", " ".join(codename))
    firefox.click(_SEND.format("return"))


async def _replied(place: Place) -> None:
    """A handler fetches what came through the drop's onion, finds the tip by its words, and replies."""
    place.unit.tipline("collect")
    async with await place.unit.sign_in("corridor", "amina") as amina:
        await _opens(amina, _MARK, "yard.jpg")
        await amina.submit("/reply", text=_REPLY)
    place.unit.tipline("mailboxes")


async def _arrived(place: Place, *words: str) -> None:
    place.unit.tipline("collect")
    async with await place.unit.sign_in("corridor", "ben") as ben:  # a one-time code opens once
        await _opens(ben, _MARK, *words)


async def _opens(handler: Browser, *words: str) -> None:
    """Let a handler open the tip that holds all these words; other tests of this folder report too."""
    for href in sorted({href for href, _ in (await handler.open("/")).links if re.search(r"/tips/[^/?]+$", href)}):
        tip = await handler.open(href)
        if all(word in tip.text for word in words):
            return
    raise AssertionError(f"no tip holds all of {words}")
