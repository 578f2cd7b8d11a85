"""The unit's side killed before each thing that lasts: collecting, giving receipts, re-sealing. The next time mends it; sweeps leave nothing."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp.test_utils import TestServer

from crypto.digest import sha256
from handling.corridor import parts, tips
from handling.corridor.main import make_collector, open_blobs, open_keyring
from handling.corridor.reseal import Resealer
from handling.corridor.session import Handler, open_corridor
from handling.corridor.store import files as stored_files
from handling.corridor.store.files import File, FileState
from handling.corridor.tips import OpenTip
from handling.rules.triage import State
from handling.store import members
from tests.crashing import died, each_point, lasting
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import Envelope, Source, at_the_drop
from tests.lasting import before, is_on_disk
from tipline.base import accounts, database
from tipline.base.blobstore import BlobStore
from tipline.base.settings import Settings
from tipline.drop import api
from tipline.drop.signed import Gate
from tipline.source import forget
from tipline.units import Units

DATA = b"a photograph of the warehouse " * 3_000

_AT_THE_DROP = "SELECT count(*) FROM zone.envelope"
_COLLECTED = "SELECT id, sha256, state FROM corridor.envelope"


async def collection(settings: Settings) -> None:
    """Drop and collector in one process: fetch what waits and give receipts for it."""
    drop_pool = await database.pool(database.dsn_for(settings, "tipline_drop"))
    gate = Gate(Units.load(settings.public), time.time)
    drop = api.make(gate, drop_pool, settings.public, api.utc_today)
    pool = await database.pool(database.dsn_for(settings, "tipline_corridor"))
    async with TestServer(drop, port=settings.ports["drop"]), aiohttp.ClientSession() as http:
        await make_collector(settings, pool, http).collect()


async def resealing(settings: Settings, content: Mapping[str, Any]) -> None:
    """A handler's open vault: re-seal what was collected."""
    pool = await database.pool(database.dsn_for(settings, "tipline_corridor"))
    async with pool.acquire() as db:
        listed = await members.load(db, members.trust(settings.inside, "tests"), datetime.now(UTC).date())
    handler = open_corridor("amina", content, listed, open_keyring(settings))
    await Resealer(pool, open_blobs(settings)).run(handler)


async def test_a_collection_that_is_killed_anywhere_brings_each_envelope_inside_once(world: World) -> None:
    sent: dict[int, list[Envelope]] = {}
    outside = 0

    async def waiting(at: int) -> tuple[object, ...]:
        source = Source()
        sent[at] = [source.tip(world.intake, f"tip killed at point {at}"), *source.file(world.intake, DATA)]
        await at_the_drop(world.public, world.settings.public, source, *sent[at])
        return (world.settings,)

    async for _ in each_point(collection, waiting):
        assert not await died(collection, world.settings, at=0)
        assert await world.public.fetchval(_AT_THE_DROP) == 0
        outside += len(BlobStore(world.settings.public / "blobs").names())  # their rows have gone
        outside -= await _swept_outside(world)
        assert outside == 0

    rows = {row["id"]: row for row in await world.inside.fetch(_COLLECTED)}
    envelopes = [one for some in sent.values() for one in some]
    assert len(sent) > 15
    assert {row["state"] for row in rows.values()} == {"collected"}
    assert {name: row["sha256"] for name, row in rows.items()} == {one.id: sha256(one.data) for one in envelopes}
    for one in envelopes:
        with world.blobs.collected.open(one.id) as file:
            assert file.read() == one.data
    assert world.blobs.collected.sweep(rows.keys()) > 0  # what was being written when the collector was killed
    assert world.blobs.collected.sweep(rows.keys()) == 0


