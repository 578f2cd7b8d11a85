"""The acts of sources who seal by themselves: what came sealed, our server cannot have read. One act for each way."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.journeys.acts import CANARY_FILE, Story, need
from tests.journeys.browser import Browser, JourneyError, Page, Upload
from tests.journeys.files import photograph
from tests.journeys.installation import Installation
from tests.journeys.screens import Screen, some_browser
from tests.journeys.traces import begins
from tipline import kit

COMMAND_MESSAGE = "two crates of horn at berth nine, canary whistlethorn"
COMMAND_ANSWER = "the crates left on Monday, canary in the answer from the device"
KIT_MESSAGE = "claws in a hat box on the night train, canary fieldfare"
BROWSER_MESSAGE = "ivory in the organ loft, canary thornbill"
BROWSER_REPLY = "Who plays that organ?"
_REPLY = "Which ship are they for?"


async def sealed_with_the_command(story: Story) -> tuple[str, str]:
    """A source seals with `tipline tip`, hands in without script, picks up, opens, answers; the corridor sees the way."""
    device = Device(story.on.data / "public" / "root.pub", story.folder / "device")
    async with Browser(story.on.url("source")) as source:
        device.write("keys.json", (await source.open("/keys")).body)
        device.write("drums.jpg", photograph(CANARY_FILE))
        said = device.tip("seal", *device.to, "-o", "out", "drums.jpg", stdin=COMMAND_MESSAGE)
        codename, code = words(said)
        story.secrets += [codename, code]
        await hand_in(source, device.folder / "out")
        amina = await story.signed_in("corridor", "amina")
        tip = await arrived(
            story, amina, COMMAND_MESSAGE, "Sealed before it reached us", "Same person's device", "drums.jpg"
        )
        await amina.submit("/reply", text=_REPLY)
        story.on.tipline("mailboxes")
        await source.open("/pickup")
        device.write("pickup.tar", (await source.submit("/pickup", code=code)).body)
        need(_REPLY in device.tip("open", "pickup.tar", stdin=codename), "the reply does not open on the device")
        device.write("answer", COMMAND_ANSWER.encode())
        device.tip("reply", "pickup.tar", *device.to, "--message", "answer", "-o", "back", stdin=codename)
        await hand_in(source, device.folder / "back")
    await arrived(story, amina, COMMAND_ANSWER, "up to number 1", at=tip.path)
    device.forget()
    return (
        "sealed by the command under the root on the poster, handed in, picked up, opened there and answered",
        "ciphertext that this server never had in clear, and a place that only the codename opens",
    )


async def sealed_in_the_kit(story: Story) -> tuple[str, str]:
    """A source opens the kit from a file with the network off, seals there, and hands in what it saved without script."""
    device = Device(story.on.data / "public" / "root.pub", story.folder / "laptop")
    codename, code, sealed = await asyncio.to_thread(_seals_in_the_kit, story.on, device)
    story.secrets += [codename, code]
    async with story.visitor("source") as source:
        await hand_in(source, sealed)
    amina = await story.signed_in("corridor", "amina")
    await arrived(story, amina, KIT_MESSAGE, "Sealed before it reached us", "Same person's device", "drums.jpg")
    device.forget()
    return (
        "kit.html made, opened from a file with the network off, sealed there, handed in and read in the corridor",
        "ciphertext that this server never had in clear; the kit asked nobody for anything",
    )


def _seals_in_the_kit(unit: Installation, device: "Device") -> tuple[str, str, Path]:
    """Make the kit, write a tip in it, save what is to be handed in; codename, pickup code, the folder with the one file."""
    device.write("drums.jpg", photograph(CANARY_FILE))
    out = device.folder / "out"
    out.mkdir(mode=0o700)
    with some_browser(online=False) as browser:
        unit.tipline("kit", "-o", str(device.folder), "--key", str(unit.data / "practice" / "root.key"))
        browser.open((device.folder / kit.PAGE_NAME).as_uri())
        browser.wait_for("#go-tell")
        browser.click("#go-tell")
        browser.click("input[name=involved][value=no]")
        browser.fill("#message", KIT_MESSAGE)
        browser.upload("#tell-files", device.folder / "drums.jpg")
        browser.click("#tell-form button[type=submit]")
        browser.wait_for("#sealed", seconds=240)
        browser.click("#sealed .files button")
        saved = browser.downloaded("hand-in-1-of-1.tip")
        (out / saved.name).write_bytes(saved.read_bytes())
        return " ".join(browser.text("#codename").split()), " ".join(browser.text("#pickup").split()), out


async def sealed_in_the_browser(story: Story) -> tuple[str, str]:
    """A source seals in the page of a real browser; the corridor replies, and the source reads it on their own device."""
    device = Device(story.on.data / "public" / "root.pub", story.folder / "desktop")
    codename, code = await asyncio.to_thread(_seals_in_the_page, story.on.url("source"), device)
    story.secrets += [codename, code]
    amina = await story.signed_in("corridor", "amina")
    await arrived(story, amina, BROWSER_MESSAGE, "Sealed in your browser", "served another one", "drums.jpg")
    await amina.submit("/reply", text=BROWSER_REPLY)
    story.on.tipline("mailboxes")
    async with story.visitor("source") as source:
        await source.open("/pickup")
        device.write("pickup.tar", (await source.submit("/pickup", code=code)).body)
    need(BROWSER_REPLY in device.tip("open", "pickup.tar", stdin=codename), "the reply does not open on the device")
    device.forget()
    return (
        "sealed by the page of a real browser, collected, answered, picked up with the code and opened on the device",
        "ciphertext; and the page itself: who controls this server can serve another one, as it says",
    )


def _seals_in_the_page(site: str, device: "Device") -> tuple[str, str]:
    device.write("drums.jpg", photograph(CANARY_FILE))
    with some_browser(online=True) as browser:
        return seals_in_the_page(browser, site, device.folder / "drums.jpg", message=BROWSER_MESSAGE)


def seals_in_the_page(
    browser: Screen, site: str, file: Path, *, message: str, how_known: str = "", must_not_learn: str = ""
) -> tuple[str, str]:
    """Write a tip in the page that seals in the browser, and send it; the codename and the pickup code that it shows."""
    browser.open(f"{site}/browser")
    browser.wait_for("#write")
    begins(browser)
    browser.click("input[name=involved][value=no]")
    for field, text in (("message", message), ("how_known", how_known), ("must_not_learn", must_not_learn)):
        browser.fill(f"#{field}", text)
    browser.upload("#files", file)
    browser.click("#send")
    browser.wait_for("#done", seconds=240)
    return " ".join(browser.text("#codename").split()), " ".join(browser.text("#pickup").split())


class Device:
    """A source's own machine: a folder, the command, and the root as it stands on the poster."""

    def __init__(self, poster: Path, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.to = ("--kit", "keys.json", "--root", poster.read_text("ascii").strip())

    def write(self, name: str, data: bytes) -> None:
        """Save a file there."""
        (self.folder / name).write_bytes(data)

    def tip(self, *args: str, stdin: str) -> str:
        """Run `tipline tip`; its output."""
        command = [sys.executable, "-m", "tipline.cli.main", "tip", *args]
        done = subprocess.run(
            command, cwd=self.folder, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise JourneyError(f"tipline tip {args[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def forget(self) -> None:
        """Remove what is in clear there, as a source does: the device is no part of the installation."""
        for name in ("drums.jpg", "answer"):
            (self.folder / name).unlink(missing_ok=True)


def words(said: str) -> tuple[str, str]:
    """The codename and the pickup code that were printed."""
    lines = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    code = next(line for line in lines if line.startswith("pickup1 "))
    return " ".join(lines[:4]), code


async def hand_in(source: Browser, folder: Path) -> None:
    """Give the page every file of a hand-in."""
    await source.open("/hand-in")
    page = await source.submit("/hand-in", files=uploads(folder))
    need("It has arrived" in page.text, f"the hand-in was not taken whole: {page.text[:400]}")


def uploads(folder: Path) -> list[Upload]:
    """The files in a folder, as a person picks them."""
    return [Upload("files", path.name, path.read_bytes()) for path in sorted(folder.iterdir())]


async def arrived(story: Story, amina: Browser, *texts: str, at: str = "") -> Page:
    """Collect, and find all of *texts* on the newest tip's page, or on the one that is named."""
    story.on.tipline("collect")
    home = await amina.open("/")
    links = [at] if at else list(dict.fromkeys(href for href, _ in home.links if "/tips/" in href))
    pages = [await amina.open(link) for link in links]
    found = [page for page in pages if all(text in page.text for text in texts)]
    need(found, f"no tip shows {texts}: {[page.text[:600] for page in pages]}")
    await amina.open(found[0].path)
    return found[0]
