"""A source who seals on their own device and hands in what comes out: slip and files, with the real sealer."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from aiohttp.test_utils import TestServer

from crypto.codename import Codename, SourceKeys, keys, new_token, pickup_code
from crypto.digest import sha256
from tests.journeys.browser import Upload
from tests.tipline.source.running import TODAY, TestUnit
from tipline import device
from tipline.base import database
from tipline.base.settings import Settings
from tipline.base.web import Site
from tipline.device import Attached, Standing
from tipline.envelope import Answer, IntakeKey, Place, Tip
from tipline.handin import Slip
from tipline.questionnaire import current
from tipline.source import arrive, forget, keep
from tipline.source.ceilings import Ceilings, Gate
from tipline.source.channel import Keep
from tipline.source.context import KEEP
from tipline.source.pages import About
from tipline.units import Units

TEXT = "Horn in a container at berth nine."


class Memory:
    """A sealed part that stays in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data

    def discard(self) -> None:
        self.data.clear()

    def pieces(self) -> list[bytes]:
        return [bytes(self.data)]


@dataclass(frozen=True, slots=True)
class HandIn:
    """One hand-in: its slip and its files, in order."""

    codename: Codename
    slip: Slip
    files: tuple[bytes, ...]

    @property
    def keys(self) -> SourceKeys:
        return keys(self.codename)

    @property
    def code(self) -> str:
        return pickup_code(self.keys.lookup).expose().decode()

    @property
    def place(self) -> Place:
        return Place.open(self.slip.now, self.keys.state, mailbox=self.keys.mailbox)

    def uploads(self, *numbers: int) -> list[Upload]:
        """The files with these numbers, or all of them."""
        names = self.slip.file_names
        return [
            Upload("files", names[number - 1], self.files[number - 1])
            for number in numbers or range(1, len(self.files) + 1)
        ]


def intake(unit: TestUnit, *, ended: int | None = None) -> IntakeKey:
    """The key that `a_zone` publishes, or one that ended so many days ago."""
    if ended is None:
        return unit.statement()
    last = TODAY - timedelta(days=ended)
    return IntakeKey(unit.id, 1, unit.intake.recipient, last - timedelta(days=6), last)


def seal(
    key: IntakeKey, *contents: bytes, text: str = TEXT, codename: Codename | None = None, follows: bytes | None = None
) -> HandIn:
    """Seal one report with files; *follows* is the sealed place of the mailbox, for an answer.

    Like a careless client it does not ask whether the thread is that unit's: the server has to.
    """
    codename = codename or Codename.from_token(new_token())
    source = keys(codename)
    after = None
    if follows is not None:
        place = Place.open(follows, source.state, mailbox=source.mailbox)
        after = Standing(replace(place, unit=key.unit), sha256(follows))
    sealed = device.seal(
        source,
        key,
        Tip(text, "", "", urgent=False) if follows is None else Answer(text),
        [Attached(f"{number}.bin", "image/jpeg", [content]) for number, content in enumerate(contents)],
        after=after,
        at=datetime.now(UTC).replace(microsecond=0),
        new=Memory,
    )
    files = tuple(b"".join(file.pieces()) for file in sealed)
    return HandIn(codename, Slip.parse(files[0][: files[0].index(b"\n") + 1]), files)


def a_gate(settings: Settings) -> Gate:
    """What `keep` lets in, by these settings."""
    return Gate(Ceilings.of(settings), settings.public)


@asynccontextmanager
async def in_one_process(settings: Settings) -> AsyncIterator[TestServer]:
    """Run worker and `keep` in this process."""
    pool = await database.pool(database.dsn_for(settings, "tipline_keep"))
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(keep._serve(pool, forget.Door(), a_gate(settings), theirs))
    site = Site(name="source", title=settings.name, practice=True, style="source")
    about = About(
        unit="unit",
        oversight="oversight",
        emergency="112",
        reading_hours="on working days",
        reads="English",
        file_max=10**9,
    )
    connected = await Keep.connect(ours)
    app = arrive.make(site, about, Units.load(settings.public), settings.public, questionnaire=current.default())
    app[KEEP] = connected
    try:
        async with TestServer(app) as server:
            yield server
    finally:
        connected.writer.close()
        serving.cancel()
        await asyncio.wait([serving])
        await pool.close()


def multipart(*files: bytes) -> bytes:
    """The body of a form with these files, under the boundary `b`."""
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.tip"\r\n\r\n'
    return b"".join(head + file + b"\r\n" for file in files) + b"--b--\r\n"


async def send(port: int, body: bytes, *, cut: int | None = None) -> dict[str, object] | None:
    """Hand a form in as a script does; with *cut* the line breaks after so many bytes, and there is no answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        "POST /hand-in HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:cut])
    await writer.drain()
    if cut is not None:
        writer.close()
        return None
    answer = await reader.read()
    writer.close()
    value: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return value
