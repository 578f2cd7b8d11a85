"""What this machine can do at best: the limits that the product's figures are held against."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto import age
from tests.benchmarks.client import Client
from tests.benchmarks.table import Row
from tests.factories import free_ports

MIB = 1 << 20
UPLOAD = 100 * MIB
_SECONDS = 1.0

# Reads a multipart upload, enciphers 64 KiB pieces, writes them, and brings them to disk: one loop, nothing else.
_BARE_LOOP = """
import asyncio, os, sys
from aiohttp import web
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
async def take(request):
    cipher, part = ChaCha20Poly1305(bytes(32)), await (await request.multipart()).next()
    with open(sys.argv[2], "wb") as file:
        while piece := await part.read_chunk(65536):
            file.write(cipher.encrypt(bytes(12), bytes(piece), None))
        file.flush(); os.fsync(file.fileno())
    return web.Response()
app = web.Application()
app.add_routes([web.post("/", take)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Raw figures of this run."""

    chacha: float  # bytes per second
    wraps: float  # per second
    fsync: float  # seconds
    upload: float  # bytes per second

    def rows(self) -> list[Row]:
        """What stands at the head of the table."""
        return [
            Row("raw: ChaCha20-Poly1305, 64 KiB pieces", f"{self.chacha / 1e9:.2f} GB/s"),
            Row("raw: seal 1 KiB to one post-quantum recipient", f"{self.wraps:,.0f}/s"),
            Row("raw: append 4 KiB and fsync", f"{self.fsync * 1000:.2f} ms"),
            Row("raw: bare loop, 100 MiB read, enciphered, on disk", f"{self.upload / 1e6:.0f} MB/s"),
        ]


async def limits(folder: Path) -> Limits:
    """Measure the limits, a second each."""
    cipher, piece = ChaCha20Poly1305(bytes(32)), bytes(65536)
    recipient, text = age.Identity.generate().recipient, bytes(1024)
    return Limits(
        chacha=_rate(lambda: cipher.encrypt(bytes(12), piece, None)) * len(piece),
        wraps=_rate(lambda: age.seal(text, [recipient])),
        fsync=1 / _rate(_appends(folder / "appended")),
        upload=await _bare_upload(folder / "uploaded"),
    )


def _rate(work: Callable[[], object]) -> float:
    done, end = 0, time.perf_counter() + _SECONDS
    while time.perf_counter() < end:
        work()
        done += 1
    return done / _SECONDS


def _appends(file: Path) -> Callable[[], None]:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append() -> None:
        os.write(descriptor, bytes(4096))
        os.fsync(descriptor)

    return append


async def _bare_upload(file: Path) -> float:
    port = free_ports()["source"]
    server = subprocess.Popen([sys.executable, "-c", _BARE_LOOP, str(port), str(file)])  # noqa: ASYNC220 - a start only
    try:
        await answering(port)
        best = min([await asyncio.to_thread(_sent, port) for _ in range(3)])
    finally:
        server.terminate()
        server.wait()
    return UPLOAD / best


def _sent(port: int) -> float:
    with Client(port) as client:
        started = time.perf_counter()
        client.post("/", {}, file=UPLOAD)
        return time.perf_counter() - started


async def answering(port: int) -> None:
    """Wait until something accepts connections at *port*."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.005)
        else:
            writer.close()
            return
    raise TimeoutError
