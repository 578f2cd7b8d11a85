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
from tipline.base.languages import LANGUAGES
from tipline.base.postgres import Cluster

_SECONDS = 5.0
_RETURNS = 40
_KEYS_SECONDS = 30.0
_HIDDEN = re.compile(r'type="hidden" name="([^"]+)" value="([^"]*)"')
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_CODENAME = re.compile(r'<div id="codename".*?</div>', re.DOTALL)


def journey(installation: Installation) -> list[Row]:
    """Size of every page of a source's journey, in English and in the language where it is largest, and what it asks for."""
    _wait_for_keys(installation.ports["source"])
    with Client(installation.ports["source"]) as source:
        sizes = _sizes(source, "", "return", "hand-in", "pickup", "pgp", "browser")
        _reported(source)
        sizes |= _sizes(source, "code", "check", "files", "questions", "thread", "erase")
        sizes |= _questions(source)
        erase = {"csrf": _CSRF.findall(source.get("/erase"))[0]}
        sizes["erase: erased"] = [("en", source.post("/erase", erase))]
        sizes["leave"] = [("en", source.post("/leave", {}))]
        sizes |= _sizes(source, "leave-now")
    return [_row(name, pages) for name, pages in sizes.items()]


def _wait_for_keys(port: int) -> None:
    """Return once the unit's OpenPGP key is there, which its collector makes a moment after the start."""
    deadline = time.monotonic() + _KEYS_SECONDS
    while True:
        with Client(port) as source:
            try:
                source.get("/pgp")
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
            else:
                return
        time.sleep(0.2)


def _sizes(source: Client, *paths: str) -> dict[str, list[tuple[str, str]]]:
    """Fetch pages in every language, English first."""
    return {path: [(code, source.get(one.root + path)) for code, one in LANGUAGES.items()] for path in paths}


def _questions(source: Client) -> dict[str, list[tuple[str, str]]]:
    """Go on from part to part without an answer."""
    parts = {}
    page = source.get("/questions")
    while 'value="next"' in page:
        page = source.post("/questions", {**_hidden(page), "go": "next"})
        parts[f"questions, part {2 + len(parts)}"] = [("en", page)]
    return parts


def _hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}


def _row(name: str, pages: list[tuple[str, str]]) -> Row:
    (_, english), *_ = pages
    others = len(re.findall(r"<(?:link|img|script)\b[^>]* (?:src|href)=|url\(", english))
    size, largest = max((_compressed(page), code) for code, page in pages)
    beside = f", largest {size:.1f} kB ({largest})" if len(pages) > 1 else ""
    return Row(
        f"page /{name}, compressed",
        f"{_compressed(english):.1f} kB, {1 + others} request{'s' if others else ''}",
        f"{len(english.encode()) / 1000:.1f} kB as it is sent{beside}",
    )


def _compressed(page: str) -> float:
    return len(gzip.compress(page.encode())) / 1000


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
    fields = {**_hidden(client.get("/")), "involved": "no", "message": "Two men, a white van."}
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
