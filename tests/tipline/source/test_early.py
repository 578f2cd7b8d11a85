"""Parts that come before their slip: they wait, bounded and not for long; who floods takes nothing from anybody."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from crypto.digest import sha256
from tests.conftest import RolePool
from tests.crashing import died, each_point
from tests.tipline.source.elsewhere import HandIn, in_one_process, intake, multipart, seal, send
from tests.tipline.source.launch import settings_text
from tests.tipline.source.running import ROOT, TODAY, Zone, a_zone, answers, collect_handed_in, until
from tests.tipline.source.test_handin_orders import PHOTOS, _nothing_waits, split, threads, whole
from tipline import handin
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.handin import SLIP_MAX
from tipline.source import early, forget
from tipline.source.forget import Door

Answer = dict[str, object]


@pytest.fixture
async def zone(settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch) -> Zone:
    """A zone where every hand-in with files falls into several, although they are small."""
    split(monkeypatch)
    return await a_zone(settings, public_db)


@asynccontextmanager
async def handing_in(zone: Zone) -> AsyncIterator[object]:
    """Say how to send some files in one request."""
    async with in_one_process(zone.settings) as server:

        async def hand_in(*files: bytes) -> Answer:
            assert server.port
            answer = await send(server.port, multipart(*files))
            assert answer is not None
            return answer

        yield hand_in


def sealed_by_source(zone: Zone, *contents: bytes) -> HandIn:
    return seal(intake(zone.unit), *(contents or PHOTOS))


async def rows(db: Db) -> int:
    return int(await db.fetchval("SELECT count(*) FROM zone.hand_in_envelope WHERE hand_in IS NULL"))


async def test_parts_come_one_by_one_as_they_are_sealed_and_the_slip_at_the_end(zone: Zone, public_db: Db) -> None:
    sealed = sealed_by_source(zone)
    slip, *parts = sealed.files

    async with handing_in(zone) as hand_in:
        answers = [await hand_in(part) for part in (*parts, slip)]

    assert answers[0] == {"status": "waiting", "hand_ins": [], "waiting": ["a.tip"], "refused": []}
    assert [answer["status"] for answer in answers] == ["waiting", "waiting", "waiting", "complete"]
    (thread,) = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert whole(thread, *PHOTOS)
    await _nothing_waits(zone, public_db)


async def test_of_parts_that_wait_the_slip_names_those_that_are_missing(zone: Zone, public_db: Db) -> None:
    sealed = sealed_by_source(zone)
    slip, first, second, third = sealed.files

    async with handing_in(zone) as hand_in:
        await hand_in(first, third)
        some = await hand_in(slip)
        done = await hand_in(second)

    assert some["hand_ins"] == [{"status": "partial", "files": 4, "missing": [3]}]
    assert done["status"] == "complete"
    await _nothing_waits(zone, public_db)


async def test_a_part_that_waits_says_no_more_than_its_wrapper_and_a_day(zone: Zone, public_db: Db) -> None:
    sealed = sealed_by_source(zone, PHOTOS[0])

    async with handing_in(zone) as hand_in:
        await hand_in(sealed.files[1])

    (row,) = [dict(row) for row in await public_db.fetch("SELECT * FROM zone.hand_in_envelope")]
    listed = sealed.slip.envelopes[-1]
    assert row == {
        "id": listed.id,
        "hand_in": None,
        "size": listed.size,
        "sha256": listed.sha256,
        "here": True,
        "mailbox": sealed.slip.mailbox,
        "day": TODAY,
    }


async def test_a_flood_of_parts_stops_at_its_ceiling_and_takes_nothing_from_those_who_send_the_slip_first(
    zone: Zone, public_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, late = sealed_by_source(zone), sealed_by_source(zone)
    flood = [sealed_by_source(zone, b"x").files[1] for _ in range(4)]
    monkeypatch.setattr(early, "EARLY_MAX", 3 * early.LEAST)  # the honest part and two more: small ones count for more

    async with handing_in(zone) as hand_in:
        await hand_in(honest.files[1])
        refused = [(await hand_in(part))["status"] for part in flood]
        names = zone.blobs.names()
        beside = await hand_in(late.files[1])
        first = [(await hand_in(file))["status"] for file in late.files]
        rest = await hand_in(honest.files[0], *honest.files[2:])

    assert refused == ["waiting", "waiting", "first-file-missing", "first-file-missing"]
    assert len(names) == 3
    assert beside["status"] == "first-file-missing"
    assert first == ["partial", "partial", "partial", "complete"]
    assert rest["status"] == "complete"
    assert len(threads(await collect_handed_in(zone, public_db, zone.unit))) == 2


async def test_floods_at_the_same_moment_do_not_exceed_the_ceiling(
    public_db: Db, role_pool: RolePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = await role_pool("tipline_keep")
    monkeypatch.setattr(early, "EARLY_MAX", 2 * early.LEAST)
    together = asyncio.Barrier(4)

    async def one(number: int) -> None:
        async with pool.acquire() as db:
            await together.wait()
            await early.admit(db, bytes([number]) * 32, sha256(bytes([number])), 67_451, TODAY)

    await asyncio.gather(*(one(number) for number in range(4)))

    assert await rows(public_db) == 2


async def test_one_mailbox_has_as_many_parts_without_a_slip_as_a_report_can_have(
    zone: Zone, public_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "PARTS_MAX", 2)
    sealed, other = sealed_by_source(zone), sealed_by_source(zone)

    async with handing_in(zone) as hand_in:
        answers = [(await hand_in(part))["status"] for part in sealed.files[1:]]
        beside = await hand_in(other.files[1])

    assert answers == ["waiting", "waiting", "first-file-missing"]
    assert beside["status"] == "waiting"
    assert await rows(public_db) == 3


async def test_a_part_that_is_replayed_counts_once_before_and_after_its_hand_in_is_complete(
    zone: Zone, public_db: Db
) -> None:
    sealed = sealed_by_source(zone)

    async with handing_in(zone) as hand_in:
        twice = [await hand_in(sealed.files[1]) for _ in range(2)]
        together = await hand_in(sealed.files[1], sealed.files[1])
        await hand_in(*sealed.files)
        after = await hand_in(sealed.files[1])
        slip = await hand_in(sealed.files[0])

    assert [answer["status"] for answer in (*twice, together)] == ["waiting"] * 3
    assert (after["status"], slip["status"]) == ("complete", "complete")
    assert len(threads(await collect_handed_in(zone, public_db, zone.unit))) == 1
    await _nothing_waits(zone, public_db)


async def test_a_slip_takes_over_no_part_of_another_mailbox(zone: Zone, public_db: Db) -> None:
    theirs, thief = sealed_by_source(zone), sealed_by_source(zone)
    slip = replace(thief.slip, envelopes=(*thief.slip.envelopes[:-1], theirs.slip.envelopes[-1]))
    stolen = slip.encode() + thief.files[0][len(thief.slip.encode()) :]

    async with handing_in(zone) as hand_in:
        for part in theirs.files[1:]:
            await hand_in(part)
        refused = await hand_in(stolen, theirs.files[3])
        done = await hand_in(theirs.files[0])

    assert refused["status"] == "used-id"
    assert done["status"] == "complete"
    (thread,) = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert whole(thread, *PHOTOS)


async def test_what_was_cut_or_changed_does_not_wait(zone: Zone, public_db: Db) -> None:
    part = sealed_by_source(zone).files[1]
    key = intake(zone.unit)
    ended, nobody = seal(replace(key, serial=9), *PHOTOS), seal(replace(key, unit="nobody"), *PHOTOS)

    async with handing_in(zone) as hand_in:
        cut = await hand_in(part[:400])
        changed = await hand_in(part.replace(b"age-encryption", b"age-encryptioM"))
        retired = await hand_in(ended.files[1])
        other = await hand_in(nobody.files[1])

    assert [answer["status"] for answer in (cut, changed, retired, other)] == [
        "damaged",
        "damaged",
        "retired-key",
        "other-unit",
    ]
    assert not list((zone.settings.public / "blobs").iterdir())
    assert await rows(public_db) == 0


async def test_a_part_that_was_cut_behind_its_header_completes_nothing(zone: Zone, public_db: Db) -> None:
    """Nobody can see from outside that such a part is no part; its hash is not the one that the slip names."""
    sealed = sealed_by_source(zone, PHOTOS[0])

    async with handing_in(zone) as hand_in:
        await hand_in(sealed.files[1][:-1])
        some = await hand_in(sealed.files[0])
        done = await hand_in(sealed.files[1])

    assert some["hand_ins"] == [{"status": "partial", "files": 2, "missing": [2]}]
    assert done["status"] == "complete"
    (thread,) = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert whole(thread, PHOTOS[0])


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
