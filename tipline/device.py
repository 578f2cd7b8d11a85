"""Seals on a source's own device what is handed in, and reads what was picked up. No I/O of its own, no clock, no network.

The way is the kit's, whether a person opened the kit or typed `tipline tip`. Memory does not grow with the files: a part
leaves as it is sealed. Layout: docs/format.md, "Hand-ins" and "Picking up".
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar
from uuid import uuid4

from crypto.codename import SourceKeys
from crypto.digest import sha256
from crypto.padding import message_size
from tipline import handin, replies
from tipline.bundles import Pickup
from tipline.envelope import Answer, Body, File, Filled, IntakeKey, Message, Place, Thread, Tip, seal_message
from tipline.handin import Listed, Slip
from tipline.limits import DETAIL_MAX, FILES_MAX, MESSAGE_MAX, UPLOAD_MAX
from tipline.parts import Address, FileSealer, Writer
from tipline.replies import Replies

WAY: Final = "kit"


class LimitError(Exception):
    """More than one hand-in takes; the text says of what, and holds nothing of it."""


class NotYoursError(Exception):
    """Nothing in a pickup file opens with this codename."""

    def __init__(self) -> None:
        super().__init__("this pickup file is another codename's, or it was damaged or exchanged")


class OtherUnitError(Exception):
    """The key is another unit's than the one that has the thread: sealing to it would tell it of a report about itself."""

    def __init__(self) -> None:
        super().__init__("another unit has this report than the one whose key this is")


class Kept(Writer, Protocol):
    """Where one envelope is kept until its file is written."""

    def pieces(self) -> Iterable[bytes]:
        """Return what was written."""


K = TypeVar("K", bound=Kept)


