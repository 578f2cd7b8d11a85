"""Collecting from the real drop: nothing lost, nothing doubled, whatever breaks between any two steps."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from crypto.signing import SigningKey
from handling.corridor import threads
from handling.corridor.chain import Verdict
from handling.corridor.collect import BusyError, Collected, Collector
from handling.corridor.dropclient import DropError, drop_address
from handling.corridor.main import open_keyring
from handling.corridor.schedule import Plan, next_bundle
from handling.corridor.session import Handler
from tests.factories import free_ports
from tests.handling.corridor.conftest import World
from tests.handling.corridor.drop import Line, collector, running_drop
from tests.handling.corridor.sources import Envelope, Source, at_the_drop
from tipline.base.database import StoreError

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def test_a_tip_with_a_file_travels_from_the_drop_to_the_list_and_leaves_the_drop(
    world: World, amina: Handler
) -> None:
    source = Source()
    sent = [source.tip(world.intake, "From the drop"), *source.file(world.intake, b"picture" * 20_000)]
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        await at_the_drop(world.public, world.settings.public, source, *sent)

        first = await collecting.collect()
        second = await collecting.collect()

    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    assert (first.fetched, second) == (3, Collected(0, 0, 0))
    assert tip.content.text == "From the drop"
    assert [m.row.verdict for m in await world.dialogue(amina, tip)] == [Verdict.GOOD, Verdict.GOOD]
    assert await world.public.fetchval("SELECT count(*) FROM zone.envelope") == 0
    assert list((world.settings.public / "blobs").iterdir()) == []


async def test_a_line_that_breaks_at_any_request_loses_and_doubles_nothing(world: World, amina: Handler) -> None:
    async with running_drop(world.settings) as address:
        line = Line(address)
        async with line.open(free_ports()["source"]) as broken, collector(world, broken) as collecting:
            for how in ("before", "half", "after"):
                for step in range(3):  # list, fetch, receipts
                    source = Source()
                    sent = (source.tip(world.intake), source.answer(world.intake, "and more"))
                    await at_the_drop(world.public, world.settings.public, source, *sent)
                    line.seen, line.breaks_at, line.how = 0, step, how
                    with pytest.raises(DropError):
                        await collecting.collect()
                    line.breaks_at = -1
                    await collecting.collect()
                    await world.resealer.run(amina)

    listed = await world.tips(amina)
    dialogues = [await world.dialogue(amina, tip) for tip in listed]
    assert len(listed) == 9
    assert [[m.row.verdict for m in dialogue] for dialogue in dialogues] == [[Verdict.GOOD] * 2] * 9
    assert await world.public.fetchval("SELECT count(*) FROM zone.envelope") == 0
    assert world.blobs.collected.names() == set()


async def test_a_crash_between_bytes_and_row_is_mended_by_the_next_collection(world: World, amina: Handler) -> None:
    source = Source()
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        await at_the_drop(world.public, world.settings.public, source, source.tip(world.intake))
        await world.inside.execute(
            "CREATE FUNCTION corridor.fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'x'; END $$;"
            "CREATE TRIGGER fall BEFORE INSERT ON corridor.envelope FOR EACH ROW EXECUTE FUNCTION corridor.fall()"
        )
        with pytest.raises(StoreError):
            await collecting.collect()
        still_there = await world.public.fetchval("SELECT count(*) FROM zone.envelope")
        await world.inside.execute("DROP TRIGGER fall ON corridor.envelope")

        await collecting.collect()

    await world.resealer.run(amina)
    assert still_there == 1
    assert len(await world.tips(amina)) == 1


async def test_a_tip_that_is_resealed_before_its_receipt_arrives_is_receipted_again_and_not_doubled(
    world: World, amina: Handler
) -> None:
    source = Source()
    async with running_drop(world.settings) as address:
        await at_the_drop(world.public, world.settings.public, source, source.tip(world.intake))
        line = Line(address)
        line.breaks_at = 2
        async with line.open(free_ports()["source"]) as broken, collector(world, broken) as collecting:
            with pytest.raises(DropError):
                await collecting.collect()
            await world.resealer.run(amina)
            line.breaks_at = -1

            again = await collecting.collect()

    await world.resealer.run(amina)
    assert again == Collected(0, 1, 0)
    assert len(await world.tips(amina)) == 1


async def test_urgent_envelopes_are_collected_alone(world: World) -> None:
    calm, urgent = Source(), Source()
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        await at_the_drop(world.public, world.settings.public, calm, calm.tip(world.intake))
        await at_the_drop(world.public, world.settings.public, urgent, urgent.tip(world.intake, urgent=True))

        done = await collecting.collect(urgent_only=True)

    assert done.fetched == 1
    assert await world.inside.fetchval("SELECT urgent FROM corridor.envelope")


async def test_two_collectors_never_work_at_once(world: World) -> None:
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        await world.inside.execute("SELECT pg_advisory_lock(7461727070)")

        with pytest.raises(BusyError):
            await collecting.collect()


async def test_a_collector_with_another_key_gets_nothing(world: World) -> None:
    async with (
        running_drop(world.settings) as address,
        collector(world, address, SigningKey.generate()) as collecting,
    ):
        with pytest.raises(DropError):
            await collecting.collect()


async def test_an_envelope_that_is_not_one_is_kept_and_shown_as_refused(world: World) -> None:
    source = Source()
    tip = source.tip(world.intake)
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        damaged = Envelope(tip.id, tip.wrapper, b"x" * 300)
        await at_the_drop(world.public, world.settings.public, source, damaged)

        await collecting.collect()

    assert await world.state_of(tip.id) == "refused"
    assert world.blobs.collected.names() == {tip.id}


async def test_bytes_other_than_the_listed_ones_stay_at_the_drop(world: World) -> None:
    source = Source()
    tip = source.tip(world.intake)
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        await at_the_drop(world.public, world.settings.public, source, tip)
        blob = world.settings.public / "blobs" / str(tip.id)
        blob.write_bytes(blob.read_bytes()[:-1] + b"?")

        done = await collecting.collect()

    assert done == Collected(0, 0, 1)
    assert await world.public.fetchval("SELECT count(*) FROM zone.envelope") == 1
    assert world.blobs.collected.names() == set()


async def one_answered_and_one_silent(world: World, amina: Handler, collecting: Collector) -> tuple[Source, Source]:
    """Two mailboxes at the drop: for one two replies wait, for the other nothing."""
    answered, silent = Source(), Source()
    await at_the_drop(world.public, world.settings.public, answered, answered.tip(world.intake))
    await at_the_drop(world.public, world.settings.public, silent)
    await collecting.collect()
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    for text in ("Which warehouse?", "And when?"):
        async with world.pool.acquire() as db, db.transaction():
            await threads.send(db, amina.vault, tip.row.thread, kind="reply", text=text, author="amina", now=NOON)
    return answered, silent


async def bundles_of(world: World) -> dict[bytes, bytes]:
    return {row["id"]: row["bundle"] for row in await world.public.fetch("SELECT id, bundle FROM zone.mailbox")}


async def test_a_reply_reaches_the_source_and_every_bundle_has_one_size(world: World, amina: Handler) -> None:
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        answered, silent = await one_answered_and_one_silent(world, amina, collecting)

        replaced = await collecting.replace_bundles()

    bundles = await bundles_of(world)
    replies = answered.replies(bundles[answered.keys.mailbox])
    assert replaced == 2
    assert [(reply.counter, reply.text) for reply in replies] == [(1, "Which warehouse?"), (2, "And when?")]
    assert replies[1].previous != replies[0].previous
    assert silent.replies(bundles[silent.keys.mailbox]) == []
    assert len({len(bundle) for bundle in bundles.values()}) == 1


async def test_every_bundle_is_sealed_afresh_news_or_not(world: World, amina: Handler) -> None:
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        both = {one.keys.mailbox for one in await one_answered_and_one_silent(world, amina, collecting)}
        rounds = [await bundles_of(world)]
        for _ in range(3):  # the first brings the news, the others none
            await collecting.replace_bundles()
            rounds.append(await bundles_of(world))

    assert all(found.keys() == both for found in rounds)
    assert all(len({found[mailbox] for found in rounds}) == len(rounds) for mailbox in both)
    assert len({len(bundle) for found in rounds for bundle in found.values()}) == 1


async def test_intake_keys_that_the_drop_lacks_are_published(world: World) -> None:
    await world.public.execute("DELETE FROM zone.intake_key")
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        published = await collecting.publish_intake_keys()

    assert published == 12
    assert await world.public.fetchval("SELECT count(*) FROM zone.intake_key") == 12


async def test_the_command_collects_and_replaces_bundles(world: World) -> None:
    source = Source()
    async with running_drop(world.settings):
        await at_the_drop(world.public, world.settings.public, source, source.tip(world.intake))

        collected = await _tipline(world, "collect")
        replaced = await _tipline(world, "mailboxes")

    refused = await _tipline(world, "collect")
    assert collected == (0, "1 new, 0 had come before.\n")
    assert replaced == (0, "1 mailboxes replaced.\n")
    assert refused[0] == 1


async def test_blobs_without_a_row_are_swept_at_the_start(world: World) -> None:
    with world.blobs.collected.create() as writer:
        writer.write(b"left by a crash")
        writer.publish(uuid4())
    async with collector(world, "http://127.0.0.1:9") as collecting:
        await collecting.sweep()

    assert world.blobs.collected.names() == set()


def test_the_drops_address_is_this_machine_unless_a_setting_names_another(world: World) -> None:
    here = drop_address(world.settings)
    elsewhere = drop_address(replace(world.settings, drop="http://10.0.0.2:8083"))

    assert here == f"http://127.0.0.1:{world.settings.ports['drop']}"
    assert elsewhere == "http://10.0.0.2:8083"


def test_bundles_go_out_at_the_next_fixed_time_today_or_tomorrow() -> None:
    times = (time(6), time(18))
    assert next_bundle(NOON, times) == NOON.replace(hour=18)
    assert next_bundle(NOON.replace(hour=18), times) == NOON.replace(hour=6) + timedelta(days=1)


def test_ticks_stay_on_their_grid_and_failed_bundles_are_tried_again_soon() -> None:
    plan = Plan.start(NOON, (time(18),))
    late = NOON + timedelta(minutes=7)
    rules = {"urgent_tick": 300, "tick": 3600, "times": (time(18),)}

    assert plan.wait(NOON) == 0
    after = plan.after(late, **rules)
    assert after.urgent == NOON + timedelta(minutes=10)
    assert after.full == NOON + timedelta(hours=1)
    evening = NOON.replace(hour=18)
    assert after.after(evening, **rules, replaced=False).bundles == evening + timedelta(minutes=5)
    assert after.after(evening, **rules).bundles == evening + timedelta(days=1)


async def _tipline(world: World, *words: str) -> tuple[int, str]:
    settings = world.settings
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")},
        "TIPLINE_PUBLIC_DSN": settings.public_dsn or "",
        "TIPLINE_INSIDE_DSN": settings.inside_dsn or "",
        "TIPLINE_PORT_DROP": str(settings.ports["drop"]),
    }
    done = await asyncio.to_thread(
        subprocess.run,
        [str(Path(sys.executable).with_name("tipline")), "--data", str(settings.data), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


async def test_a_damaged_intake_statement_ends_no_collecting(world: World) -> None:
    keyring = open_keyring(world.settings)
    keyring.put("intake-statement", "3", b"no statement")
    async with running_drop(world.settings) as address, collector(world, address) as collecting:
        assert await collecting.publish_intake_keys() == 11
