"""What a source's own device seals: whatever is written or attached opens in the unit, and nothing that was tampered with."""

import os
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.codename import SourceKeys
from crypto.digest import sha256
from crypto.errors import AgeError
from crypto.padding import PART_MAX
from tests.handins import AT, Device, Memory, Receiver, arrived, attached, contents
from tipline import device, handin, limits, replies
from tipline.bundles import PICKUP_BYTES, Pickup, pack_bundle
from tipline.device import Attached, LimitError, NotYoursError, OtherUnitError
from tipline.envelope import SEALED_PLACE_BYTES, Answer, File, Place, Reply, Tip, answer_message
from tipline.handin import Slip
from tipline.strict import EnvelopeError

DAY = date(2026, 11, 23)
UNIT = Receiver(DAY)
KIB, MIB = 1 << 10, 1 << 20
BORDERS = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 256 * KIB, 256 * KIB + 1, MIB, MIB + 1]

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
words = texts.filter(lambda text: bool(text.strip()))
sizes = st.one_of(st.sampled_from(BORDERS), st.integers(0, 300 * KIB))


def lengths(slip: Slip) -> list[int]:
    return [sum(listed.size for listed in piece) for piece in slip.pieces]


@given(words, texts, texts, st.booleans(), st.lists(st.tuples(texts, sizes), max_size=3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_written_and_attached_opens_in_the_unit(
    text: str,
    how: str,
    asked: str,
    urgent: bool,  # noqa: FBT001 - drawn by Hypothesis
    files: list[tuple[str, int]],
) -> None:
    source = Device()
    given_files = [(name, os.urandom(size)) for name, size in files]

    sealed = contents(source.seal(UNIT.intake, Tip(text, how, asked, urgent), [attached(*one) for one in given_files]))

    read = arrived(sealed, UNIT.identity)
    assert read.messages[0].body == Tip(text, how, asked, urgent)
    assert [message.way for message in read.messages] == ["kit"] * len(read.messages)
    assert [message.at for message in read.messages] == [AT] * len(read.messages)
    assert list(read.files) == [content for _, content in given_files]
    names = [message.body.name for message in read.messages if isinstance(message.body, File)]
    assert names == [name for name, _ in given_files]
    assert (read.slip.urgent, read.slip.day, read.slip.serial) == (urgent, DAY, UNIT.serial)
    assert read.slip.recipient == source.keys.identity.recipient
    place = Place.open(read.slip.now, source.keys.state, mailbox=source.keys.mailbox)
    last = read.messages[-1]
    assert (place.sent.counter, place.sent.previous) == (last.counter, sha256(last.encode()))


@pytest.mark.parametrize(
    ("size", "parts", "files"),
    [
        (3 * MIB, 1, 1),
        (PART_MAX, 1, 1),
        (PART_MAX + 256 * KIB, 2, 1),
        (PART_MAX + 256 * KIB + 1, 2, 3),
        (2 * PART_MAX, 2, 3),
        (2 * PART_MAX + 1, 3, 4),
    ],
)
def test_a_part_that_fits_with_the_slip_goes_with_it_and_every_other_by_itself(
    size: int, parts: int, files: int
) -> None:
    content = os.urandom(size)

    handed = Device().seal(UNIT.intake, Tip("see the film", "", "", urgent=False), [attached("film.mp4", content)])

    read = arrived(contents(handed), UNIT.identity)
    assert read.files == (content,)
    assert sum(listed.kind == "part" for listed in read.slip.envelopes) == parts
    assert len(handed) == files
    assert [file.name for file in handed] == [f"hand-in-{n}-of-{files}.tip" for n in range(1, files + 1)]
    assert all(len(data) <= handin.FILE_MAX for data in contents(handed))


def test_an_answer_follows_the_place_that_was_picked_up_and_says_what_was_read() -> None:
    source = Device()
    first = arrived(source.tip(UNIT.intake, "one"), UNIT.identity)
    known = first.messages[0].thread
    reply = Reply("reply", source.keys.mailbox, 1, bytes(32), DAY, "Which gate?", heard=1)

    picked = source.picks_up(first.slip.now, reply.seal(source.keys.to_source, source.keys.identity.recipient))
    answer = arrived(contents(source.seal(UNIT.intake, Answer("the north gate"))), UNIT.identity, known=known)

    assert [(shown.text, picked.replies.troubles) for shown in picked.replies.shown] == [("Which gate?", ())]
    assert (answer.slip.was, answer.slip.recipient) == (sha256(first.slip.now), None)
    assert answer.messages[0].body == Answer("the north gate")
    assert answer.messages[0].counter == 2
    assert answer.messages[0].previous == sha256(first.messages[0].encode())
    assert answer.messages[0].heard == 1


def test_an_answer_that_names_somebody_travels_as_a_tip_and_can_bring_files() -> None:
    source = Device()
    first = arrived(source.tip(UNIT.intake), UNIT.identity)
    source.picks_up(first.slip.now)

    sealed = contents(source.seal(UNIT.intake, answer_message("more", "Marek"), [attached("a", b"photo")]))

    read = arrived(sealed, UNIT.identity, known=first.messages[0].thread)
    assert read.messages[0].body == Tip("more", "", "Marek", urgent=False)
    assert [message.counter for message in read.messages] == [2, 3]
    assert read.files == (b"photo",)


def test_all_of_equal_class_is_equally_long_whatever_it_says() -> None:
    short, long = (
        Device().tip(UNIT.intake, text, attached("x", bytes(size))) for text, size in (("a", 1), ("b" * 900, 60_000))
    )

    assert [len(one) for one in short] == [len(one) for one in long]


TAMPERED = {
    "a byte of the slip": lambda files: (flipped(files[0], 40), *files[1:]),
    "a byte of a message": lambda files: (flipped(files[0], len(files[0]) - 9), *files[1:]),
    "a byte of a part": lambda files: (*files[:-1], flipped(files[-1], 5_000_000)),
    "a byte of a part's wrapper": lambda files: (*files[:-1], flipped(files[-1], 60)),
    "a part cut": lambda files: (*files[:-1], files[-1][:-1]),
    "a part longer": lambda files: (*files[:-1], files[-1] + b"\0"),
    "parts in another order": lambda files: (files[0], files[2], files[1]),
    "a part twice": lambda files: (files[0], files[1], files[1]),
    "a part less": lambda files: files[:-1],
}


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.fixture(scope="module")
def large() -> tuple[bytes, ...]:
    return Device().tip(UNIT.intake, "film", attached("film.mp4", os.urandom(PART_MAX + 5 * MIB)))


@pytest.mark.parametrize("how", TAMPERED)
def test_a_hand_in_that_was_tampered_with_is_never_read(how: str, large: tuple[bytes, ...]) -> None:
    with pytest.raises((EnvelopeError, AgeError, AssertionError, ValueError)):
        arrived(TAMPERED[how](large), UNIT.identity)


@pytest.mark.parametrize("number", [1, 2])
def test_a_part_of_another_hand_in_is_not_taken_for_this_one(number: int, large: tuple[bytes, ...]) -> None:
    source = Device()
    other = source.tip(UNIT.intake, "film", attached("film.mp4", bytes(PART_MAX + 5 * MIB)))

    with pytest.raises(AssertionError, match="than the slip says"):
        arrived((*large[:number], other[number], *large[number + 1 :]), UNIT.identity)


def test_what_was_sealed_to_another_key_does_not_open() -> None:
    """Somebody who swaps the recipient gets a hand-in that this unit cannot open, and a slip that names its serial."""
    other = replace(UNIT.intake, recipient=Receiver(DAY).identity.recipient)

    with pytest.raises(AgeError):
        arrived(Device().tip(other), UNIT.identity)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_no_slip_with_a_changed_byte_is_read(data: st.DataObject) -> None:
    (whole,) = SMALL
    at = data.draw(st.integers(0, whole.index(b"\n")))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[at]))
    changed = whole[:at] + bytes([byte]) + whole[at + 1 :]

    with pytest.raises((EnvelopeError, AssertionError, ValueError)):
        arrived((changed,), UNIT.identity)


