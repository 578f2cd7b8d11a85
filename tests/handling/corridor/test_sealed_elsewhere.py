"""A thread that begins on the source's own device: everything after the first hand-in, and what its ways say on the page."""

from dataclasses import replace
from datetime import timedelta
from itertools import starmap

import pytest

from crypto.secret import Secret
from tests.handins import AT, Device, attached, contents, envelopes
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import TODAY, Envelope, Source
from tests.journeys.browser import Browser, Page
from tipline.device import PickedUp
from tipline.envelope import WRAPPER_BYTES, Answer, ForgedError, IntakeKey, Message, Place, Thread, Tip, Wrapper
from tipline.handin import Listed, Slip

TYPED = "has been in a kit, and also on our public server"


def intake(world: World) -> IntakeKey:
    return IntakeKey("unit", 1, world.intake, TODAY, TODAY + timedelta(days=6))


def taken(files: tuple[bytes, ...]) -> list[Envelope]:
    """The envelopes of a hand-in, as the drop hands them out."""

    def one(listed: Listed, data: bytes) -> Envelope:
        return Envelope(listed.id, Wrapper.parse(data[:WRAPPER_BYTES]), data)

    return list(starmap(one, envelopes(files)))


def place(files: tuple[bytes, ...]) -> bytes:
    return Slip.parse(files[0][: files[0].index(b"\n") + 1]).now


async def shown(browser: Browser) -> Page:
    return await browser.open((await browser.open("/")).link("/tips/"))


async def picks_up(world: World, source: Device, kept: bytes) -> PickedUp:
    rows = await world.inside.fetch("SELECT inner_file FROM corridor.outgoing ORDER BY position")
    return source.picks_up(kept, *(row["inner_file"] for row in rows))


async def test_a_tip_from_a_device_is_replied_to_and_answered_from_there(world: World, browser: Browser) -> None:
    source = Device()
    first = source.tip(intake(world), "Boxes with tusks.", attached("a photo.jpg", b"a photo"))
    await world.collected(*taken(first))

    page = await shown(browser)
    await browser.submit("/reply", text="Which gate?")
    picked = await picks_up(world, source, place(first))
    answer = contents(source.seal(intake(world), Answer("The north gate.")))
    await world.collected(*taken(answer))
    after = await shown(browser)

    for words in ("Sealed before it reached us", "Same person's device", "Whole: every part came", "source's device"):
        assert words in page.text
    assert "Same codename" not in page.text
    assert "different ways" not in page.text
    assert "Sealed on arrival" not in page.text
    assert [reply.text for reply in picked.replies.shown] == ["Which gate?"]
    assert (picked.replies.troubles, picked.replies.had) == ((), 2)
    for words in ("The north gate.", "The source had been shown our replies up to number 1."):
        assert words in after.text
    assert "Same codename" not in after.text


async def test_a_kept_back_an_exchanged_and_a_doubled_hand_in_are_named(world: World, browser: Browser) -> None:
    source = Device()
    first = source.tip(intake(world))
    source.picks_up(place(first))
    kept_back = contents(source.seal(intake(world), Answer("never comes")))
    rival = contents(source.seal(intake(world), Answer("another second")))
    source.picks_up(place(kept_back))
    third = contents(source.seal(intake(world), Answer("the third")))

    await world.collected(*taken(first), *taken(third))
    gap = await shown(browser)
    await world.collected(*taken(rival))
    fork = await shown(browser)
    await world.collected(*taken(kept_back), *[replace(one, id=world_id(one)) for one in taken(first)])
    clash = await shown(browser)

    assert "Gap before it" in gap.text
    assert "Follows another message" in fork.text
    assert "Same place twice" in clash.text
    assert "Replayed" in clash.text


def world_id(one: Envelope) -> object:
    """The same bytes under another id: somebody at the drop sends it again."""
    return type(one.id)(int=one.id.int ^ 1)


async def test_a_message_under_other_keys_is_forged_and_shows_no_way(world: World, browser: Browser) -> None:
    source = Device()
    first = source.tip(intake(world))
    stranger = replace(source.keys, to_unit=Secret.random())
    source.picks_up(place(first))
    forged = contents(replace(source, keys=stranger).seal(intake(world), Answer("by a stranger")))
    await world.collected(*taken(first), *taken(forged))

    page = await shown(browser)

    assert "Forged" in page.text
    assert page.text.count("Sealed before it reached us") == 1 + 1 + 1  # the tip, its own message, and the explanation


async def test_a_codename_of_a_kit_that_was_typed_on_the_site_is_said_plainly(world: World, browser: Browser) -> None:
    """From then on a right MAC speaks of a codename, also beside what is sealed on a device again."""
    device = Device()
    first = device.tip(intake(world), "from the kit")
    site = Source(keys=device.keys)
    site.state = Place.open(place(first), device.keys.state, mailbox=device.keys.mailbox).sent
    typed = site.answer(world.intake, "typed on the site")
    again = site.send(world.intake, Answer("from the kit again"), way="kit")
    await world.collected(*taken(first), typed, again)

    page = await shown(browser)

    said = page.text[page.text.index("Dialogue") :]
    assert "Sealed in different ways." in said
    assert TYPED in said
    assert "“Sealed before it reached us”, “Sealed on arrival”" in said
    assert said.count("Same person's device") == 1
    assert said.count("Same codename") == 2


async def test_a_browser_and_a_kit_in_one_thread_are_told_apart(world: World, browser: Browser) -> None:
    source = Source()
    await world.collected(
        source.send(world.intake, Tip("x", "", "", urgent=False), way="browser"),
        source.send(world.intake, Answer("y"), way="kit"),
    )

    page = await shown(browser)

    assert "also in a page that our public server sent" in page.text
    assert TYPED not in page.text
    assert "Same person's device" not in page.text[page.text.index("Dialogue") :]


def test_nobody_on_the_way_can_change_the_word_for_the_way() -> None:
    source = Device()
    thread = Thread(source.keys.to_unit, source.keys.to_source)
    tip = Tip("x", "", "", urgent=False)
    message = Message(source.keys.lookup, source.keys.identity.recipient, thread, 1, bytes(32), AT, tip, way="arrival")

    with pytest.raises(ForgedError):
        Message.parse(message.encode().replace(b'"way":"arrival"', b'"way":"kit"'), known=None)
