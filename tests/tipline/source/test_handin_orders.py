"""Hand-ins in any order, again, cut, killed and forgotten: exactly one tip, or nothing, and never a blob without its row."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import RolePool
from tests.crashing import died, each_point, lasting
from tests.lasting import before, is_on_disk
from tests.tipline.source.elsewhere import TEXT, HandIn, in_one_process, intake, multipart, seal, send
from tests.tipline.source.running import (
    TODAY,
    Taken,
    Zone,
    a_zone,
    collect_handed_in,
    joined,
    memory,
    messages,
    running,
    workers,
)
from tipline import handin
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import File
from tipline.handin import SLIP_MAX
from tipline.source import forget
from tipline.source.forget import Door

MIB = 1 << 20
HISTORIES = 24
PHOTOS = (b"quay " * 9_000, b"lorry " * 9_000, b"crane")


def split(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hand-in fall into several files although it is small."""
    monkeypatch.setattr(handin, "FILE_MAX", SLIP_MAX)


def history(chance: random.Random, files: int) -> list[tuple[list[int], bool]]:
    """Requests that carry some files in some order, some twice, some cut; the last one carries whatever is missing."""
    requests = []
    for _ in range(chance.randrange(4)):
        chosen = [chance.randrange(files) for _ in range(chance.randrange(1, files + 2))]
        requests.append((chosen, chance.random() < 0.4))
    everything = list(range(files))
    chance.shuffle(everything)
    return [*requests, (everything, False)]


def threads(taken: dict[str, Taken]) -> list[dict[str, Taken]]:
    by_mailbox: dict[bytes, dict[str, Taken]] = {}
    for name, one in taken.items():
        by_mailbox.setdefault(one.wrapper.mailbox, {})[name] = one
    return list(by_mailbox.values())


def whole(thread: dict[str, Taken], *contents: bytes) -> bool:
    bodies = [message.body for message in messages(thread)]
    files = [joined(body, thread) for body in bodies if isinstance(body, File)]
    return files == list(contents)


