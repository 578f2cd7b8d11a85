"""A seized, powered-off disk of the public zone shows at most the current day's times, and no order of arrival before it."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from crypto.codename import Codename, keys
from tests.adversarial import disk
from tests.adversarial.conftest import Apart
from tests.journeys.browser import Browser, Upload, report
from tests.tipline.source.elsewhere import intake, seal
from tests.tipline.source.running import TODAY, running, until
from tipline.base import database
from tipline.base.database import Db
from tipline.drop import store as drop
from tipline.source import forget, handed
from tipline.source.forget import Door, Zone, rewrite

ARRIVALS = 90
TEXT = "A lorry at the north gate, kestrel-canary-81."
_ROOT = Path(__file__).parents[2]


async def arrivals(apart: Apart, count: int) -> list[bytes]:
    """Report one after the other; the mailboxes in the order in which they came."""
    came = []
    async with Browser(apart.zone.url) as browser:
        for _ in range(count):
            page = await report(browser, [Upload("files", "a.bin", os.urandom(500))], involved="no", message=TEXT)
            came.append(keys(Codename.parse(page.ids["codename"])).mailbox)
    return came


async def days_pass(db: Db, came: Sequence[bytes]) -> None:
    """Set the days of what came back, one after the other as it came, as if it had come over three days before today."""
    for place, mailbox in enumerate(came):
        day = TODAY - timedelta(days=3 - 3 * place // len(came))
        await db.execute("UPDATE zone.mailbox SET created_on = $2 WHERE id = $1", mailbox, day)
        await db.execute("UPDATE zone.envelope SET day = $2 WHERE mailbox = $1", mailbox, day)
        await db.execute("UPDATE zone.submission SET day = $2 WHERE mailbox = $1", mailbox, day)


async def rewritten(apart: Apart) -> None:
    """Rewrite once as `keep` would."""
    pool = await database.pool(database.dsn_for(apart.zone.settings, "tipline_keep"))
    assert await rewrite(Zone(pool, apart.zone.blobs, apart.public, Door()), datetime.now(UTC))
    await pool.close()


async def orders(apart: Apart, came: Sequence[bytes], at: Path) -> dict[str, list[object]]:
    """Each order of the mailboxes that a stopped zone's disk shows, by where it shows."""
    with disk.opened_copy(apart.public, apart.secrets, at) as copy:
        db = await asyncpg.connect(copy.owner_dsn)
        rows = await db.fetch("SELECT id FROM zone.mailbox ORDER BY ctid")
        marks = await db.fetch("SELECT mailbox FROM zone.submission ORDER BY ctid")
        envelopes = await db.fetch("SELECT id, mailbox, kind, xmin::text FROM zone.envelope ORDER BY ctid")
        xmins = await db.fetchval("SELECT count(DISTINCT xmin::text) FROM zone.mailbox")
        await db.close()
    files = disk.inodes(apart.public / "blobs")
    parts = {
        row["mailbox"]: files[apart.public / "blobs" / str(row["id"])] for row in envelopes if row["kind"] == "part"
    }
    return {
        "mailbox rows": [bytes(row["id"]) for row in rows],
        "submission rows": list(dict.fromkeys(bytes(row["mailbox"]) for row in marks)),  # of the form, and of its file
        "envelope rows": [bytes(row["mailbox"]) for row in envelopes if row["kind"] == "part"],
        "inode numbers": sorted(came, key=lambda mailbox: parts[mailbox].number),
        "change times": sorted(came, key=lambda mailbox: parts[mailbox].change),
        "xmins": [xmins],
    }


async def test_a_seized_disk_shows_no_time_and_no_order_of_earlier_days(apart: Apart, tmp_path: Path) -> None:
    with running(apart.zone):
        began = time.time()
        came = await arrivals(apart, ARRIVALS)
    db = await apart.connect()
    await days_pass(db, came)
    await db.execute("CHECKPOINT")
    await db.close()
    await asyncio.sleep(1.1)
    ended = time.time()  # when the server itself starts again, as below, its own files may tell
    apart.cluster.stop()
    before = await orders(apart, came, tmp_path / "before")
    told_before = disk.commits(apart.public / "postgres")
    apart.cluster.start()
    await rewritten(apart)
    apart.cluster.stop()

    after = await orders(apart, came, tmp_path / "after")
    limit = disk.chance_limit(len(came))
    assert disk.rank_correlation(before["submission rows"], came) > 0.7  # the search sees an order where there is one
    assert disk.rank_correlation(before["change times"], came) > 0.99
    assert [moment for moment in told_before if began < moment < ended]
    assert after.pop("xmins") == [1]
    assert {place: order for place, order in after.items() if abs(disk.rank_correlation(order, came)) > limit} == {}
    assert [moment for moment in disk.commits(apart.public / "postgres") if moment < ended] == []
    shown = [
        (str(inode.path.relative_to(apart.public)), name)
        for inode in disk.inodes(apart.public).values()
        for name, moment in inode.times.items()
        if began < moment < ended
    ]
    assert shown == []


