"""What a source hands in that was sealed on their own device: a slip, and the envelopes it lists. No I/O, no storage.

Layout: docs/format.md, "Hand-ins". The public zone reads all of it, so nothing in it may say more than the wrappers do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final, Self, cast
from uuid import UUID

from crypto import age, canonical
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.padding import MESSAGE_STEP, PART_MAX, message_size, part_size
from tipline import strict
from tipline.envelope import SEALED_PLACE_BYTES, WRAPPER_BYTES, Kind, Wrapper
from tipline.strict import EnvelopeError

FILE_MAX: Final = 17 * 1024 * 1024
"""Bytes of one file to hand in: more than a slip with one full part needs, so that each part can go by itself."""
SLIP_MAX: Final = 256 * 1024
"""Bytes of a slip: some 1,500 envelopes."""
MESSAGE_MAX: Final = 1024 * 1024
"""Padded bytes of one message; the longest that a form takes needs 1 MiB."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One envelope as its slip names it: its id, kind, bytes and SHA-256, wrapper included."""

    id: UUID
    kind: Kind
    size: int
    sha256: bytes

    _KEYS: ClassVar[frozenset[str]] = frozenset({"id", "kind", "size", "sha256"})

    def body(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"id": str(self.id), "kind": self.kind, "size": self.size, "sha256": self.sha256.hex()}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read the JSON form; raises `EnvelopeError`, also for a size that no padded content has."""
        body = strict.fields(value, cls._KEYS)
        kind, size = body["kind"], strict.number(body["size"], least=1, most=FILE_MAX)
        if kind not in _SIZES or size not in _SIZES[kind]:
            raise EnvelopeError
        listed = cls(strict.uuid(body["id"]), cast(Kind, kind), size, strict.hash32(body["sha256"]))
        if kind == "part" and listed.id != part_id(listed.sha256):
            raise EnvelopeError
        return listed


def part_id(sha256: bytes) -> UUID:
    """Return the id of a part with this SHA-256, so that its bytes alone say where they belong and nothing takes their place."""
    return UUID(bytes=sha256[:16])


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands in front of envelopes that were sealed on a source's device, in clear.

    Attributes:
        unit, serial, mailbox, urgent: as every wrapper behind it says.
        recipient: the source's public key, with the first hand-in of a mailbox; None afterwards.
        was: SHA-256 of the sealed place that the messages follow; None with the first hand-in of a mailbox.
        now: the sealed place after them.
        envelopes: messages in the order of the thread, then parts; their ids and hashes are all different.
    """

    unit: str
    serial: int
    mailbox: bytes
    day: date
    urgent: bool
    recipient: age.Recipient | None
    was: bytes | None
    now: bytes
    envelopes: tuple[Listed, ...]

    FORMAT: ClassVar[str] = "tipline/hand-in/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset(
        ["format", "unit", "serial", "mailbox", "day", "urgent", "recipient", "was", "now", "envelopes", "sum"]
    )

    def _payload(self) -> dict[str, Any]:
        return {
            "format": self.FORMAT,
            "unit": self.unit,
            "serial": self.serial,
            "mailbox": self.mailbox.hex(),
            "day": self.day.isoformat(),
            "urgent": self.urgent,
            "recipient": None if self.recipient is None else str(self.recipient),
            "was": None if self.was is None else self.was.hex(),
            "now": self.now.hex(),
            "envelopes": [listed.body() for listed in self.envelopes],
        }

    @property
    def sum(self) -> bytes:
        """SHA-256 over all of it: names this hand-in, so that the same one handed in again is known."""
        return sha256(canonical.canonical(self._payload()))

    def encode(self) -> bytes:
        """Return one line of canonical JSON, spaces and a line feed, in the class of a message; raises `EnvelopeError`."""
        line = canonical.canonical(self._payload() | {"sum": self.sum.hex()})
        encoded = line.ljust(message_size(len(line) + 1) - 1) + b"\n"
        if self.parse(encoded) != self:
            raise EnvelopeError
        return encoded

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """Read a slip with its line feed; raises `EnvelopeError`, also when one byte of it was changed."""
        if line[-1:] != b"\n" or len(line) != message_size(len(line)) or len(line) > SLIP_MAX:
            raise EnvelopeError
        value = strict.of_format(line[:-1], cls.FORMAT, cls._KEYS)
        first = value["was"] is None
        if first is (value["recipient"] is None) or not isinstance(value["envelopes"], list):
            raise EnvelopeError
        slip = cls(
            unit=strict.unit(value["unit"]),
            serial=strict.number(value["serial"], least=1),
            mailbox=strict.hash32(value["mailbox"]),
            day=strict.day(value["day"]),
            urgent=strict.flag(value["urgent"]),
            recipient=_recipient(value["recipient"]) if first else None,
            was=None if first else strict.hash32(value["was"]),
            now=strict.octets(value["now"], size=SEALED_PLACE_BYTES),
            envelopes=tuple(Listed.parse(listed) for listed in value["envelopes"]),
        )
        if strict.hash32(value["sum"]) != slip.sum or not slip._in_order():
            raise EnvelopeError
        return slip

    def _in_order(self) -> bool:
        kinds = [listed.kind for listed in self.envelopes]
        count = len(kinds)
        different = len({one.id for one in self.envelopes}) == count == len({one.sha256 for one in self.envelopes})
        return different and kinds[:1] == ["message"] and kinds == sorted(kinds)  # "message" stands before "part"

    def wrapper(self, kind: Kind) -> Wrapper:
        """Return what the wrapper of each envelope of this *kind* must say."""
        return Wrapper(self.unit, self.serial, self.mailbox, self.day, self.urgent, kind)

    @property
    def pieces(self) -> tuple[tuple[Listed, ...], ...]:
        """The envelopes of each file to hand in: one file where all fit, else messages first and then each part alone."""
        messages = [one for one in self.envelopes if one.kind == "message"]
        parts = self.envelopes[len(messages) :]
        if SLIP_MAX + _total(self.envelopes) <= FILE_MAX:
            return (self.envelopes,)
        return (tuple(messages), *((part,) for part in parts))

    @property
    def file_names(self) -> tuple[str, ...]:
        """What each of those files is called."""
        count = len(self.pieces)
        return tuple(f"hand-in-{number}-of-{count}.tip" for number in range(1, count + 1))


def _total(envelopes: Sequence[Listed]) -> int:
    return sum(listed.size for listed in envelopes)


def _recipient(value: object) -> age.Recipient:
    try:
        return age.Recipient.parse(strict.text(value))
    except CryptoError:
        raise EnvelopeError from None


def _classes() -> dict[str, frozenset[int]]:
    """Every size that an envelope can have, by kind."""
    messages, parts = [MESSAGE_STEP], [part_size(1)]
    while messages[-1] < MESSAGE_MAX:
        messages.append(message_size(messages[-1] + 1))
    while parts[-1] < PART_MAX:
        parts.append(part_size(parts[-1] + 1))
    return {
        kind: frozenset(WRAPPER_BYTES + age.sealed_size(content) for content in contents)
        for kind, contents in (("message", messages), ("part", parts))
    }


_SIZES: Final = _classes()
