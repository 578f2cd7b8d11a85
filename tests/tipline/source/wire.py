"""Everything that a browser says to a server, byte for byte: a relay that stands between them, writes it down, and can be slow."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

_PIECE: Final = 1 << 16
_SLOW_PIECE: Final = 1 << 11
_BUFFER: Final = 1 << 13  # bytes that a slow line takes at once, so that a browser sees how slow it is
_SEGMENT: Final = 1200  # bytes; the loopback's own of 64 KiB make the sender's kernel hold a whole report
_TAIL: Final = 2 * _PIECE  # bytes in which a test looks for a place to cut


@dataclass(slots=True)
class Wire:
    """What was said.

    Attributes:
        url: where the relay listens.
        heard: all bytes of the browser's.
        cut: says of the newest bytes of a connection whether the line breaks now; none breaks as it is made.
        lose: says of the same bytes, when an answer comes, whether the line breaks before it is handed on.
        rate: bytes a second that a connection carries each way; None is as fast as this machine.
        trip: seconds from the browser to the server and back.
    """

    url: str = ""
    heard: bytearray = field(default_factory=bytearray)
    cut: Callable[[bytes], bool] = lambda _: False
    lose: Callable[[bytes], bool] = lambda _: False
    rate: int | None = None
    trip: float = 0.0

    def asked(self, line: str) -> int:
        """How often a request began with this line, as `POST /hand-in`."""
        return bytes(self.heard).count(f"{line} HTTP/1.1\r\n".encode())


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, take: Callable[[bytes], bool], wire: Wire
) -> None:
    """Hand on what comes until one side ends, or until *take* says of a piece that the line breaks."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        while data := await reader.read(_PIECE if wire.rate is None else _SLOW_PIECE):
            if take(data):
                break
            if wire.rate is None:
                writer.write(data)
                await writer.drain()
            else:
                loop.call_later(wire.trip / 2, writer.write, data)
                await asyncio.sleep(len(data) / wire.rate)
    loop.call_later(wire.trip / 2, writer.close)


@asynccontextmanager
async def relay(port: int, *, rate: int | None = None, trip: float = 0.0) -> AsyncIterator[Wire]:
    """Relay to *port* of the loopback, from a port of its own; *rate* and *trip* as in `Wire`."""
    wire = Wire(rate=rate, trip=trip)
    ends: list[asyncio.StreamWriter] = []
    working: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, browser: asyncio.StreamWriter) -> None:
        await asyncio.sleep(wire.trip)  # as long as opening a connection takes
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

        def answer(_: bytes) -> bool:
            if lost := wire.lose(bytes(said)):
                browser.transport.abort()
            return lost

        up = asyncio.create_task(_carry(reader, server, hear, wire))
        working.add(up)
        await _carry(answers, browser, answer, wire)
        await up

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        working.add(asyncio.create_task(serve(reader, writer)))

    ear = socket.create_server(("127.0.0.1", 0))
    if rate is not None:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        ear.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
    listening = await asyncio.start_server(begin, sock=ear, limit=_PIECE if rate is None else _BUFFER)
    wire.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        listening.close()
        for end in ends:
            end.transport.abort()
        await asyncio.wait(working)
        await asyncio.sleep(0)
