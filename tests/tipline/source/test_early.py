"""Parts that come before their slip: they wait, bounded; who floods takes nothing from anybody."""

import asyncio
from dataclasses import replace

import pytest

from crypto.digest import sha256
from tests.conftest import RolePool
from tests.tipline.source.early import handing_in, rows, sealed_by_source
from tests.tipline.source.elsewhere import intake, seal
from tests.tipline.source.running import TODAY, Zone, a_zone, collect_handed_in
from tests.tipline.source.test_handin_orders import PHOTOS, _nothing_waits, split, threads, whole
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.source import early


@pytest.fixture
async def zone(settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch) -> Zone:
    """A zone where every hand-in with files falls into several, although they are small."""
    split(monkeypatch)
    return await a_zone(settings, public_db)


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
