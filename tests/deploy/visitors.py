"""Sources behind Tor's worst lines, in front of a real HAProxy: so many bytes a second, so long a way, a circuit each."""

import asyncio
import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.deploy import front
from tests.deploy.front import Answer

SLOW_RATE: Final = 20_000  # bytes a second
SLOW_TRIP: Final = 1.0  # seconds between question and answer

_TURNS: Final = 4  # pieces in a second
_HIDDEN = re.compile(r'type="hidden" name="(token|ticket|csrf)" value="([^"]+)"')
_CODENAME = re.compile(r'<div id="codename".*?</div>', re.DOTALL)
_BOUNDARY: Final = "----a-boundary-of-a-browser"


class RefusedError(Exception):
    """A page was not what this visitor came for; the text is its status."""


@dataclass(slots=True)
class Visitor:
    """One source; *rate* 0 is a line without a limit."""

    folder: Path
    circuit: int
    rate: int = 0
    trip: float = 0.0
    cookie: str = ""

    async def form(self) -> dict[str, str]:
        """Fetch the form; return what stands hidden in it."""
        return _hidden(await self.ask("GET", "/"))

    async def report(self, message: str, *, wait: float = 0.0) -> str:
        """Report after so many seconds at the form; return the codename."""
        hidden = await self.form()
        await asyncio.sleep(wait)
        return _codename(await self.send("/", {**hidden, "involved": "no", "message": message}))

    async def add_file(self, size: int) -> None:
        """Go on to the page for files and send one."""
        await self.send("/files", _hidden(await self.ask("GET", "/files")), file=size)

    async def come_back(self, codename: str) -> None:
        """Sign in."""
        body = f"codename={codename.replace(' ', '+')}".encode()
        await self.ask("POST", "/return", body, "application/x-www-form-urlencoded")

    async def answer(self, text: str) -> None:
        """Write in the thread."""
        hidden = _hidden(await self.ask("GET", "/thread"))
        await self.send("/answer", {**hidden, "answer": text})

    async def send(self, path: str, fields: dict[str, str], *, file: int = 0) -> Answer:
        """Send a form, and a file of so many bytes behind it."""
        body = "".join(
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        if file:
            body += (
                f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n{"x" * file}\r\n'
            )
        body += f"--{_BOUNDARY}--\r\n"
        return await self.ask("POST", path, body.encode(), f"multipart/form-data; boundary={_BOUNDARY}")

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "text/plain") -> Answer:
        """Ask at this line's speed; raises `RefusedError` for everything but 200 and 303."""
        reader, writer = await front.connect(self.folder, self.circuit)
        try:
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: a.onion\r\nConnection: close\r\nCookie: {self.cookie}\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            await self._write(writer, head.encode() + body)
            answer = await front.read(reader)
        finally:
            writer.close()
        await asyncio.sleep(self.trip + (len(answer.body) / self.rate if self.rate else 0))
        if answer.status not in (200, 303):
            raise RefusedError(answer.status)
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        step = self.rate // _TURNS if self.rate else len(data)
        for start in range(0, len(data), step):
            writer.write(data[start : start + step])
            await writer.drain()
            if self.rate:
                await asyncio.sleep(1 / _TURNS)


def _hidden(answer: Answer) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(answer.body)}


def _codename(answer: Answer) -> str:
    found = _CODENAME.search(answer.body)
    if found is None:
        raise RefusedError(answer.status)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())
