"""Re-sealing: what was collected becomes threads, tips and messages, with a verdict on each and nothing lost."""

import asyncio
from uuid import uuid4

import pytest

from crypto import age
from crypto.digest import sha256
from crypto.secret import Secret
from handling.corridor import parts, reseal
from handling.corridor.chain import START, Link, Verdict, closes_gap, judge, unbroken
from handling.corridor.session import Handler
from handling.corridor.store import files
from handling.corridor.store.files import FileState
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import Envelope, Source
from tipline import envelope
from tipline.base.database import StoreError


async def test_a_collected_tip_becomes_a_thread_a_tip_and_a_message_and_its_envelope_goes(
    world: World, amina: Handler
) -> None:
    sent = Source().tip(world.intake, urgent=True)
    await world.collected(sent)

    await world.resealer.run(amina)

    (tip,) = await world.tips(amina)
    assert tip.content.text == "Boxes with tusks stand in the blue warehouse."
    assert tip.content.must_not_learn == "Customs officer Marek"
    assert tip.row.urgent
    (message,) = await world.dialogue(amina, tip)
    assert message.row.verdict is Verdict.GOOD
    assert await world.state_of(sent.id) == "resealed"
    assert world.blobs.collected.names() == set()


async def test_resealing_twice_doubles_nothing(world: World, amina: Handler) -> None:
    await world.collected(Source().tip(world.intake))

    await asyncio.gather(world.resealer.run(amina), world.resealer.run(amina))
    await world.resealer.run(amina)

    assert len(await world.tips(amina)) == 1


async def test_messages_in_random_order_leave_no_gap(world: World, amina: Handler) -> None:
    source = Source()
    sent = [source.tip(world.intake), *(source.answer(world.intake, f"answer {n}") for n in range(4))]
    await world.collected(*reversed(sent))

    await world.resealer.run(amina)

    (tip,) = await world.tips(amina)
    assert {m.row.verdict for m in await world.dialogue(amina, tip)} == {Verdict.GOOD}


async def test_a_missing_message_is_a_gap_until_it_comes(world: World, amina: Handler) -> None:
    source = Source()
    first, second, third = (
        source.tip(world.intake),
        source.answer(world.intake, "two"),
        source.answer(world.intake, "three"),
    )
    await world.collected(first, third)
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    before = {m.row.counter: m.row.verdict for m in await world.dialogue(amina, tip)}

    await world.collected(second)
    await world.resealer.run(amina)

    after = {m.row.counter: m.row.verdict for m in await world.dialogue(amina, tip)}
    assert before == {1: Verdict.GOOD, 3: Verdict.GAP}
    assert after == {1: Verdict.GOOD, 2: Verdict.LATE, 3: Verdict.GOOD}


async def test_a_thread_whose_first_message_is_late_is_listed_and_completed(world: World, amina: Handler) -> None:
    source = Source()
    tip, answer = source.tip(world.intake, "Late words"), source.answer(world.intake, "two")
    await world.collected(answer)
    await world.resealer.run(amina)
    before = (await world.tips(amina))[0].content.text

    await world.collected(tip)
    await world.resealer.run(amina)

    assert before is None
    (listed,) = await world.tips(amina)
    assert listed.content.text == "Late words"


async def test_a_replayed_message_is_named_and_kept(world: World, amina: Handler) -> None:
    source = Source()
    tip = source.tip(world.intake)
    await world.collected(tip, Envelope(uuid4(), tip.wrapper, tip.data))

    await world.resealer.run(amina)

    (listed,) = await world.tips(amina)
    verdicts = sorted(m.row.verdict.value for m in await world.dialogue(amina, listed))
    assert verdicts == ["good", "replayed"]


async def test_one_source_who_sends_without_end_holds_up_no_other_report(world: World, amina: Handler) -> None:
    source, many = Source(), reseal.AT_ONCE + 3
    await world.collected(source.tip(world.intake, "Many", asked=""))
    await world.collected(*(source.answer(world.intake, f"{n}") for n in range(1, many)))
    await world.collected(Source().tip(world.intake, "One", asked=""))

    await world.resealer.run(amina)

    left = "SELECT count(*) FROM corridor.envelope WHERE state = 'collected'"
    assert await world.inside.fetchval(left) == many - reseal.AT_ONCE
    assert "One" in {tip.content.text for tip in await world.tips(amina)}
    await world.resealer.run(amina)
    assert await world.inside.fetchval(left) == 0
    (tip,) = [tip for tip in await world.tips(amina) if tip.content.text == "Many"]
    assert {m.row.counter for m in await world.dialogue(amina, tip)} == set(range(1, many + 1))


