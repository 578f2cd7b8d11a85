"""Sends one message on its way: seal in thread order, publish, and let `keep` store all of it or nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final

from crypto.codename import SourceKeys, SubmissionMac
from crypto.secret import Guarded
from tipline.base.database import StoreError
from tipline.bundles import pack_bundle
from tipline.envelope import Answer, Body, IntakeKeyError, Message, Place, Thread, Tip, answer_message
from tipline.parts import Address
from tipline.source.channel import Keep
from tipline.source.form import Report
from tipline.source.sealing import Outbox
from tipline.source.store import Envelope, Mailbox, NewMailbox, Outcome, Submission

_TRIES: Final = 8


class OtherUnitError(Exception):
    """Another unit than this form is for has the codename's report: sealing there would break its promise."""

    def __init__(self) -> None:
        super().__init__("this codename already belongs to a report for somebody else")


class GoneError(Exception):
    """The codename's mailbox has been erased, so nothing can follow in its thread, nor can its first form begin it anew."""

    def __init__(self) -> None:
        super().__init__("there is no mailbox under this codename any more")


class FullError(Exception):
    """So much waits for its unit that nothing like this is taken now."""

    def __init__(self) -> None:
        super().__init__("a ceiling of what may wait is reached")


class Delivered(Enum):
    """What became of a form that was accepted."""

    FIRST = "first"
    FURTHER = "further"
    REPEAT = "repeat"


_REFUSED: Final[Mapping[Outcome, type[Exception]]] = MappingProxyType(
    {Outcome.RETIRED: IntakeKeyError, Outcome.FULL: FullError, Outcome.ERASED: GoneError}
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Delivery(Guarded):
    """One message, ready to be sealed.

    Attributes:
        mac: over all of the form that brought it.
        first: the message when the codename is new; None for what alone never makes a mailbox, as an answer or a file.
        further: the message when the thread has begun already; the outbox holds the parts of a file.
        at: when it arrived; travels inside the seal only.
    """

    keys: SourceKeys
    address: Address
    mac: bytes
    first: Tip | None
    further: Body
    at: datetime


def mac_fields(mac: SubmissionMac, report: Report) -> None:
    """Enter what was typed and chosen into the form's MAC."""
    mac.field("involved", b"yes" if report.involved else b"no")
    mac.field("urgent", b"yes" if report.urgent else b"no")
    mac.field("message", report.message.encode())
    mac.field("how_known", report.how_known.encode())
    mac.field("must_not_learn", report.must_not_learn.encode())


def first_message(report: Report) -> Tip:
    """Return the message that opens a thread."""
    return Tip(
        text=report.message,
        how_known=report.how_known,
        must_not_learn=report.must_not_learn,
        urgent=report.urgent,
    )


def further_message(report: Report) -> Answer | Tip:
    """Return a changed form as a further message of the thread it opened; whom it names is left out as by a first one.

    What is a field of a first message alone stands in the text, except who must not learn of it: an answer asks nothing.
    """
    text = report.message
    if report.how_known.strip():
        text += f"\n\nHow I know this: {report.how_known}"
    message = answer_message(text, report.must_not_learn)
    return replace(message, urgent=report.urgent) if isinstance(message, Tip) else message


async def deliver(keep: Keep, outbox: Outbox, delivery: Delivery) -> Delivered:
    """Store the form once, whatever happens at the same moment.

    Raises:
        FullError: a ceiling is reached.
        GoneError: the mailbox has been erased.
        IntakeKeyError: the key it was sealed to has been taken back meanwhile.
        OpenError: the mailbox was exchanged, so that no answer could follow.
        OtherUnitError: the codename is another unit's.
        StoreError: the rows could not be written; it may be unknown whether they were, and sending again is harmless.
    """
    parts: tuple[Envelope, ...] = ()
    new = delivery.first is not None  # nearly every form begins a thread: only when the store says no is it asked why
    for _ in range(_TRIES):
        seen, stored = (False, None) if new else await keep.standing(delivery.mac, delivery.keys.mailbox)  # 1 load
        new = False
        if seen:
            await asyncio.to_thread(outbox.withdraw, parts)
            return Delivered.REPEAT
        if stored is not None and stored.unit != delivery.address.intake.unit:
            await asyncio.to_thread(outbox.withdraw, parts)
            raise OtherUnitError
        body = delivery.first if stored is None else delivery.further
        if body is None:
            await asyncio.to_thread(outbox.withdraw, parts)
            raise GoneError
        submission, published = await asyncio.to_thread(_seal, outbox, delivery, body, stored, parts)  # 2 seal
        outcome = await keep.submit(submission)  # 3 store
        if outcome is Outcome.STORED:
            return Delivered.FIRST if stored is None else Delivered.FURTHER
        if outcome in _REFUSED:
            await asyncio.to_thread(outbox.withdraw, submission.envelopes)
            raise _REFUSED[outcome]
        parts = tuple(envelope for envelope in submission.envelopes if envelope.kind == "part")
        await asyncio.to_thread(outbox.withdraw, [envelope for envelope in published if envelope not in parts])
    raise StoreError


def following(place: Place, keys: SourceKeys, body: Body, *, at: datetime) -> Message:
    """Return the message that goes on from *place* in a thread."""
    return Message(
        lookup=keys.lookup,
        recipient=keys.identity.recipient,
        thread=Thread(keys.to_unit, keys.to_source),
        counter=place.sent.counter + 1,
        previous=place.sent.previous,
        at=at,
        body=body,
        heard=place.heard.counter,
    )


def _seal(
    outbox: Outbox, delivery: Delivery, body: Body, stored: Mailbox | None, parts: Sequence[Envelope]
) -> tuple[Submission, tuple[Envelope, ...]]:
    """Seal the message behind the thread's last one and publish; *parts* are those of an earlier try."""
    keys, address = delivery.keys, delivery.address
    unit = address.intake.unit
    place = Place.start(unit) if stored is None else Place.open(stored.thread_state, keys.state, mailbox=keys.mailbox)
    if place.unit != unit:
        raise OtherUnitError  # the row names another unit than the source's own seal does
    encoded = following(place, keys, body, at=delivery.at).encode()
    outbox.add_message(encoded, address)
    place = place.after(encoded)
    published = outbox.publish()
    recipient = keys.identity.recipient
    submission = Submission(
        mac=delivery.mac,
        mailbox=keys.mailbox,
        unit=unit,
        serial=address.intake.serial,
        urgent=address.urgent,
        day=address.day,
        was=None if stored is None else stored.thread_state,
        now=place.seal(keys.state, mailbox=keys.mailbox),
        new=NewMailbox(str(recipient), pack_bundle([], recipient)) if stored is None else None,
        envelopes=(*parts, *published),
    )
    return submission, published