async def test_re_sealing_that_is_killed_anywhere_makes_one_tip_with_its_file(world: World, amina: Handler) -> None:
    async with world.pool.acquire() as db:
        passphrase = world.practice.passphrase("corridor", "amina")
        content = await accounts.unlock(db, "corridor", "amina", passphrase)
    texts: list[str] = []
    keyring, left = open_keyring(world.settings), 0

    async def collected(at: int) -> tuple[object, ...]:
        source = Source()
        texts.append(f"tip killed at point {at}")
        await world.collected(source.tip(world.intake, texts[-1]), *source.file(world.intake, DATA))
        return world.settings, dict(content)

    async for _ in each_point(resealing, collected):
        await world.resealer.sweep()  # as the process does when it starts again
        await world.resealer.run(amina)

    read = await _tips(world, amina)
    assert len(texts) > 15
    assert sorted(str(tip.content.text) for tip in read) == sorted(texts)
    for tip in read:
        (_, file) = await world.dialogue(amina, tip)
        assert await _read(world, amina, file.row.id) == DATA
    named = {str(tip.row.thread) for tip in read}
    kept = keyring.names("record") | keyring.names("restricted")
    left = len(kept - named)
    assert left > 0  # keys come before their rows
    assert keyring.sweep(keyring.unnamed(before=time.time() + 1) - named, before=time.time() + 1) == left
    assert keyring.names("record") | keyring.names("restricted") == named
    assert world.blobs.collected.sweep(frozenset()) >= 0
    assert world.blobs.files.names() == {row["id"] for row in await world.inside.fetch("SELECT id FROM corridor.part")}


async def test_what_is_collected_and_each_key_and_file_made_of_it_are_on_the_disk_before_the_rows_that_name_them(
    world: World,
) -> None:
    async with world.pool.acquire() as db:
        content = await accounts.unlock(db, "corridor", "amina", world.practice.passphrase("corridor", "amina"))
    source, inside = Source(), world.settings.inside / "corridor"
    sent = [source.tip(world.intake, "tip before a power cut"), *source.file(world.intake, DATA)]
    await at_the_drop(world.public, world.settings.public, source, *sent)

    collected = await lasting(collection, world.settings)
    for one in sent:
        assert is_on_disk(inside / "blobs" / str(one.id), before(collected, "INSERT INTO corridor.envelope", one.id))
    resealed = await lasting(resealing, world.settings, dict(content))

    thread = await world.inside.fetchval("SELECT id FROM corridor.thread")
    (key,) = (inside / "keyring").glob(f"*/{thread}.age")
    assert is_on_disk(key, before(resealed, "INSERT INTO corridor.thread", thread))
    (file,) = (inside / "files").iterdir()
    assert is_on_disk(file, before(resealed, "INSERT INTO corridor.part", UUID(file.name)))


async def test_the_sweep_waits_for_a_commit_that_a_killed_corridor_had_asked_for(world: World) -> None:
    async with world.pool.acquire() as of_the_killed, of_the_killed.transaction():
        await stored_files.settle_before_commit(of_the_killed)
        sweeping = asyncio.create_task(world.resealer.sweep())
        assert not (await asyncio.wait({sweeping}, timeout=1))[0]

    await sweeping


async def _tips(world: World, handler: Handler) -> list[OpenTip]:
    """Every page of the list."""
    found: list[OpenTip] = []
    after = None
    while True:
        async with world.pool.acquire() as db:
            page = await tips.listing(db, handler.vault, states=tuple(State), urgent_only=False, after=after)
        found += page.tips
        if page.after is None:
            return found
        after = page.after


async def _read(world: World, handler: Handler, file: UUID) -> bytes:
    row = await world.inside.fetchrow("SELECT id, thread, sealed, state FROM corridor.file WHERE id = $1", file)
    assert row["state"] == "whole"
    key = handler.vault.record(row["thread"])
    described = parts.sidecar(key, File(row["id"], row["thread"], row["sealed"], FileState.WHOLE))
    return b"".join(parts.read(world.blobs.files, key, described))


async def _swept_outside(world: World) -> int:
    """What the source's `keep` removes when it starts."""
    pool = await database.pool(database.dsn_for(world.settings, "tipline_keep"))
    try:
        return await forget.sweep(pool, BlobStore(world.settings.public / "blobs"))
    finally:
        await pool.close()
