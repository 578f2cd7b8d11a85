"""The source's processes: workers live briefly, `keep` is reached by nobody else, a crash loses nothing and leaves nothing."""

import asyncio
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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
from tests.tipline.source.sending import Sending, SignedIn
from tests.tipline.source.test_report import report
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import File
from tipline.source import forkserver, worker

MIB = 1 << 20
TWENTY = 20  # requests with text, after which memory is wiped, as SECURITY.md says


def unfinished(zone: Zone) -> Iterator[str]:
    return (path.name for path in (zone.settings.public / "blobs").iterdir() if path.name.startswith("."))


@contextmanager
def one_core() -> Iterator[None]:
    """Let what is started meanwhile have one core: one worker serves then, however late a busy machine lets it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def test_a_worker_ends_when_idle_and_the_next_visitor_gets_another(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with one_core(), running(zone) as source:
        async with Browser(zone.url) as browser:
            await browser.open("/")
            first = workers(source)
            await until(lambda: not workers(source), worker.IDLE_SECONDS + 15)
            await browser.open("/")
            second = workers(source)

    assert len(first) == len(second) == 1
    assert first != second


async def test_while_one_worker_is_busy_a_free_core_takes_another(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    wanted = min(2, len(os.sched_getaffinity(0)))

    async def visit() -> None:
        async with aiohttp.ClientSession() as session, session.get(zone.url + "/") as answer:
            assert answer.status == 200

    with running(zone) as source:
        await visit()
        most = len(workers(source))
        deadline = time.monotonic() + 15
        while most < wanted and time.monotonic() < deadline:
            await asyncio.gather(*(visit() for _ in range(32)))
            most = max(most, len(workers(source)))

    assert most == wanted


async def test_no_worker_answers_more_than_twenty_requests_with_text(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    answered: Counter[int] = Counter()
    serving: list[int] = []

    with one_core(), running(zone) as source:
        async with aiohttp.ClientSession() as session:
            for _ in range(2 * TWENTY + 1):
                async with session.post(zone.url + "/return", data={"codename": "kestrel"}) as answer:
                    assert answer.status == 400
                serving = workers(source) or serving  # the newest; one that has answered its last may be gone already
                answered[serving[-1]] += 1
        await until(lambda: len(workers(source)) <= 1)

    assert answered.total() == 2 * TWENTY + 1
    assert max(answered.values()) <= TWENTY


async def test_visitors_without_words_do_not_keep_a_worker_alive_that_has_read_some(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)

    with one_core(), running(zone) as source:
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

    with running(zone) as source:
        upload = Sending(zone, await SignedIn.of(zone), 100 * MIB)
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
        status, _ = await upload.finish()

    assert status == 303
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
    published = uuid4()

    with running(zone) as source:
        async with Browser(zone.url) as browser:
            await report(browser)
        upload = Sending(zone, await SignedIn.of(zone), 40 * MIB)
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
    assert await public_db.fetchval("SELECT count(*) FROM zone.mailbox") == 2
    assert swept == kept
    assert len(kept) == 2
    assert list(unfinished(zone)) == []


async def test_a_line_that_breaks_in_an_upload_leaves_nothing(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone):
        upload = Sending(zone, await SignedIn.of(zone), 40 * MIB)
        await upload.begin()
        await upload.send(bytes(20 * MIB))
        await until(lambda: len(list(unfinished(zone))) == 2)
        upload.drop()
        await until(lambda: not list(unfinished(zone)))

    assert [m.body.KIND for m in messages(await collect(zone, public_db, zone.unit))] == ["tip"]


async def test_stopping_lets_a_report_come_to_its_end(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)

    with running(zone) as source:
        upload = Sending(zone, await SignedIn.of(zone), 8 * MIB)
        await upload.begin()
        await upload.send(bytes(4 * MIB))
        source.send_signal(signal.SIGTERM)
        await asyncio.sleep(1)
        await upload.send(bytes(4 * MIB))
        status, _ = await upload.finish()
        assert await asyncio.to_thread(source.wait, 20) == 0

    assert status == 303
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


async def test_files_that_do_not_come_to_their_end_keep_no_worker_from_beginning(
    settings: Settings, public_db: Db
) -> None:
    """Each file holds a worker that should end; there are more of them than workers."""
    zone = await a_zone(settings, public_db)

    with running(zone) as source:
        who = await SignedIn.of(zone)
        sending, most = [], 0
        async with aiohttp.ClientSession() as session:
            for number in range(forkserver.WORKERS + forkserver.LEAVING + 2):
                sending.append(Sending(zone, who, 1000, name=f"{number}"))
                await sending[-1].begin()
                await sending[-1].send(bytes(500))
                for _ in range(worker.PLAINTEXT_REQUESTS + 1):
                    async with session.post(zone.url + "/return", data={"codename": "kestrel"}) as answer:
                        assert answer.status == 400
                most = max(most, len(workers(source)))
        kept = 0
        for one in sending:
            await one.send(bytes(500))
            kept += (await one.finish())[0] == 303

    assert most > forkserver.LEAVING
    assert kept == len(sending)
