"""People who do not give up when an answer is lost: each looks what has become of the act, and does it again if nothing has."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
import asyncpg

from tests.journeys.browser import Browser, JourneyError, Page, Upload
from tests.journeys.installation import Installation
from tipline.base.database import StoreError, store_errors

LOST = (aiohttp.ClientError, ConnectionError, TimeoutError, JourneyError)
"""What a killed process looks like from outside."""

TRIES = 200
_ANSWER_SECONDS = 45.0
_PAUSE = 0.3
_SIGN_IN = "/sign-in"
# The codes of one account serve once each, one every 30 seconds. Somebody who has to sign in again would wait for the
# next; here that wait is left out, and the tries that a killed process counted are forgiven as if it were tomorrow.
_NEXT_CODE = "UPDATE {schema}.account SET last_step = 0, failures = 0, locked_until = NULL WHERE name = $1"

SAID = "boxes with tusks are moved at night from shed"

Act = Callable[["Worker"], Awaitable[object]]
Look = Callable[["Worker"], Awaitable[bool]]


class Worker:
    """One person of the unit or of an agency at one process; signs in again whenever the session has gone."""

    def __init__(self, on: Installation, process: str, name: str, heard: Callable[[], None] = lambda: None) -> None:
        self._on = on
        self._heard = heard
        self._process = process
        self._card = on.cards[process, name]
        self._browser = Browser(on.url(process))
        self._in = False

    @property
    def passphrase(self) -> str:
        """What is typed to unlock."""
        return self._card.passphrase

    async def close(self) -> None:
        """Leave the desk."""
        await self._browser.__aexit__(None, None, None)

    async def open(self, path: str) -> Page:
        """Open a page as somebody signed in; one of `LOST` when that does not work now."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            if not self._in:
                await self._sign_in()
            return self._still_in(await self._browser.open(path))

    async def submit(self, action: str, *, status: int = 200, **typed: str | list[str]) -> Page:
        """Send a form of the page in view; after one of `LOST` it is unknown whether it counted."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            return self._still_in(await self._browser.submit(action, status=status, **typed))

    async def file(self, path: str) -> bytes:
        """Save a file."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            return (await self._browser.open(path)).body

    async def until(self, what: str, seen: Look, act: Act) -> None:
        """Look whether it has been done, do it if not, and look again, until it has been seen done."""
        last: BaseException | None = None
        for _ in range(TRIES):
            try:
                if await seen(self):
                    self._heard()
                    return
                await act(self)
            except LOST as error:
                last = error
                await asyncio.sleep(_PAUSE)
        raise JourneyError(f"{self._card.name} does not get this done: {what} ({type(last).__name__}: {last})")

    async def look(self, path: str) -> Page:
        """Open a page, however often that takes."""
        last: BaseException | None = None
        for _ in range(TRIES):
            try:
                return await self.open(path)
            except LOST as error:
                last = error
                await asyncio.sleep(_PAUSE)
        raise JourneyError(f"{self._card.name} cannot open {path} ({type(last).__name__}: {last})")

    async def _sign_in(self) -> None:
        await self._next_code()
        await self._browser.open(_SIGN_IN)
        page = await self._browser.submit(
            _SIGN_IN, name=self._card.name, passphrase=self._card.passphrase, code=self._card.code()
        )
        self._in = True
        self._still_in(page)

    def _still_in(self, page: Page) -> Page:
        if page.path == _SIGN_IN:
            self._in = False
            raise JourneyError("signed out")
        return page

    async def _next_code(self) -> None:
        try:
            with store_errors():
                connection = await asyncpg.connect(self._on.owner_dsn("inside"), timeout=_ANSWER_SECONDS)
                try:
                    await connection.execute(_NEXT_CODE.format(schema=self._process), self._card.name)
                finally:
                    connection.terminate()
        except (StoreError, OSError):
            raise JourneyError("the database is not up") from None


@dataclass(slots=True)
class Source:
    """One source: what it says, its file if it has one, and the codename once it was shown.

    Attributes:
        answers: texts that it saw accepted.
    """

    on: Installation
    number: int
    data: bytes | None
    codename: str = ""
    answers: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it reports; short enough to stand whole in a list."""
        return f"tip {self.number:05}: {SAID} {self.number * 7}"

    async def report(self) -> None:
        """Report; when the answer is lost, go back to the form with all that was typed and send the very same again."""
        form: Page | None = None
        async with Browser(self.on.url("source")) as browser:
            for _ in range(TRIES):
                try:
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        form = form or await browser.open("/")
                        browser.page = form  # back from an error page
                        page = await browser.submit("/", involved="no", message=self.text)
                    self.codename = page.ids["codename"]
                except LOST:
                    await asyncio.sleep(_PAUSE)
                else:
                    break
            if self.codename and self.data is not None:
                await self._send_file(browser, Upload("files", "photo.bin", self.data))

    async def _send_file(self, browser: Browser, file: Upload) -> None:
        """Send the file; when the answer is lost, come back with the codename and send it again: it counts once."""
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await browser.open("/files")
                    page = await browser.submit("/files", files=[file])
                if "safe with us" in page.text:
                    return
            except LOST:
                await asyncio.sleep(_PAUSE)
            await self._come_back(browser)
        raise JourneyError(f"source {self.number} cannot send its file")

    async def reads(self) -> str:
        """Come back with the codename; return what the page says."""
        async with Browser(self.on.url("source")) as browser:
            return (await self._come_back(browser)).text

    async def answers_to(self, reply: str, answer: str) -> bool:
        """Come back, and when *reply* stands there send *answer*, the same form again when its answer is lost."""
        async with Browser(self.on.url("source")) as browser:
            page = await self._come_back(browser)
            if reply not in page.text:
                return False
            for _ in range(TRIES):
                browser.page = page
                try:
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        sent = await browser.submit("/answer", answer=answer)
                except LOST:
                    await asyncio.sleep(_PAUSE)
                else:
                    if sent.path == "/thread":
                        self.answers.append(answer)
                        return True
        raise JourneyError(f"source {self.number} cannot send its answer")

    async def _come_back(self, browser: Browser) -> Page:
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await browser.open("/return")
                    page = await browser.submit("/return", codename=self.codename)
                if page.path == "/thread":
                    return page
            except LOST:
                await asyncio.sleep(_PAUSE)
        raise JourneyError(f"source {self.number} cannot come back with its codename")