async def test_any_order_subset_repetition_and_cut_ends_in_exactly_one_tip(
    settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = await a_zone(settings, public_db)
    split(monkeypatch)

    async with in_one_process(settings) as server:
        assert server.port
        for seed in range(HISTORIES):
            chance = random.Random(seed)  # noqa: S311 - orders, no secret
            sealed = seal(intake(zone.unit), *PHOTOS, text=f"{TEXT} {seed}")
            assert len(sealed.files) == 4
            for chosen, broken in history(chance, len(sealed.files)):
                body = multipart(*(sealed.files[number] for number in chosen))
                cut = chance.randrange(len(body)) if broken else None
                answer = await send(server.port, body, cut=cut)
            assert answer is not None
            assert answer["status"] == "complete", seed
            again = await send(server.port, multipart(*reversed(sealed.files)))
            assert again is not None
            assert again["status"] == "complete", seed

    found = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert len(found) == HISTORIES
    assert all(whole(thread, *PHOTOS) for thread in found)
    await _nothing_waits(zone, public_db)


async def test_two_who_hand_in_the_same_at_once_hand_in_one_tip(
    settings: Settings, public_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = await a_zone(settings, public_db)
    split(monkeypatch)
    sealed = seal(intake(zone.unit), *PHOTOS)

    async with in_one_process(settings) as server:
        assert server.port
        body = multipart(*sealed.files)
        answers = await asyncio.gather(*(send(server.port, body) for _ in range(4)))
        late = await send(server.port, body)

    assert all(answer is not None for answer in answers)
    assert late is not None
    assert late["status"] == "complete"
    (thread,) = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert whole(thread, *PHOTOS)


async def hand_over(settings: Settings, *files: bytes) -> None:
    """Worker and `keep` in one process: take one hand-in, its files in one request."""
    async with in_one_process(settings) as server:
        assert server.port
        answer = await send(server.port, multipart(*files))
        assert answer is not None
        assert answer["status"] == "complete"


async def test_a_hand_in_that_is_killed_anywhere_and_handed_in_again_is_one_tip(
    settings: Settings, public_db: Db, role_pool: RolePool
) -> None:
    zone, pool = await a_zone(settings, public_db), await role_pool("tipline_keep")
    sealed: dict[int, HandIn] = {}

    async def args(at: int) -> tuple[object, ...]:
        sealed[at] = seal(intake(zone.unit), PHOTOS[0])
        return (settings, *sealed[at].files)

    async for at in each_point(hand_over, args):
        await forget.sweep(pool, zone.blobs)
        assert not list((settings.public / "blobs").glob(".new-*"))
        assert not await died(hand_over, settings, *sealed[at].files, at=0)  # the very same files again

    found = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert len(sealed) > 12
    assert len(found) == len(sealed)
    assert all(whole(thread, PHOTOS[0]) for thread in found)
    await forget.sweep(pool, zone.blobs)
    await _nothing_waits(zone, public_db)


async def test_each_envelope_that_is_handed_in_is_on_the_disk_before_it_is_noted_as_here(
    settings: Settings, public_db: Db
) -> None:
    zone = await a_zone(settings, public_db)
    sealed = seal(intake(zone.unit), PHOTOS[0])

    events = await lasting(hand_over, settings, *sealed.files)

    assert zone.blobs.names() == {listed.id for listed in sealed.slip.envelopes}
    for name in zone.blobs.names():
        assert is_on_disk(settings.public / "blobs" / str(name), before(events, "SET here = true", name))


async def test_what_is_never_completed_is_forgotten_after_a_week_and_not_before(
    settings: Settings, public_db: Db, role_pool: RolePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone, pool = await a_zone(settings, public_db), await role_pool("tipline_keep")
    split(monkeypatch)
    old, young = seal(intake(zone.unit), *PHOTOS), seal(intake(zone.unit), *PHOTOS)
    now = datetime.now(UTC)

    async with in_one_process(settings) as server:
        assert server.port
        for one in (old, young):
            await send(server.port, multipart(*one.files[:3]))
        await public_db.execute(
            "UPDATE zone.hand_in SET day = $2 WHERE sum = $1", old.slip.sum, TODAY - timedelta(days=8)
        )
        await public_db.execute(
            "UPDATE zone.hand_in SET day = $2 WHERE sum = $1", young.slip.sum, TODAY - timedelta(days=7)
        )
        assert await forget.rewrite(forget.Zone(pool, zone.blobs, settings.public, Door()), now)
        names = zone.blobs.names()
        late = await send(server.port, multipart(old.files[3]))
        done = await send(server.port, multipart(young.files[3]))

    assert names == {one.id for piece in young.slip.pieces[:3] for one in piece}
    assert late is not None
    assert late["status"] == "waiting"
    assert done is not None
    assert done["status"] == "complete"
    (thread,) = threads(await collect_handed_in(zone, public_db, zone.unit))
    assert whole(thread, *PHOTOS)


async def test_300_mb_are_handed_in_without_memory(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    sealed = seal(intake(zone.unit), b"\x07" * (300 * MIB))
    first, *parts = sealed.files

    with running(zone) as source:
        port = settings.ports["source"]
        await send(port, multipart(first))
        before = max(memory(pid) for pid in workers(source))
        body = multipart(*parts)
        sending = asyncio.create_task(send(port, body))
        most = before
        while not sending.done():
            most = max([most, *(memory(pid) for pid in workers(source))])
            await asyncio.sleep(0.05)
        answer = await sending

    assert len(parts) == 19
    assert answer is not None
    assert answer["status"] == "complete"
    assert most - before < 24 * MIB
    assert await public_db.fetchval("SELECT count(*) FROM zone.envelope") == 21


async def _nothing_waits(zone: Zone, db: Db) -> None:
    assert await db.fetchval("SELECT count(*) FROM zone.hand_in") == 0
    assert await db.fetchval("SELECT count(*) FROM zone.hand_in_envelope") == 0
    assert zone.blobs.names() == {row["id"] for row in await db.fetch("SELECT id FROM zone.envelope")}