SMALL = Device().tip(UNIT.intake)


@pytest.mark.parametrize(
    ("words_", "files", "says"),
    [
        (Tip(" \n", "", "", urgent=False), 0, "empty"),
        (Tip("x" * (limits.MESSAGE_MAX + 1), "", "", urgent=False), 0, "too long"),
        (Tip("\x01" * limits.MESSAGE_MAX, "", "", urgent=False), 0, "too long"),
        (Tip("x", "x" * (limits.DETAIL_MAX + 1), "", urgent=False), 0, "too long"),
        (Tip("x", "", "x" * (limits.DETAIL_MAX + 1), urgent=False), 0, "too long"),
        (Tip("x", "", "", urgent=False), limits.FILES_MAX + 1, "at most 20 files"),
    ],
)
def test_what_no_hand_in_takes_is_refused_in_words_and_leaves_nothing(words_: Tip, files: int, says: str) -> None:
    kept: list[Memory] = []

    def new() -> Memory:
        kept.append(Memory())
        return kept[-1]

    source = Device()
    many = [attached("a", b"x") for _ in range(files)]
    with pytest.raises(LimitError, match=says):
        device.seal(source.keys, UNIT.intake, words_, many, after=source.standing, at=AT, new=new)

    assert all(one.gone for one in kept)


