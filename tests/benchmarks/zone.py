"""What sources ask of the public zone: pages, small tips, coming back, a large file. Every request is counted."""

import asyncio
import gzip
import html
import io
import re
import statistics
import time
from pathlib import Path

import aiohttp
import asyncpg

from tests.benchmarks.memory import in_mib, pss
from tests.benchmarks.raw import MIB, UPLOAD, Limits
from tests.benchmarks.table import Row
from tests.journeys.installation import Installation
from tipline.base.postgres import Cluster

_SECONDS = 5.0
_RETURNS = 40
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_CODENAME = re.compile(r'<div id="codename".*?</div>', re.DOTALL)


async def first_page(installation: Installation) -> list[Row]:
    """Size of the page with which a source begins; it needs no other."""
    async with aiohttp.ClientSession() as client:
        page = await _got(client, installation.url("source"))
    others = len(re.findall(r"<(?:link|img|script)\b|url\(", page))
    return [
        Row(
            "first page of a source, gzip",
            f"{len(gzip.compress(page.encode())) / 1000:.1f} kB",
            f"{len(page.encode()) / 1000:.1f} kB plain, {1 + others} request",
        )
    ]


async def small_tips(installation: Installation, limits: Limits) -> list[Row]:
    """Complete small tips per second: the form is fetched, filled, sent, and its codename read."""
    rows = []
    for clients in (1, 16):
        before = await _mailboxes(installation)
        started = time.perf_counter()
        done = await asyncio.gather(*(_report_until(installation, started + _SECONDS) for _ in range(clients)))
        took, sent = time.perf_counter() - started, sum(done)
        lost = sent - (await _mailboxes(installation) - before)
        rows.append(
            Row(
                f"complete small tips, {clients} client{'s' if clients > 1 else ''}",
                f"{sent / took:.0f}/s, {lost} lost",
                f"{limits.wraps:,.0f} seals/s, {1 / limits.fsync:,.0f} fsync/s",
            )
        )
    return rows


async def returning(installation: Installation) -> list[Row]:
    """How long a source waits after typing the codename."""
    url = installation.url("source")
    async with aiohttp.ClientSession() as client:
        codename = await _reported(client, url)
    waited = []
    for _ in range(_RETURNS):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
            await _got(client, f"{url}/return")
            started = time.perf_counter()
            async with client.post(f"{url}/return", data={"codename": codename}, allow_redirects=False) as answer:
                if answer.status != 303:
                    raise RuntimeError("the codename did not open")
            waited.append(time.perf_counter() - started)
    ordered = sorted(waited)
    return [
        Row(
            "source login, p50",
            f"{statistics.median(ordered) * 1000:.1f} ms",
            f"p95 {ordered[int(_RETURNS * 0.95) - 1] * 1000:.1f} ms",
        )
    ]


async def uploads(installation: Installation, limits: Limits) -> list[Row]:
    """Files of 100 MiB and 2 GiB, and how much memory the source takes more for them than when idle."""
    rows = []
    for words, size, times in (("100 MiB", UPLOAD, 3), ("2 GiB", 2048 * MIB, 1)):
        speed, above = await _upload(installation, size, times)
        rows += [
            Row(
                f"upload of {words}, sealed on disk",
                f"{speed / 1e6:.0f} MB/s",
                f"{speed / limits.upload:.0%} of the bare loop",
            ),
            Row(f"memory above idle during {words} (PSS)", in_mib(above)),
        ]
    return rows


async def _upload(installation: Installation, size: int, times: int) -> tuple[float, int | None]:
    """Best speed in bytes per second, and the highest memory above idle in bytes."""
    url, pid = installation.url("source"), source_of(installation)
    idle, highest, ended = pss(pid), 0, asyncio.Event()

    async def watch() -> None:
        nonlocal highest
        while not ended.is_set():
            highest = max(highest, pss(pid) or 0)
            await asyncio.sleep(0.1)

    watching = asyncio.create_task(watch())
    best = 0.0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as client:
        for _ in range(times):
            started = time.perf_counter()
            await _reported(client, url, content=_Zeros(size))
            best = max(best, size / (time.perf_counter() - started))
    ended.set()
    await watching
    return best, None if idle is None else highest - idle


class _Zeros(io.RawIOBase):
    """A file of zero bytes that takes no memory."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any writable buffer
        taken = min(len(buffer), self._size - self._at)
        buffer[:taken] = bytes(taken)
        self._at += taken
        return taken


async def _report_until(installation: Installation, end: float) -> int:
    done = 0
    async with aiohttp.ClientSession() as client:
        while time.perf_counter() < end:
            await _reported(client, installation.url("source"))
            done += 1
    return done


async def _reported(client: aiohttp.ClientSession, url: str, content: io.RawIOBase | None = None) -> str:
    token = _TOKEN.search(await _got(client, url))
    if token is None:
        raise RuntimeError("the form has no token")
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in (("token", html.unescape(token[1])), ("involved", "no"), ("message", "Two men, a white van.")):
        form.add_field(name, value)
    if content is not None:
        form.add_field("files", content, filename="film.mp4", content_type="video/mp4")
    async with client.post(f"{url}/", data=form) as answer:
        codename = _CODENAME.search(await answer.text())
    if codename is None:
        raise RuntimeError(f"no codename was given: {answer.status}")
    return " ".join(re.sub(r"<[^>]+>", " ", codename[0]).split())


async def _got(client: aiohttp.ClientSession, url: str) -> str:
    async with client.get(url) as answer:
        answer.raise_for_status()
        return await answer.text()


async def _mailboxes(installation: Installation) -> int:
    cluster = Cluster(installation.data / "public", "public", installation.data / "secrets")
    db = await asyncpg.connect(cluster.owner_dsn)
    try:
        return int(await db.fetchval("SELECT count(*) FROM zone.mailbox"))
    finally:
        await db.close()


def source_of(installation: Installation) -> int:
    """The process that the supervisor started as source."""
    if installation.process is None:
        raise RuntimeError("the installation does not run")
    for children in Path(f"/proc/{installation.process.pid}/task").glob("*/children"):
        for pid in map(int, children.read_text().split()):
            if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").endswith(b"source"):
                return pid
    raise RuntimeError("the source does not run")