async def half_handed_in(apart: Apart, count: int) -> list[bytes]:
    """Hand in one after the other what is never completed; the mailboxes in the order in which they came."""
    pool = await database.pool(database.dsn_for(apart.zone.settings, "tipline_keep"))
    came = []
    async with pool.acquire() as db:
        for place in range(count):
            sealed = seal(intake(apart.zone.unit), b"a photo")
            day = TODAY - timedelta(days=3 - 3 * place // count)
            assert await handed.begin(db, sealed.slip, day) is handed.Standing.PARTIAL
            listed = sealed.slip.envelopes[0]
            with apart.zone.blobs.create(day=day) as writer:
                writer.write(os.urandom(listed.size))
                assert writer.publish_new(listed.id)
            assert await handed.here(db, listed.id, listed.sha256)
            came.append(sealed.slip.mailbox)
    await pool.close()
    return came


async def orders_of_half(apart: Apart, at: Path) -> dict[str, list[object]]:
    """Each order that a stopped zone's disk shows of hand-ins that wait."""
    with disk.opened_copy(apart.public, apart.secrets, at) as copy:
        db = await asyncpg.connect(copy.owner_dsn)
        rows = await db.fetch("SELECT mailbox FROM zone.hand_in ORDER BY ctid")
        envelopes = await db.fetch(
            "SELECT e.id, h.mailbox FROM zone.hand_in_envelope e JOIN zone.hand_in h ON h.sum = e.hand_in"
            " WHERE here ORDER BY e.ctid"
        )
        await db.close()
    files = disk.inodes(apart.public / "blobs")
    blobs = {bytes(row["mailbox"]): files[apart.public / "blobs" / str(row["id"])] for row in envelopes}
    return {
        "slip rows": [bytes(row["mailbox"]) for row in rows],
        "envelope rows": [bytes(row["mailbox"]) for row in envelopes],
        "inode numbers": sorted(blobs, key=lambda mailbox: blobs[mailbox].number),
        "change times": sorted(blobs, key=lambda mailbox: blobs[mailbox].change),
    }


async def test_a_seized_disk_shows_no_order_of_hand_ins_that_wait(apart: Apart, tmp_path: Path) -> None:
    came = await half_handed_in(apart, ARRIVALS)
    apart.cluster.stop()
    before = await orders_of_half(apart, tmp_path / "before")
    apart.cluster.start()
    await rewritten(apart)
    apart.cluster.stop()

    after = await orders_of_half(apart, tmp_path / "after")
    limit = disk.chance_limit(len(came))
    assert disk.rank_correlation(before["slip rows"], came) > 0.99
    assert disk.rank_correlation(before["change times"], came) > 0.99
    assert {place: order for place, order in after.items() if abs(disk.rank_correlation(order, came)) > limit} == {}


async def test_file_times_of_blobs_show_their_day_alone(apart: Apart) -> None:
    with running(apart.zone):
        came = await arrivals(apart, 6)
    db = await apart.connect()
    await days_pass(db, came)
    days = {str(row["id"]): row["day"] for row in await db.fetch("SELECT id, day FROM zone.envelope")}
    await db.close()

    await rewritten(apart)

    for path, inode in disk.inodes(apart.public / "blobs").items():
        if path.name in days:
            midnight = datetime.combine(days[path.name], datetime.min.time(), UTC).timestamp()
            assert (inode.modify, inode.access) == (midnight, midnight)


async def test_of_what_was_collected_nothing_but_the_mailbox_stays_on_the_disk(apart: Apart) -> None:
    with running(apart.zone):
        came = await arrivals(apart, 12)
    db = await apart.connect()
    await days_pass(db, came)
    await db.execute("ANALYZE")
    rows = await db.fetch("SELECT id, sha256 FROM zone.envelope")
    receipts = [drop.Receipt(row["id"], bytes(row["sha256"])) for row in rows]
    await drop.delete(db, "unit", receipts)
    for receipt in receipts:
        apart.zone.blobs.delete(receipt.id)
    await db.execute("UPDATE zone.submission SET day = $1", TODAY - timedelta(days=forget.RESEND_DAYS + 1))
    marks = [bytes(row["mac"]) for row in await db.fetch("SELECT mac FROM zone.submission")]
    await db.close()
    needles = [*(r.id.bytes for r in receipts), *(str(r.id).encode() for r in receipts), *(r.sha256 for r in receipts)]
    held = disk.holding(apart.public, [*needles, *marks])

    await rewritten(apart)
    apart.cluster.stop()

    assert held  # before the rewrite they stand there, deleted or not
    assert disk.holding(apart.public, [*needles, *marks]) == []
    assert disk.holding(apart.public, came)


async def everything(db: Db, apart: Apart) -> dict[str, object]:
    """All rows as a set, and the content of every blob."""
    tables = ("intake_key", "mailbox", "submission", "envelope", "session")
    rows = {
        table: sorted(row[0] for row in await db.fetch(f"SELECT one::text FROM zone.{table} AS one"))
        for table in tables
    }
    blobs = {}
    for blob in apart.zone.blobs.names():
        with apart.zone.blobs.open(blob) as file:
            blobs[blob] = file.read()
    return {**rows, "blobs": blobs}


async def test_a_kill_at_any_moment_of_a_rewrite_loses_nothing_and_doubles_nothing(apart: Apart) -> None:
    chance = random.Random(os.urandom(8))  # noqa: S311 - when to kill, not a secret
    with running(apart.zone):
        came = await arrivals(apart, 40)
    db = await apart.connect()
    await days_pass(db, came)
    expected = await everything(db, apart)
    code = (
        "import asyncio, sys; from pathlib import Path; from tests.adversarial.rewriting import again; "
        "asyncio.run(again(Path(sys.argv[1]), sys.argv[2]))"
    )
    dsn = database.dsn_for(apart.zone.settings, "tipline_keep")
    for number in range(1, 25):
        command = [sys.executable, "-c", code, str(apart.public), dsn]
        process = await asyncio.to_thread(subprocess.Popen, command, cwd=_ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.read, 1) == b"r"
        await asyncio.sleep(chance.uniform(0, 0.6))
        if number % 6 == 0:  # the server itself, and with it every connection
            await db.close()
            assert apart.cluster.pid is not None
            os.kill(apart.cluster.pid, signal.SIGKILL)
            await until(lambda: not apart.cluster.running)
        process.kill()
        process.wait()
        process.stdout.close()
        if not apart.cluster.running:
            apart.cluster.start()
            db = await apart.connect()
        assert await everything(db, apart) == expected, f"after kill {number}"

    await until_free(db)
    await rewritten(apart)
    assert await everything(db, apart) == expected
    with running(apart.zone):
        assert {path.name for path in (apart.public / "blobs").iterdir()} == {
            str(blob) for blob in apart.zone.blobs.names()
        }
    await db.close()


async def until_free(db: Db) -> None:
    """Wait for a killed client's statement to end at the server."""
    for _ in range(600):
        busy = await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE usename = 'tipline_keep'")
        if not busy:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the killed client's backend does not end")


async def test_tips_that_arrive_during_rewrites_wait_and_none_fails(apart: Apart) -> None:
    done = asyncio.Event()
    times = 0

    async def rewrite_again_and_again() -> None:
        nonlocal times
        while not done.is_set():
            await rewritten(apart)
            times += 1

    with running(apart.zone):
        rewriting = asyncio.create_task(rewrite_again_and_again())
        groups = await asyncio.gather(*(arrivals(apart, 8) for _ in range(4)))
        done.set()
        await rewriting

    came = [mailbox for group in groups for mailbox in group]
    db = await apart.connect()
    kept = {bytes(row["id"]) for row in await db.fetch("SELECT id FROM zone.mailbox")}
    named = {row["id"] for row in await db.fetch("SELECT id FROM zone.envelope")}
    await db.close()
    assert times > 1
    assert kept == set(came)
    assert apart.zone.blobs.names() == named
    assert len(named) == 3 * len(came)


async def test_keep_rewrites_once_a_day_by_itself_and_at_the_start_when_it_was_off(apart: Apart) -> None:
    stamp = apart.public / "rewritten"
    with running(apart.zone):
        await until(stamp.exists)  # a new zone: nothing of an earlier day
        came = await arrivals(apart, 3)
    db = await apart.connect()
    await days_pass(db, came)
    stamp.write_text(f"{TODAY - timedelta(days=2)}\n")
    with running(apart.zone):
        await until(lambda: stamp.read_text() == f"{TODAY}\n")
        once = await db.fetchval("SELECT count(DISTINCT xmin::text) FROM zone.mailbox")
    await db.close()

    assert once == 1


def test_the_moment_of_the_rewrite_is_the_same_every_day() -> None:
    at = datetime(2026, 11, 24, 0, 5, tzinfo=UTC)

    assert forget.next_rewrite(at - timedelta(minutes=3)) == at
    assert forget.next_rewrite(at) == at + timedelta(days=1)
    assert forget.next_rewrite(at + timedelta(hours=20)) == at + timedelta(days=1)
