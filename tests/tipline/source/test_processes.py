"""The source's processes: workers live briefly, `keep` is reached by nobody else, a crash loses nothing and leaves nothing."""

import asyncio
import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import aiohttp

from tests.journeys.browser import Browser
from tests.tipline.source.running import (
    Zone,
    a_zone,
    children,
    collect,
    joined,
    memory,
    messages,
    running,
    until,
    workers,
)
from tests.tipline.source.test_report import TEXT, report
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import File
from tipline.source import worker

MIB = 1 << 20


class Upload:
    """A report over a raw connection, whose file is sent as slowly as a test wants."""

    def __init__(self, zone: Zone, size: int) -> None:
        self.zone = zone
        self.size = size

    async def begin(self) -> None:
        async with Browser(self.zone.url) as browser:
            token = dict((await browser.open("/")).form("/").fields)["token"]
        fields = {"token": token, "involved": "no", "message": TEXT}
        head = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
        head += '--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        tail = "\r\n--b--\r\n"
        self._connection = http.client.HTTPConnection("127.0.0.1", self.zone.settings.ports["source"], timeout=60)
        self._connection.putrequest("POST", "/")
        self._connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        self._connection.putheader("Content-Length", str(len(head) + self.size + len(tail)))
        self._connection.endheaders()
        await asyncio.to_thread(self._connection.send, head.encode())
        self._tail = tail.encode()

    async def send(self, data: bytes) -> None:
        await asyncio.to_thread(self._connection.send, data)

    async def finish(self) -> int:
        await self.send(self._tail)
        answer = await asyncio.to_thread(self._connection.getresponse)
        await asyncio.to_thread(answer.read)
        self._connection.close()
        return answer.status

    def drop(self) -> None:
        self._connection.close()


def unfinished(zone: Zone) -> Iterator[str]:
    return (path.name for path in (zone.settings.public / "blobs").iterdir() if path.name.startswith("."))


async def test_a_worker_ends_when_idle_and_the_next_visitor_gets_another(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone) as source:
        async with Browser(zone.url) as browser:
            await browser.open("/")
            first = workers(source)
            await until(lambda: not workers(source), worker.IDLE_SECONDS + 15)
            await browser.open("/")
            second = workers(source)

    assert len(first) == len(second) == 1
    assert first != second


async def test_a_worker_ends_after_its_share_of_requests_with_text(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone) as source:
        async with aiohttp.ClientSession() as session:
            seen = set()
            for _ in range(2 * worker.PLAINTEXT_REQUESTS + 1):
                async with session.post(zone.url + "/return", data={"codename": "kestrel"}) as answer:
                    assert answer.status == 400
                seen |= set(workers(source))
        await until(lambda: len(workers(source)) <= 1)

    assert len(seen) > 1


async def test_visitors_without_words_do_not_keep_a_worker_alive_that_has_read_some(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone) as source:
        async with aiohttp.ClientSession() as session:
            async with session.post(zone.url + "/return", data={"codename": "kestrel"}):
                (read,) = workers(source)
            deadline = time.monotonic() + worker.IDLE_SECONDS + 15
            while read in workers(source):
                assert time.monotonic() < deadline
                async with session.get(zone.url + "/return") as answer:
                    assert answer.status == 200
                await asyncio.sleep(0.2)