@dataclass(frozen=True, slots=True)
class Attached:
    """One file of a source. Name and type travel inside the seal; *pieces* are read once."""

    name: str
    type: str
    pieces: Iterable[bytes | memoryview]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a thread goes on: the place after its last message, and the hash of that place as the server keeps it."""

    place: Place
    was: bytes


@dataclass(frozen=True, slots=True)
class HandIn(Generic[K]):
    """One file to hand in: slip and messages in front, and the parts that stand behind them or alone."""

    name: str
    head: bytes
    parts: tuple[K, ...]

    def pieces(self) -> Iterator[bytes]:
        """Return its bytes."""
        if self.head:
            yield self.head
        for part in self.parts:
            yield from part.pieces()


class _Box(Generic[K]):
    """The parts of one hand-in, in the order in which they were sealed."""

    def __init__(self, new: Callable[[], K]) -> None:
        self.new = new
        self.parts: list[tuple[Listed, K]] = []

    def add(self, listed: Listed, writer: K) -> None:
        self.parts.append((listed, writer))

    def discard(self) -> None:
        for _, writer in self.parts:
            writer.discard()


def seal(
    keys: SourceKeys,
    intake: IntakeKey,
    words: Tip | Answer,
    files: Iterable[Attached],
    *,
    after: Standing | None,
    at: datetime,
    new: Callable[[], K],
    filled: Filled | None = None,
) -> tuple[HandIn[K], ...]:
    """Seal words and files as the next messages of a thread.

    Args:
        keys: the source's.
        intake: what to seal to; whoever calls has verified it.
        words: a tip where *after* is None; else an answer, or a tip that says who must not learn of it.
        files: read one after the other, as they are sealed.
        after: what the messages follow; None for the first ones of a codename that was never used.
        at: the device's time, which travels inside the seal.
        new: opens the place for one sealed part.
        filled: answers to the questionnaire, which follow the words.

    Returns:
        The files to hand in, the slip in the first.

    Raises:
        LimitError: there is more than one hand-in takes. Nothing is left in the places that *new* opened.
        OtherUnitError: the key is not of the unit that has the thread.
    """
    _check(words, begins=after is None)
    before = Place.start(intake.unit) if after is None else after.place
    if before.unit != intake.unit:
        raise OtherUnitError
    urgent = isinstance(words, Tip) and words.urgent
    # The day in clear is that of the key, which tells no more than the serial beside it.
    address = Address(intake, keys.mailbox, intake.not_before, urgent)
    box = _Box(new)
    try:
        answered = () if filled is None else (filled,)
        sidecars = _seal_files(files, box, address)
        place, messages = _seal_messages((words, *answered, *sidecars), keys, address, after=before, at=at)
    except BaseException:
        box.discard()
        raise
    slip = Slip(
        unit=intake.unit,
        serial=intake.serial,
        mailbox=keys.mailbox,
        day=address.day,
        urgent=urgent,
        recipient=keys.identity.recipient if after is None else None,
        was=None if after is None else after.was,
        now=place.seal(keys.state, mailbox=keys.mailbox),
        envelopes=(*(listed for listed, _ in messages), *(listed for listed, _ in box.parts)),
    )
    head = slip.encode() + b"".join(sealed for _, sealed in messages)
    return _files(slip, head, [writer for _, writer in box.parts])


def _files(slip: Slip, head: bytes, parts: Sequence[K]) -> tuple[HandIn[K], ...]:
    names = slip.file_names
    if len(names) == 1:
        return (HandIn(names[0], head, tuple(parts)),)
    alone = (HandIn(name, b"", (part,)) for name, part in zip(names[1:], parts, strict=True))
    return (HandIn(names[0], head, ()), *alone)


def _check(words: Tip | Answer, *, begins: bool) -> None:
    if begins and not isinstance(words, Tip):
        raise ValueError("a thread begins with a tip")
    if not words.text.strip():
        raise LimitError("the message is empty: write what you want to say")
    details = (words.how_known, words.must_not_learn) if isinstance(words, Tip) else ()
    if len(words.text.encode()) > MESSAGE_MAX or any(len(detail.encode()) > DETAIL_MAX for detail in details):
        raise LimitError("this is too long to send in one piece: shorten it, or attach it as a file")


def _seal_files(files: Iterable[Attached], box: _Box[K], address: Address) -> list[File]:
    sealed: list[File] = []
    room = UPLOAD_MAX
    for file in files:
        if len(sealed) == FILES_MAX:
            raise LimitError(f"one hand-in takes at most {FILES_MAX} files: send the rest as an answer")
        with FileSealer(box, address, name=file.name, type_=file.type) as sealer:
            for piece in file.pieces:
                room -= len(piece)
                if room < 0:
                    raise LimitError("one hand-in takes at most 2 GB of files: send the rest as an answer")
                sealer.update(piece)
            sealed.append(sealer.finish())
    return sealed


def _seal_messages(
    bodies: Iterable[Body], keys: SourceKeys, address: Address, *, after: Place, at: datetime
) -> tuple[Place, list[tuple[Listed, bytes]]]:
    place, sealed = after, []
    for body in bodies:
        message = Message(
            lookup=keys.lookup,
            recipient=keys.identity.recipient,
            thread=Thread(keys.to_unit, keys.to_source),
            counter=place.sent.counter + 1,
            previous=place.sent.previous,
            at=at,
            body=body,
            heard=place.heard.counter,
            way=WAY,
        )
        encoded = message.encode()
        if message_size(len(encoded)) > handin.MESSAGE_MAX:  # signs that JSON writes with six letters
            raise LimitError("this is too long to send in one piece: shorten it, or attach it as a file")
        envelope = seal_message(message, address.wrapper("message"), address.intake.recipient)
        sealed.append((Listed(uuid4(), "message", len(envelope), sha256(envelope)), envelope))
        place = place.after(encoded)
    return place, sealed


@dataclass(frozen=True, slots=True)
class PickedUp:
    """What a pickup file held, and where an answer goes on; None where nothing can follow any more."""

    replies: Replies
    standing: Standing | None


def pick_up(data: bytes, keys: SourceKeys) -> PickedUp:
    """Read a pickup file with the source's keys. Blocks some milliseconds.

    Raises:
        EnvelopeError: it is not of the form.
        NotYoursError: it is of the form, and nothing in it opens with these keys.
    """
    pickup = Pickup.parse(data)
    place = replies.remembered(pickup.place, keys)
    shown = replies.read(pickup.bundle, keys, place)
    if place is None and replies.DAMAGED in shown.troubles:
        raise NotYoursError
    return PickedUp(shown, None if shown.place is None else Standing(shown.place, sha256(pickup.place)))