def test_more_than_2_gb_is_refused_while_it_is_read() -> None:
    source = Device()
    piece = memoryview(bytes(64 * MIB))
    endless = Attached("film", "video/mp4", (piece for _ in range(1_000)))

    class Nowhere(Memory):
        def write(self, data: bytes) -> None:
            pass

    with pytest.raises(LimitError, match="2 GB"):
        device.seal(
            source.keys,
            UNIT.intake,
            Tip("x", "", "", urgent=False),
            [endless],
            after=source.standing,
            at=AT,
            new=Nowhere,
        )


def test_a_file_that_breaks_off_leaves_no_part() -> None:
    kept: list[Memory] = []

    def broken() -> object:
        yield bytes(PART_MAX + 1)
        raise OSError("the stick was pulled")

    def new() -> Memory:
        kept.append(Memory())
        return kept[-1]

    source = Device()
    files = [Attached("film", "video/mp4", broken())]  # type: ignore[arg-type]
    with pytest.raises(OSError, match="stick"):
        device.seal(
            source.keys, UNIT.intake, Tip("x", "", "", urgent=False), files, after=source.standing, at=AT, new=new
        )

    assert [one.gone for one in kept] == [True, True]


def test_an_answer_is_sealed_to_no_other_unit_than_the_one_that_has_the_report() -> None:
    source, board = Device(), Receiver(DAY, unit="board")
    first = arrived(source.tip(board.intake), board.identity)
    source.picks_up(first.slip.now)

    with pytest.raises(OtherUnitError):
        source.seal(UNIT.intake, Answer("about the unit"))

    (file,) = contents(source.seal(board.intake, Answer("about the unit")))
    assert arrived([file], board.identity, known=first.messages[0].thread).slip.unit == "board"


def test_an_answer_cannot_begin_a_thread() -> None:
    with pytest.raises(ValueError, match="begins with a tip"):
        Device().seal(UNIT.intake, Answer("hello?"))


def empty_pickup(keys: SourceKeys) -> bytes:
    place = Place.start("unit").seal(keys.state, mailbox=keys.mailbox)
    return Pickup(pack_bundle([], keys.identity.recipient), place).encode()


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: flipped(data, 3), lambda _: b""]
)
def test_what_is_no_pickup_file_is_refused(damage: object) -> None:
    source = Device()
    assert callable(damage)

    with pytest.raises(EnvelopeError):
        device.pick_up(damage(empty_pickup(source.keys)), source.keys)


def test_another_codenames_pickup_file_is_told_from_a_damaged_one() -> None:
    source, other = Device(), Device()

    with pytest.raises(NotYoursError):
        device.pick_up(empty_pickup(other.keys), source.keys)


def test_replies_are_shown_when_the_place_was_exchanged_but_nothing_follows_it() -> None:
    source = Device()
    reply = Reply("reply", source.keys.mailbox, 1, bytes(32), DAY, "Which gate?", heard=1)

    picked = source.picks_up(
        bytes(SEALED_PLACE_BYTES), reply.seal(source.keys.to_source, source.keys.identity.recipient)
    )

    assert [shown.text for shown in picked.replies.shown] == ["Which gate?"]
    assert picked.replies.troubles == (replies.LOST,)
    assert picked.standing is None


def test_an_exchanged_bundle_is_named_and_an_answer_still_follows() -> None:
    source = Device()
    place = Place.start("unit").seal(source.keys.state, mailbox=source.keys.mailbox)
    pickup = Pickup(pack_bundle([], Device().keys.identity.recipient), place).encode()

    picked = device.pick_up(pickup, source.keys)

    assert len(pickup) == PICKUP_BYTES
    assert picked.replies.troubles == (replies.DAMAGED,)
    assert picked.standing is not None