async def test_a_message_by_somebody_without_the_codename_is_named_forged(world: World, amina: Handler) -> None:
    source = Source()
    await world.collected(source.tip(world.intake))
    await world.resealer.run(amina)
    stranger = envelope.Thread(Secret(bytes(32)), Secret(bytes(32)))

    await world.collected(source.send(world.intake, envelope.Answer("trust me"), thread=stranger))
    await world.resealer.run(amina)

    (listed,) = await world.tips(amina)
    forged = [m for m in await world.dialogue(amina, listed) if m.row.verdict is Verdict.FORGED]
    assert [m.content["body"]["text"] for m in forged] == ["trust me"]


async def test_a_message_moved_to_another_mailbox_is_named_forged(world: World, amina: Handler) -> None:
    source, other = Source(), Source()
    await world.collected(source.tip(world.intake), other.tip(world.intake))
    await world.resealer.run(amina)
    moved = source.answer(world.intake, "moved")
    wrapper = other.wrapper("message")

    await world.collected(Envelope(moved.id, wrapper, wrapper.encode() + moved.data[envelope.WRAPPER_BYTES :]))
    await world.resealer.run(amina)

    rows = await world.inside.fetch("SELECT verdict FROM corridor.message WHERE id = $1", moved.id)
    assert [row["verdict"] for row in rows] == ["forged"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "for nobody", "no message"])
async def test_what_cannot_be_opened_is_refused_and_its_bytes_are_kept(
    world: World, amina: Handler, damage: str
) -> None:
    sent = Source().tip(world.intake)
    stranger = age.Identity.generate().recipient
    made = {
        "cut": sent.data[:-20],
        "flipped": sent.data[:-1] + bytes([sent.data[-1] ^ 1]),
        "gone": sent.data,
        "for nobody": sent.wrapper.encode() + age.seal(b"{}", [stranger]),
        "no message": sent.wrapper.encode() + age.seal(b'{"format":"tipline/message/v1"}', [world.intake]),
    }
    await world.collected(Envelope(sent.id, sent.wrapper, made[damage]))
    if damage == "gone":
        world.blobs.collected.delete(sent.id)

    await world.resealer.run(amina)

    assert await world.state_of(sent.id) == "refused"
    assert await world.tips(amina) == ()
    assert damage == "gone" or world.blobs.collected.names() == {sent.id}


async def test_a_file_in_parts_comes_out_as_it_was_sent(world: World, amina: Handler) -> None:
    source, data = Source(), bytes(range(256)) * 1024
    await world.collected(source.tip(world.intake), *source.file(world.intake, data, part_max=100_000))

    await world.resealer.run(amina)

    file = await _only_file(world)
    key = amina.vault.record(file.thread)
    assert file.state is FileState.WHOLE
    assert b"".join(parts.read(world.blobs.files, key, parts.sidecar(key, file))) == data
    assert world.blobs.collected.names() == set()


async def test_an_empty_file_is_whole(world: World, amina: Handler) -> None:
    source = Source()
    await world.collected(source.tip(world.intake), *source.file(world.intake, b""))

    await world.resealer.run(amina)

    assert (await _only_file(world)).state is FileState.WHOLE


async def test_parts_that_come_before_or_after_their_sidecar_wait_for_it(world: World, amina: Handler) -> None:
    source = Source()
    first, second, sidecar = source.file(world.intake, b"x" * 150_000, part_max=100_000)
    await world.collected(source.tip(world.intake), first)
    await world.resealer.run(amina)
    alone = await world.state_of(first.id)

    await world.collected(sidecar)
    await world.resealer.run(amina)
    described = (await _only_file(world)).state
    await world.collected(second)
    await world.resealer.run(amina)

    assert alone == "collected"
    assert described is FileState.WAITING
    assert (await _only_file(world)).state is FileState.WHOLE