async def test_a_large_upload_costs_a_worker_no_memory_and_does_not_hold_up_others(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    upload = Upload(zone, 100 * MIB)

    with running(zone) as source:
        await upload.begin()
        await upload.send(bytes(MIB))
        before = max(memory(pid) for pid in workers(source))
        slowest = 0.0
        async with aiohttp.ClientSession() as session:
            for mib in range(99):
                await upload.send(bytes([mib]) * MIB)
                if mib % 10 == 0:
                    start = time.monotonic()
                    async with session.get(zone.url + "/return") as answer:
                        assert answer.status == 200
                    slowest = max(slowest, time.monotonic() - start)
        after = max(memory(pid) for pid in workers(source))
        status = await upload.finish()

    assert status == 200
    assert after - before < 24 * MIB
    assert slowest < 5
    taken = await collect(zone, public_db, zone.unit)
    sidecar = messages(taken)[1].body
    assert isinstance(sidecar, File)
    assert len(joined(sidecar, taken)) == 100 * MIB
    assert len(sidecar.parts) == 7


async def test_a_worker_killed_in_an_upload_leaves_no_row_and_the_next_start_sweeps(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    upload = Upload(zone, 40 * MIB)
    published = uuid4()

    with running(zone) as source:
        async with Browser(zone.url) as browser:
            await report(browser)
        await upload.begin()
        await upload.send(bytes(20 * MIB))
        await until(lambda: len(list(unfinished(zone))) == 2)
        for pid in workers(source):
            os.kill(pid, signal.SIGKILL)
        upload.drop()
        async with Browser(zone.url) as browser:
            await browser.open("/")
    with zone.blobs.create() as orphan:
        orphan.write(b"published, and the row never came")
        orphan.publish(published)
    left = len(list(unfinished(zone)))
    kept = zone.blobs.names() - {published}
    with running(zone):
        swept = zone.blobs.names()

    assert left == 2
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 1
    assert swept == kept
    assert len(kept) == 1
    assert list(unfinished(zone)) == []


async def test_a_line_that_breaks_in_an_upload_leaves_nothing(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    upload = Upload(zone, 40 * MIB)

    with running(zone):
        await upload.begin()
        await upload.send(bytes(20 * MIB))
        await until(lambda: len(list(unfinished(zone))) == 2)
        upload.drop()
        await until(lambda: not list(unfinished(zone)))

    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 0


async def test_stopping_lets_a_report_come_to_its_end(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    upload = Upload(zone, 8 * MIB)

    with running(zone) as source:
        await upload.begin()
        await upload.send(bytes(4 * MIB))
        source.send_signal(signal.SIGTERM)
        await asyncio.sleep(1)
        await upload.send(bytes(4 * MIB))
        status = await upload.finish()
        assert await asyncio.to_thread(source.wait, 20) == 0

    assert status == 200
    assert len(messages(await collect(zone, public_db, zone.unit))) == 2


async def test_without_keep_the_source_ends_so_that_both_are_started_again(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone) as source:
        async with Browser(zone.url) as browser:
            await browser.open("/")
        keep, *_ = children(source.pid)
        os.kill(keep, signal.SIGKILL)
        assert await asyncio.to_thread(source.wait, 20) == 1


async def test_keep_listens_nowhere_and_no_process_outlives_the_fork_server(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone) as source:
        async with Browser(zone.url) as browser:
            await browser.open("/")
        keep, *others = children(source.pid)
        sockets = _listening(keep)
        source.kill()
        await until(lambda: not any(_alive(pid) for pid in (keep, *others)))

    assert others
    assert sockets == []


def _listening(pid: int) -> list[str]:
    """Listening TCP sockets that this process holds, as far as its user may look: to a plain user it is closed."""
    inodes = set()
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            inodes.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    except PermissionError:
        return []
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_many_visitors_at_once_are_all_answered(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone) as source:
        held = [socket.create_connection(("127.0.0.1", zone.settings.ports["source"])) for _ in range(20)]
        async with aiohttp.ClientSession() as session:

            async def visit() -> int:
                async with session.get(zone.url + "/return") as answer:
                    return answer.status

            statuses = await asyncio.gather(*(visit() for _ in range(60)))
        several = len(workers(source))
        for one in held:
            one.close()

    assert statuses == [200] * 60
    assert several > 1


async def test_damaged_http_is_answered_with_the_strict_headers(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        reader, writer = await asyncio.open_connection("127.0.0.1", settings.ports["source"])
        writer.write(b"\x00\x01 no request\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"Content-Security-Policy: default-src 'none'" in answer
    assert b"\r\nServer:" not in answer
