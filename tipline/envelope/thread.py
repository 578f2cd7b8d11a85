"""A dialogue with one source: its two MAC keys, and how far each direction has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

from crypto import canonical, columns
from crypto.digest import sha256
from crypto.errors import OpenError
from crypto.secret import Guarded, Secret
from tipline import strict
from tipline.strict import EnvelopeError

MAILBOX_BYTES: Final = 32
"""A mailbox's id: the SHA-256 of its `lookup`."""
NO_PREVIOUS: Final = bytes(32)

SEALED_PLACE_BYTES: Final = 361
"""What `Place.seal` makes: 320 bytes of JSON and spaces, and 41 of a sealed column."""

_PLACE_BYTES: Final = 320
"""The longest place has 260: both counters at their most, and a unit's id of 32 letters."""


class ForgedError(EnvelopeError):
    """A message's MAC does not fit its thread: somebody without the thread's key wrote or changed it."""

    def __init__(self) -> None:
        super().__init__("this message was not written by the holder of the thread's key")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Thread(Guarded):
    """The two MAC keys of one dialogue; made from the codename, told to the unit inside each message."""

    to_unit: Secret
    to_source: Secret


@dataclass(frozen=True, slots=True)
class ThreadState:
    """How far one direction of a thread has come: the last counter and the hash of that message."""

    counter: int
    previous: bytes

    _KEYS: ClassVar[frozenset[str]] = frozenset({"counter", "previous"})

    @classmethod
    def start(cls) -> Self:
        """Return the state before the first message."""
        return cls(counter=0, previous=NO_PREVIOUS)

    def after(self, encoded: bytes) -> ThreadState:
        """Return the state once *encoded* (a message's or reply's canonical bytes, unpadded) has been sent."""
        return ThreadState(counter=self.counter + 1, previous=sha256(encoded))

    def body(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"counter": self.counter, "previous": self.previous.hex()}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read the JSON form; raises `EnvelopeError`."""
        body = strict.fields(value, cls._KEYS)
        return cls(counter=strict.number(body["counter"], least=0), previous=strict.hash32(body["previous"]))


@dataclass(frozen=True, slots=True)
class Place:
    """What the source's side keeps between visits: who has the thread, the last message sent, the newest reply shown.

    It is sealed under the source's own key, so no server can say that another *unit* has the thread.
    """

    unit: str
    sent: ThreadState
    heard: ThreadState

    _KEYS: ClassVar[frozenset[str]] = frozenset({"unit", "sent", "heard"})

    @classmethod
    def start(cls, unit: str) -> Self:
        """Return the place before the first message to *unit*, by its id."""
        return cls(unit, ThreadState.start(), ThreadState.start())

    def after(self, encoded: bytes) -> Place:
        """Return the place once *encoded* (a message's canonical bytes, unpadded) has been sent."""
        return replace(self, sent=self.sent.after(encoded))

    def seal(self, key: Secret, *, mailbox: bytes) -> bytes:
        """Seal for the mailbox's row, in one size for all."""
        value = {"unit": strict.unit(self.unit), "sent": self.sent.body(), "heard": self.heard.body()}
        padded = canonical.canonical(value).ljust(_PLACE_BYTES)
        return columns.seal(key, padded, table="zone.mailbox", column="thread_state", row=mailbox.hex())

    @classmethod
    def open(cls, sealed: bytes, key: Secret, *, mailbox: bytes) -> Self:
        """Open what `seal` made; raises `crypto.errors.OpenError`."""
        padded = columns.open_(key, sealed, table="zone.mailbox", column="thread_state", row=mailbox.hex())
        try:
            value = strict.json_object(padded, cls._KEYS)
            sent, heard = ThreadState.parse(value["sent"]), ThreadState.parse(value["heard"])
            return cls(strict.unit(value["unit"]), sent, heard)
        except EnvelopeError:
            raise OpenError from None
