"""A file on its way to the page that takes one at a time, byte by byte as a test wants."""

import asyncio
import http.client
from dataclasses import dataclass
from typing import Self

from tests.journeys.browser import Browser
from tests.tipline.source.running import Zone

TEXT = "Two men moved 14 blue drums, kestrel-canary-71, into a white Hilux."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a page of a session needs to send."""

    cookie: str
    csrf: str

    @classmethod
    async def of(cls, zone: Zone) -> Self:
        """Report, and go on to the page for files."""
        async with Browser(zone.url) as browser:
            await browser.open("/")
            sent = await browser.submit("/", involved="no", message=TEXT)
            page = await browser.open("/files")
            return cls(sent.headers["Set-Cookie"].split(";")[0], dict(page.form("/files").fields)["csrf"])


class Sending:
    """A connection of its own, whose file is sent as slowly as a test wants."""

    def __init__(
        self, zone: Zone, who: SignedIn, size: int, *, says: int | None = None, name: str = "a", chunked: bool = False
    ) -> None:
        """Send a file of *size* bytes, of which the head *says* another number where that is given, and none if *chunked*."""
        self._who, self.size, self._says, self._name, self._chunked = who, size, says, name, chunked
        self._connection = http.client.HTTPConnection("127.0.0.1", zone.settings.ports["source"], timeout=60)

    async def begin(self, **headers: str) -> None:
        """Send all that comes before the file's bytes."""
        head = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{self._who.csrf}\r\n'
        head += f'--b\r\nContent-Disposition: form-data; name="files"; filename="{self._name}"\r\n\r\n'
        self._tail = b"\r\n--b--\r\n"
        length = len(head) + (self.size if self._says is None else self._says) + len(self._tail)
        self._connection.putrequest("POST", "/files")
        told = {"Transfer-Encoding": "chunked"} if self._chunked else {"Content-Length": str(length)}
        asked = {"Content-Type": "multipart/form-data; boundary=b", **told, **headers}
        for name, value in {"Cookie": self._who.cookie, **asked}.items():
            self._connection.putheader(name, value)
        self._connection.endheaders()
        await self.send(head.encode())

    async def send(self, data: bytes) -> None:
        """Send some of the file."""
        await asyncio.to_thread(self._connection.send, b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def finish(self) -> tuple[int, str]:
        """Send the end; return status and answer."""
        await self.send(self._tail)
        if self._chunked:
            await self.send(b"")
        return await self.answer()

    async def answer(self) -> tuple[int, str]:
        """Return status and answer, also when not all has been sent."""
        answer = await asyncio.to_thread(self._connection.getresponse)
        body = await asyncio.to_thread(answer.read)
        self._connection.close()
        return answer.status, body.decode()

    def drop(self) -> None:
        """Break the line."""
        self._connection.close()
