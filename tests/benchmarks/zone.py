"""What sources ask of the public zone: pages, small tips, coming back, a large file. Every request is counted."""

import asyncio
import gzip
import html
import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
import asyncpg

from tests.benchmarks.client import Client
from tests.benchmarks.memory import in_mib, pss
from tests.benchmarks.raw import MIB, UPLOAD, Limits
from tests.benchmarks.table import Row
from tests.journeys.installation import Installation
from tipline.base.postgres import Cluster

_SECONDS = 5.0
_RETURNS = 40
_HIDDEN = re.compile(r'type="hidden" name="(token|ticket)" value="([^"]+)"')
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
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


def journey(installation: Installation) -> list[Row]:
    """Size of every page of a source's journey; nothing is compressed on the line."""
    with Client(installation.ports["source"]) as source:
        pages = {path: source.get(path) for path in ("/", "/return")}
        _reported(source)
        pages |= {path: source.get(path) for path in ("/code", "/check", "/files", "/thread", "/erase")}
    return [
        Row(
            f"page {path}",
            f"{len(page.encode()) / 1000:.1f} kB",
            f"{len(gzip.compress(page.encode())) / 1000:.1f} kB gzip",
        )
        for path, page in pages.items()
    ]


async def small_tips(installation: Installation, limits: Limits) -> list[Row]:
    """Complete small tips per second: the form is fetched, filled, sent, and its codename read."""
    rows = []
    for clients in (1, 16):
        before = await _mailboxes(installation)
        started = time.perf_counter()
        sent, requests = await _reports_until(started + _SECONDS, installation.ports["source"], clients)
        took = time.perf_counter() - started
        lost = sent - (await _mailboxes(installation) - before)
        rows.append(
            Row(
                f"complete small tips, {clients} client{'s' if clients > 1 else ''}",
                f"{sent / took:.0f}/s, {lost} lost",
                f"{requests / sent:.0f} requests each; {limits.wraps:,.0f} seals/s, {1 / limits.fsync:,.0f} fsync/s",
            )
        )
    return rows


async def returning(installation: Installation) -> list[Row]:
    """How long a source waits after typing the codename."""
    url = installation.url("source")
    with Client(installation.ports["source"]) as source:
        codename = _reported(source)
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
    pid = source_of(installation)
    idle, highest, ended = pss(pid), 0, asyncio.Event()

    async def watch() -> None:
        nonlocal highest
        while not ended.is_set():
            highest = max(highest, pss(pid) or 0)
            await asyncio.sleep(0.1)

    watching = asyncio.create_task(watch())
    best = 0.0
    with Client(installation.ports["source"]) as client:
        _reported(client)
        found = _CSRF.search(client.get("/files"))
        if found is None:
            raise RuntimeError("no session began")
        csrf = found[1]
        for _ in range(times):
            started = time.perf_counter()
            await asyncio.to_thread(client.post, "/files", {"csrf": csrf}, file=size)
            best = max(best, size / (time.perf_counter() - started))
    ended.set()
    await watching
    return best, None if idle is None else highest - idle


async def _reports_until(end: float, port: int, clients: int) -> tuple[int, int]:
    """Report with so many clients at once; how many tips were sent, in how many requests."""

    def report() -> tuple[int, int]:
        done = 0
        with Client(port) as client:
            while time.perf_counter() < end:
                _reported(client)
                done += 1
            return done, client.requests

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(clients) as threads:
        counts = await asyncio.gather(*(loop.run_in_executor(threads, report) for _ in range(clients)))
    return sum(done for done, _ in counts), sum(requests for _, requests in counts)


def _reported(client: Client) -> str:
    """Fetch the form, fill it, send it, and read the codename."""
    hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(client.get("/"))}
    fields = {**hidden, "involved": "no", "message": "Two men, a white van."}
    codename = _CODENAME.search(client.post("/", fields))
    if codename is None:
        raise RuntimeError("no codename was given")
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
