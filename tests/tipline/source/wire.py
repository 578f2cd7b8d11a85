"""Everything that a browser says to a server, byte for byte: a relay that stands between them and writes it down."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

_PIECE: Final = 1 << 16
_TAIL: Final = 2 * _PIECE  # bytes in which a test looks for a place to cut


@dataclass(slots=True)
class Wire:
    """What was said.

    Attributes:
        url: where the relay listens.
        heard: all bytes of the browser's.
        cut: says of the newest bytes of a connection whether the line breaks now; none breaks as it is made.
    """

    url: str = ""
    heard: bytearray = field(default_factory=bytearray)
    cut: Callable[[bytes], bool] = lambda _: False

    def asked(self, line: str) -> int:
        """How often a request began with this line, as `POST /hand-in`."""
        return bytes(self.heard).count(f"{line} HTTP/1.1\r\n".encode())


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, take: Callable[[bytes], bool]) -> None:
    """Hand on what comes until one side ends, or until *take* says of a piece that the line breaks."""
    with suppress(ConnectionError):
        while data := await reader.read(_PIECE):
            if take(data):
                break
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[Wire]:
    """Relay to *port* of the loopback, from a port of its own."""
    wire = Wire()
    ends: list[asyncio.StreamWriter] = []
    working: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, browser: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection("127.0.0.1", port)
        ends.extend((browser, server))
        said = bytearray()

        def hear(data: bytes) -> bool:
            wire.heard += data
            said.extend(data)
            del said[:-_TAIL]
            if wire.cut(bytes(said)):
                browser.transport.abort()
                return True
            return False

        up = asyncio.create_task(_carry(reader, server, hear))
        working.add(up)
        await _carry(answers, browser, lambda _: False)
        await up

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        working.add(asyncio.create_task(serve(reader, writer)))

    listening = await asyncio.start_server(begin, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        listening.close()
        for end in ends:
            end.transport.abort()
        await asyncio.wait(working)
        await asyncio.sleep(0)