async def test_a_part_other_than_the_described_one_makes_the_file_damaged(world: World, amina: Handler) -> None:
    source = Source()
    part, sidecar = source.file(world.intake, b"x" * 1000)
    swapped = part.wrapper.encode() + age.seal(b"y" * 65_536, [world.intake])
    await world.collected(source.tip(world.intake), sidecar, Envelope(part.id, part.wrapper, swapped))

    await world.resealer.run(amina)

    assert (await _only_file(world)).state is FileState.DAMAGED
    assert await world.state_of(part.id) == "refused"
    assert world.blobs.files.names() == set()


async def test_a_file_of_another_mailbox_cannot_be_claimed(world: World, amina: Handler) -> None:
    victim, thief = Source(), Source()
    part, sidecar = victim.file(world.intake, b"x" * 1000)
    claim = envelope.File("mine", "", 1000, sha256(b"x" * 1000), (envelope.Part(part.id, sha256(part.data), 1000),))
    await world.collected(thief.tip(world.intake), thief.send(world.intake, claim), part)

    await world.resealer.run(amina)
    await world.collected(victim.tip(world.intake), sidecar)
    await world.resealer.run(amina)

    states = await world.inside.fetch("SELECT id, state FROM corridor.file")
    assert {row["id"] == sidecar.id: row["state"] for row in states} == {True: "whole", False: "damaged"}


@pytest.mark.parametrize("table", ["thread", "tip", "message", "file", "part"])
async def test_a_crash_at_any_row_loses_and_doubles_nothing(world: World, amina: Handler, table: str) -> None:
    source, data = Source(), b"z" * 70_000
    await world.collected(source.tip(world.intake), *source.file(world.intake, data))
    await _break(world, table)
    with pytest.raises(StoreError):
        await world.resealer.run(amina)

    await _mend(world, table)
    await world.resealer.run(amina)

    (tip,) = await world.tips(amina)
    assert [m.row.verdict for m in await world.dialogue(amina, tip)] == [Verdict.GOOD, Verdict.GOOD]
    assert (await _only_file(world)).state is FileState.WHOLE
    assert world.blobs.collected.names() == set()


async def test_a_crash_before_the_envelopes_are_marked_rolls_everything_back(world: World, amina: Handler) -> None:
    sent = Source().tip(world.intake)
    await world.collected(sent)
    await world.inside.execute(
        "CREATE FUNCTION corridor.fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fall'; END $$;"
        "CREATE TRIGGER fall BEFORE UPDATE ON corridor.envelope FOR EACH ROW EXECUTE FUNCTION corridor.fall()"
    )
    with pytest.raises(StoreError):
        await world.resealer.run(amina)
    assert await world.inside.fetchval("SELECT count(*) FROM corridor.thread") == 0

    await world.inside.execute("DROP TRIGGER fall ON corridor.envelope")
    await world.resealer.run(amina)

    assert len(await world.tips(amina)) == 1


async def test_blobs_without_a_row_are_swept(world: World, amina: Handler) -> None:
    source = Source()
    await world.collected(source.tip(world.intake), *source.file(world.intake, b"kept"))
    await world.resealer.run(amina)
    kept = world.blobs.files.names()
    with world.blobs.files.create() as writer:
        writer.write(b"left by a crash")
        writer.publish(uuid4())

    await world.resealer.sweep()

    assert world.blobs.files.names() == kept


async def test_whoever_does_not_hold_the_codename_cannot_begin_its_thread(world: World, amina: Handler) -> None:
    source, thief = Source(), Source()
    false = thief.tip(world.intake, "words of a thief")
    wrapper = source.wrapper("message")
    await world.collected(Envelope(false.id, wrapper, wrapper.encode() + false.data[envelope.WRAPPER_BYTES :]))
    await world.resealer.run(amina)
    await world.collected(source.tip(world.intake))
    await world.resealer.run(amina)

    (tip,) = await world.tips(amina)
    assert await world.state_of(false.id) == "refused"
    assert tip.content.text == "Boxes with tusks stand in the blue warehouse."
    assert [m.row.verdict for m in await world.dialogue(amina, tip)] == [Verdict.GOOD]


