"""HAProxy as deploy/ sets it up, a source process behind it that does as it is told, and circuits as Tor announces them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.deploy.filled import filled, tool
from tests.running import started, stop

_START_SECONDS = 20.0


@dataclass(slots=True)
class Source:
    """Stands where the source process does: notes what arrives, and lets requests to /hold wait."""

    arrived: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    holding: asyncio.Condition = field(default_factory=asyncio.Condition)
    held: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def holds(self, count: int) -> None:
        """Wait until so many requests are being held."""
        async with self.holding:
            await self.holding.wait_for(lambda: self.held == count)

    async def answer(self, request: web.Request) -> web.Response:
        self.arrived.append(request.path)
        self.headers.append(dict(request.headers))
        if request.query_string == "hold":
            async with self.holding:
                self.held += 1
                self.holding.notify_all()
            await self.go_on.wait()
        size = 0
        async for piece in request.content.iter_any():
            size += len(piece)
        self.bodies.append(size)
        return web.Response(text="here")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status 0 when the connection was closed without a word."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(slots=True)
class Front:
    """HAProxy between *source* and the test."""

    folder: Path
    source: Source
    server: TestServer

    async def leave(self) -> None:
        """End the source process."""
        await self.server.close()

    async def connect(self, circuit: int | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection as Tor does for a visitor of *circuit*; None says nothing of a circuit."""
        return await connect(self.folder, circuit)

    async def ask(
        self, path: str = "/", *, circuit: int | None = 1, method: str = "GET", body: bytes = b"", more: str = ""
    ) -> Answer:
        """Ask once and read the answer to its end."""
        reader, writer = await self.connect(circuit)
        try:
            head = f"{method} {path} HTTP/1.1\r\nHost: a.onion\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{more}\r\n"
            writer.write(head.encode() + body)
            return await read(reader)
        finally:
            writer.close()

    def files(self) -> list[str]:
        """Everything that lies in HAProxy's folder."""
        return sorted(str(path) for path in self.folder.rglob("*"))

    def wrote(self) -> str:
        """Everything that HAProxy has written."""
        return (self.folder / "haproxy.out").read_text()


async def connect(folder: Path, circuit: int | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection to the HAProxy of *folder* as Tor does for a visitor of *circuit*."""
    reader, writer = await asyncio.open_unix_connection(str(folder / "source.sock"))
    if circuit is not None:
        writer.write(f"PROXY TCP6 {address_of(circuit)} ::1 80 80\r\n".encode())
    return reader, writer


def address_of(circuit: int) -> str:
    """Spell a circuit's number as Tor does."""
    return f"fc00:dead:beef:4dad::{circuit >> 16:x}:{circuit & 0xFFFF:x}"


async def read(reader: asyncio.StreamReader) -> Answer:
    """Read one answer until its connection is closed or cut; names of headers in lower case."""
    raw = b""
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    if not head:
        return Answer(0, {}, "")
    first, *lines = head.decode().split("\r\n")
    headers = (line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), {name.lower(): value for name, value in headers}, body.decode())


@asynccontextmanager
async def a_front(folder: Path, *, seconds: str = "", counted: str = "20s", **values: int) -> AsyncIterator[Front]:
    """Start source and HAProxy with *values* in the place of deploy's.

    *seconds* shortens every silence that is borne, *counted* the time over which requests are counted.
    """
    source = Source()
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", source.answer)
    async with TestServer(app) as server:
        assert server.port
        async with haproxy(folder, server.port, seconds=seconds, counted=counted, **values):
            try:
                yield Front(folder, source, server)
            finally:
                source.go_on.set()


@asynccontextmanager
async def haproxy(
    folder: Path, source_port: int, *, seconds: str = "", counted: str = "20s", **values: int
) -> AsyncIterator[None]:
    """Run HAProxy in front of whatever listens on *source_port*; the rest as in `a_front`."""
    config = filled(folder, source_port=source_port, **values) / "haproxy/haproxy.cfg"
    text = config.read_text().replace("http_req_rate(20s)", f"http_req_rate({counted})")
    config.write_text(text.replace("60s", seconds).replace("90s", seconds) if seconds else text)
    running = started([tool("haproxy"), "-db", "-f", str(config)], folder / "haproxy.out")
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not (folder / "source.sock").exists():
                assert running.poll() is None, (folder / "haproxy.out").read_text()
                await asyncio.sleep(0.05)
        yield
    finally:
        stop([running])
