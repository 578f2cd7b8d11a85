"""What the returning page says of a mailbox: every way of tampering has its sentence, and an honest one has none."""

from dataclasses import replace
from datetime import date

import pytest

from crypto.codename import Codename, keys
from crypto.secret import Secret
from tipline import envelope, replies
from tipline.bundles import pack_bundle
from tipline.envelope import NO_PREVIOUS, Place, Reply, ThreadState
from tipline.source import ways

DAY = date(2026, 11, 24)
SOURCE = keys(Codename.from_token(bytes(32)))
SENT = Place("unit", ThreadState(2, bytes(32)), ThreadState.start())


def chain(*texts: str, heard: int = 2) -> list[Reply]:
    """Replies as a unit writes them."""
    state, made = ThreadState.start(), []
    for text in texts:
        made.append(Reply("reply", SOURCE.mailbox, state.counter + 1, state.previous, DAY, text, heard=heard))
        state = state.after(made[-1].encode(SOURCE.to_source))
    return made


ONE, TWO, THREE, FOUR = chain("one", "two", "three", "four")
OTHER_TWO = replace(TWO, text="another two")
FORGED = b"forged"


def bundle(*entries: Reply | bytes) -> bytes:
    recipient = SOURCE.identity.recipient
    forged = replace(ONE, text="untrue").seal(Secret(bytes(32)), recipient)
    files = [forged if isinstance(entry, bytes) else entry.seal(SOURCE.to_source, recipient) for entry in entries]
    return pack_bundle(files, recipient)


def after(*shown: Reply) -> Place:
    return read_on(SENT, *shown)


def read_on(before: Place, *now: Reply) -> Place:
    """What is remembered when these replies have been shown."""
    place = replies.read(bundle(*now), SOURCE, before).place
    assert place is not None
    return place


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (SENT, ()),
        (SENT, (ONE,)),
        (SENT, (ONE, TWO, THREE)),
        (after(ONE), (ONE,)),
        (after(ONE), (ONE, TWO)),
        (after(ONE, TWO), (THREE,)),
        (after(ONE, TWO), (TWO, THREE, FOUR)),
    ],
)
def test_an_honest_mailbox_gives_no_trouble(before: Place, now: tuple[Reply, ...]) -> None:
    read = replies.read(bundle(*now), SOURCE, before)

    assert read.troubles == ()
    assert [shown.text for shown in read.shown] == [reply.text for reply in now]


@pytest.mark.parametrize(
    ("before", "now", "words", "shown"),
    [
        (SENT, (FORGED,), "One reply was not written by the unit", []),
        (SENT, (FORGED, ONE, FORGED), "2 replies were not written by the unit", ["one"]),
        (SENT, (ONE, THREE), "Between reply 1 and reply 3 something is missing", ["one", "three"]),
        (SENT, (TWO,), "Reply 1 was never shown here", ["two"]),
        (SENT, (FOUR,), "Replies 1 to 3 were never shown here", ["four"]),
        (SENT, (ONE, OTHER_TWO, THREE), "Reply 3 does not follow reply 2", ["one", "another two", "three"]),
        (SENT, (ONE, TWO, OTHER_TWO), "two different replies 2", ["one", "two", "another two"]),
        (SENT, (ONE, ONE, TWO), "Reply 1 is here more than once", ["one", "two"]),
        (SENT, (TWO, ONE), "another order", ["one", "two"]),
        (after(ONE, TWO), (ONE,), "Reply 2 was shown here before and is missing now", ["one"]),
        (after(ONE, TWO), (), "Reply 2 was shown here before and is missing now", []),
        (
            after(ONE, TWO),
            (ONE, OTHER_TWO),
            "Reply 2 is not the one that was shown here before",
            ["one", "another two"],
        ),
        (after(ONE, OTHER_TWO), (THREE,), "Reply 3 does not follow what was shown here before", ["three"]),
        (after(ONE), (THREE, FOUR), "Reply 2 was never shown here", ["three", "four"]),
        (Place.start("unit"), (ONE,), replies.FORGOTTEN, ["one"]),
    ],
)
def test_each_tampering_alone_is_named_and_nothing_else_is(
    before: Place, now: tuple[Reply | bytes, ...], words: str, shown: list[str]
) -> None:
    read = replies.read(bundle(*now), SOURCE, before)

    assert len(read.troubles) == 1
    assert words in read.troubles[0]
    assert [reply.text for reply in read.shown] == shown


def test_a_reply_into_another_mailbox_is_forged_here() -> None:
    moved = replace(ONE, mailbox=bytes(32))

    assert "not written by the unit" in replies.read(bundle(moved), SOURCE, SENT).troubles[0]


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda _: b""]
)
def test_a_damaged_mailbox_shows_nothing_and_forgets_nothing(damage: object) -> None:
    assert callable(damage)
    before = after(ONE, TWO)

    read = replies.read(damage(bundle(ONE, TWO)), SOURCE, before)

    assert (read.shown, read.troubles, read.place) == ((), (replies.DAMAGED,), before)


def test_what_was_shown_is_remembered_until_something_newer_is_shown() -> None:
    one = after(ONE)
    two = read_on(one, ONE, TWO)
    back = read_on(two, ONE)

    assert [place.heard.counter for place in (one, two, back)] == [1, 2, 2]
    assert two.heard.previous == envelope.ThreadState.start().after(TWO.encode(SOURCE.to_source)).previous
    assert (two.sent, two.unit) == (SENT.sent, SENT.unit)


def test_the_newest_reply_tells_how_much_the_unit_had() -> None:
    (early,) = chain("early", heard=1)

    assert replies.read(bundle(early), SOURCE, SENT).had == 1
    assert replies.read(bundle(ONE), SOURCE, SENT).sent == 2
    assert replies.read(bundle(), SOURCE, SENT).had is None


def test_a_lost_memory_is_told_and_the_replies_are_still_read() -> None:
    place = replies.remembered(b"anything", SOURCE)
    read = replies.read(bundle(ONE, FORGED), SOURCE, place)

    assert (place, read.place) == (None, None)
    assert read.troubles[0] == replies.LOST
    assert "not written by the unit" in read.troubles[1]
    assert [shown.text for shown in read.shown] == ["one"]
    assert replies.read(bundle(ONE), SOURCE, None).troubles == (replies.LOST,)


def test_a_place_opens_for_its_own_codename_alone() -> None:
    sealed = SENT.seal(SOURCE.state, mailbox=SOURCE.mailbox)

    assert replies.remembered(sealed, SOURCE) == SENT
    assert replies.remembered(sealed, keys(Codename.from_token(bytes([1]) * 32))) is None


def test_the_first_of_two_replies_in_one_place_is_never_passed_over_for_the_next() -> None:
    read = replies.read(bundle(ONE, TWO, NEXT_TO_OTHER), SOURCE, SENT)

    assert any("does not follow reply 2" in trouble for trouble in read.troubles)


NEXT_TO_OTHER = replace(THREE, previous=NO_PREVIOUS)


def test_every_way_has_words_for_the_source_and_says_what_it_does_not_protect_against() -> None:
    assert ways.WAYS.keys() == envelope.WAYS | {"pgp"}
    for words in ways.WAYS.values():
        assert words.label
        assert words.protects
        assert words.not_against
        assert words.same