async def test_two_messages_in_one_place_and_what_follows_the_other_are_named(world: World, amina: Handler) -> None:
    source = Source()
    tip = source.tip(world.intake)
    before = source.state
    one, other_state = source.answer(world.intake, "one"), source.state
    source.state = before  # the public server's memory of the thread was set back
    other = source.answer(world.intake, "another")
    after = source.answer(world.intake, "after the other")
    assert other_state != source.state

    for sent in (tip, one, other, after):
        await world.collected(sent)
        await world.resealer.run(amina)

    (listed,) = await world.tips(amina)
    dialogue = await world.dialogue(amina, listed)
    assert {m.content["body"]["text"]: m.row.verdict for m in dialogue if m.row.counter > 1} == {
        "one": Verdict.GOOD,
        "another": Verdict.CLASH,
        "after the other": Verdict.FORK,
    }


async def test_a_message_keeps_its_way_and_how_far_its_sender_had_read(world: World, amina: Handler) -> None:
    source = Source()
    await world.collected(source.tip(world.intake), source.send(world.intake, envelope.Answer("x"), way="kit", heard=3))

    await world.resealer.run(amina)

    (tip,) = await world.tips(amina)
    assert tip.row.way == "arrival"
    assert [(m.content["way"], m.content["heard"]) for m in await world.dialogue(amina, tip)] == [
        ("arrival", 0),
        ("kit", 3),
    ]


async def test_a_counter_past_what_the_database_holds_stops_nothing(world: World, amina: Handler) -> None:
    source = Source()
    await world.collected(source.tip(world.intake), source.send(world.intake, envelope.Answer("x"), counter=2**40))

    await world.resealer.run(amina)

    (tip,) = await world.tips(amina)
    assert [m.row.verdict for m in await world.dialogue(amina, tip)] == [Verdict.GOOD, Verdict.FORGED]


def test_a_message_is_judged_by_its_key_its_place_and_its_predecessor() -> None:
    seen = {1: Link("a", START), 2: Link("b", "a")}
    cases = {
        (3, "b", True): Verdict.GOOD,
        (3, "x", True): Verdict.FORK,
        (4, "b", True): Verdict.GAP,
        (2, "a", True): Verdict.CLASH,
        (3, "b", False): Verdict.FORGED,
        (1, START, False): Verdict.FORGED,
    }
    for (counter, previous, authentic), verdict in cases.items():
        assert judge(seen, Link("c", previous), counter=counter, authentic=authentic) is verdict
    assert judge(seen, Link("b", "a"), counter=2, authentic=True) is Verdict.REPLAYED
    assert judge({}, Link("a", START), counter=1, authentic=True) is Verdict.GOOD
    assert judge({2: Link("b", "a")}, Link("a", START), counter=1, authentic=True) is Verdict.LATE


def test_a_message_that_waited_is_judged_anew_when_its_predecessor_comes() -> None:
    assert closes_gap({3: Link("c", "b")}, Link("b", "a"), counter=2) is Verdict.GOOD
    assert closes_gap({3: Link("c", "b", late=True)}, Link("b", "a"), counter=2) is Verdict.LATE
    assert closes_gap({3: Link("c", "x")}, Link("b", "a"), counter=2) is Verdict.FORK
    assert closes_gap({}, Link("b", "a"), counter=2) is None


def test_what_is_held_without_a_break_counts_from_the_first() -> None:
    link = Link("a", START)

    assert [unbroken(dict.fromkeys(held, link)) for held in ((), (1,), (1, 2, 3), (2, 3), (1, 2, 4))] == [0, 1, 3, 0, 2]


async def _only_file(world: World) -> files.File:
    async with world.pool.acquire() as db:
        found = await files.get(db, await world.inside.fetchval("SELECT id FROM corridor.file"), [])
    assert found is not None
    return found


async def _break(world: World, table: str) -> None:
    """Let the next row of one table fail, as a full disk or a lost connection would."""
    await world.inside.execute(
        "CREATE FUNCTION corridor.fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fall'; END $$;"
        f"CREATE TRIGGER fall BEFORE INSERT ON corridor.{table} FOR EACH ROW EXECUTE FUNCTION corridor.fall()"
    )


async def _mend(world: World, table: str) -> None:
    await world.inside.execute(f"DROP TRIGGER fall ON corridor.{table}; DROP FUNCTION corridor.fall()")
