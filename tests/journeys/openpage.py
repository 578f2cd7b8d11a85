"""An agency's officer at open.html in a real browser, from a file, without a network: makes a key, opens, acknowledges, answers."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import BrowserContext, Page

from tipline import openpage

SLOW = 240_000  # ms; stretching a passphrase takes a minute where nothing compiles


@dataclass(slots=True)
class Officer:
    """One officer with one folder, in which everything lies that they saved."""

    page: Page
    folder: Path
    words: str = ""
    asked: list[str] = field(default_factory=list)  # every address that was asked for
    said: list[str] = field(default_factory=list)  # what the browser reports in its console

    @classmethod
    async def sits_down(cls, context: BrowserContext, folder: Path) -> "Officer":
        """Open the page from a file, with the network off."""
        file = await asyncio.to_thread(_saved, folder)
        await context.set_offline(offline=True)
        officer = cls(await context.new_page(), folder)
        officer.page.on("request", lambda request: officer.asked.append(request.url))
        officer.page.on("console", lambda message: officer.said.append(message.text))
        officer.page.on("pageerror", lambda error: officer.said.append(str(error)))
        await officer.page.goto(file.as_uri())
        return officer

    async def makes_a_key(self, name: str) -> str:
        """Make the agency's key and save both files; the fingerprint as it is read aloud."""
        page = self.page
        await page.click("#make > summary")
        await page.fill("#make-name", name)
        self.words = await page.inner_text("#make-words")
        await page.fill("#make-again", self.words.upper())
        await page.click("#make-form button[type=submit]")
        await page.wait_for_selector("#made", timeout=SLOW)
        await self.saves("#make-key")
        await self.saves("#make-public")
        return await page.inner_text("#make-fingerprint")

    async def chooses(self, *, unit: bool = True, passphrase: str = "", **files: str) -> None:
        """Fill the form with the files of the folder, or others by the field's name."""
        names = {"package": "package.age", "signature": "package.age.sig", "key": "agency-key.age"}
        if unit:
            names["unit"] = "unit-keys.json"
        for name, file in {**names, **files}.items():
            await self.page.set_input_files(f"#open-{name}", self.folder / file)
        await self.page.fill("#open-passphrase", passphrase or self.words)

    async def chooses_again(self) -> None:
        """Choose the package and its signature once more; the key stays chosen, and unlocked."""
        for name, file in (("package", "package.age"), ("signature", "package.age.sig")):
            await self.page.set_input_files(f"#open-{name}", self.folder / file)

    async def presses(self) -> str:
        """Press the button; what the page says is wrong, empty when the package is open."""
        await self.page.click("#open-form button[type=submit]")
        await self.page.wait_for_selector("#opened:not([hidden]), #open-form-problem:not([hidden])", timeout=SLOW)
        if await self.page.is_visible("#opened"):
            return ""
        return await self.page.inner_text("#open-form-problem")

    async def opens(self) -> None:
        """Open the package in the folder for the first time: compare, tick, press again, save the key file with the pin."""
        await self.chooses()
        said = await self.presses()
        if "telephone" not in said:
            raise AssertionError(said or "the package opened although nobody compared the unit's key")
        await self.page.check("#compared")
        said = await self.presses()
        if said:
            raise AssertionError(said)

    async def saves_the_pin(self) -> None:
        """Make the key file anew, with the unit's key in it, in the place of the old one."""
        await self.page.click("#pin-form button[type=submit]")
        await self.page.wait_for_selector("#pin-key:not([hidden])", timeout=SLOW)
        await self.saves("#pin-key")

    async def acknowledges(self) -> str:
        """The text to paste; the file is saved too, and says the same."""
        await self.page.click("#acknowledge-form button")
        return await self._written("acknowledgement")

    async def answers(self, code: str, words: str) -> str:
        """Fill the form of an answer; the text to paste."""
        await self.page.select_option("#code", code)
        await self.page.check("input[name=tell_source][value=yes]")
        await self.page.fill("#words", words)
        await self.page.click("#answer-form button[type=submit]")
        return await self._written("answer")

    async def reads(self) -> str:
        """The text of the page in the frame."""
        frame = self.page.frame_locator("#page")
        return await frame.locator("main").inner_text()

    async def saves(self, link: str) -> Path:
        """Press a link that saves a file, and save it into the folder under the name that it offers."""
        async with self.page.expect_download() as waiting:
            await self.page.click(link)
        download = await waiting.value
        target = self.folder / download.suggested_filename
        await download.save_as(target)
        return target

    async def _written(self, what: str) -> str:
        await self.page.wait_for_selector(f"#{what}-written:not([hidden])")
        text = await self.page.input_value(f"#{what}-text")
        file = await self.saves(f"#{what}-file")
        if await asyncio.to_thread(file.read_text) != text:
            raise AssertionError("the file says something else than the text")
        return text


def _saved(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / openpage.NAME
    file.write_bytes(openpage.build())
    return file
