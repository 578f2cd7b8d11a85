"""Parts that come before their slip, in time: forgotten when it does not come, kept over a night, and killed at any point."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, time
from uuid import UUID

import pytest

from tests.conftest import RolePool
from tests.crashing import died, each_point
from tests.tipline.source.early import handing_in, rows, sealed_by_source
from tests.tipline.source.elsewhere import HandIn, in_one_process, multipart, send
from tests.tipline.source.launch import settings_text
from tests.tipline.source.running import ROOT, TODAY, Zone, a_zone, answers, collect_handed_in, until
from tests.tipline.source.test_handin_orders import PHOTOS, _nothing_waits, split, threads, whole
from tipline import handin
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.handin import SLIP_MAX
from tipline.source import forget
from tipline.source.forget import Door


@pytest.fixture
async def zone(settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch) -> Zone:
    """A zone where every hand-in with files falls into several, although they are small."""
    split(monkeypatch)
    return await a_zone(settings, public_db)


async def test_parts_whose_slip_does_not_come_are_forgotten_and_not_while_more_come(
    zone: Zone, public_db: Db, role_pool: RolePool
) -> None:
    pool = await role_pool("tipline_keep")
    forgetting = forget.Zone(pool, zone.blobs, zone.settings.public, Door())
    left, going_on, begun = (sealed_by_source(zone) for _ in range(3))

    async with handing_in(zone) as hand_in:
        for one in (left, going_on):
            await hand_in(one.files[1])
        seen = await forget.silent(forgetting, {})
        await hand_in(going_on.files[2])
        await hand_in(begun.files[1])
        seen = await forget.silent(forgetting, seen)
        kept = zone.blobs.names()
        await hand_in(begun.files[0])
        await forget.silent(forgetting, seen)
        rest = await hand_in(*begun.files[2:])

    def ids(one: HandIn, *numbers: int) -> set[UUID]:
        return {listed.id for number in numbers for listed in one.slip.pieces[number]}

    assert kept == ids(going_on, 1, 2) | ids(begun, 1)
    assert rest["status"] == "complete"
    await _nothing_waits(zone, public_db)


async def test_the_daily_rewrite_keeps_what_waits_and_writes_it_anew(
    zone: Zone, public_db: Db, role_pool: RolePool
) -> None:
    pool = await role_pool("tipline_keep")
    forgetting = forget.Zone(pool, zone.blobs, zone.settings.public, Door())
    sealed = sealed_by_source(zone)
    blob = zone.settings.public / "blobs" / str(sealed.slip.envelopes[-1].id)

    async with handing_in(zone) as hand_in:
        await hand_in(*sealed.files[1:])
        before = blob.stat().st_ino
        assert await forget.rewrite(forgetting, datetime.now(UTC))
        after = blob.stat()
        done = await hand_in(sealed.files[0])

    assert after.st_ino != before
    assert after.st_mtime == datetime.combine(TODAY, time(), UTC).timestamp()
    assert done["status"] == "complete"
    (thread,) = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert whole(thread, *PHOTOS)


HASTY = """
import sys
from tests.tipline.source.launch import settings_from
from tipline.source import early, main
early.SILENT_SECONDS = 0.2
main.main(settings_from(sys.argv[1]))
"""


async def test_the_zone_forgets_by_itself_what_waits_in_silence(zone: Zone, public_db: Db) -> None:
    port = zone.settings.ports["source"]
    command = [sys.executable, "-c", HASTY, settings_text(zone.settings)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})  # noqa: ASYNC220 - a start only
    try:
        await until(lambda: answers(port))
        answer = await send(port, multipart(sealed_by_source(zone).files[1]))
        async with asyncio.timeout(60):
            while await rows(public_db) or zone.blobs.names():  # noqa: ASYNC110 - what is awaited is in the database
                await asyncio.sleep(0.02)
    finally:
        process.terminate()
        process.wait(20)

    assert answer is not None
    assert answer["status"] == "waiting"
    await _nothing_waits(zone, public_db)


async def hand_over_slip_last(settings: Settings, *files: bytes) -> None:
    """Worker and `keep` in one process of its own: take one hand-in, each file in a request of its own, the slip last."""
    handin.FILE_MAX = SLIP_MAX  # as `split` does: this process is a fresh one
    async with in_one_process(settings) as server:
        assert server.port
        for file in (*files[1:], files[0]):
            answer = await send(server.port, multipart(file))
        assert answer is not None
        assert answer["status"] == "complete"


async def test_a_hand_in_with_the_slip_last_that_is_killed_anywhere_and_handed_in_again_is_one_tip(
    zone: Zone, public_db: Db, role_pool: RolePool
) -> None:
    pool = await role_pool("tipline_keep")
    sealed: dict[int, HandIn] = {}

    async def args(at: int) -> tuple[object, ...]:
        sealed[at] = sealed_by_source(zone, PHOTOS[0], PHOTOS[2])
        return (zone.settings, *sealed[at].files)

    async for at in each_point(hand_over_slip_last, args):
        await forget.sweep(pool, zone.blobs)
        assert not list((zone.settings.public / "blobs").glob(".new-*"))
        assert not await died(hand_over_slip_last, zone.settings, *sealed[at].files, at=0)  # the very same files again

    found = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert len(sealed) > 20
    assert len(found) == len(sealed)
    assert all(whole(thread, PHOTOS[0], PHOTOS[2]) for thread in found)
    await forget.sweep(pool, zone.blobs)
    await _nothing_waits(zone, public_db)
