"""The clear words in front of each sealed file: all that the public zone may know of it."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final, Literal, Self, TypeAlias

from crypto import canonical
from tipline import strict
from tipline.strict import EnvelopeError

WRAPPER_BYTES: Final = 256

Kind: TypeAlias = Literal["message", "part"]


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The clear words in front of a sealed file: all that the public zone may know of it."""

    unit: str
    serial: int
    mailbox: bytes
    day: date
    urgent: bool
    kind: Kind

    FORMAT: ClassVar[str] = "tipline/envelope/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"format", "unit", "serial", "mailbox", "day", "urgent", "kind"})

    def encode(self) -> bytes:
        """Return exactly `WRAPPER_BYTES` bytes: canonical JSON, spaces, a line feed."""
        value = {
            "format": self.FORMAT,
            "unit": self.unit,
            "serial": self.serial,
            "mailbox": self.mailbox.hex(),
            "day": self.day.isoformat(),
            "urgent": self.urgent,
            "kind": self.kind,
        }
        encoded = canonical.canonical(value)
        if len(encoded) >= WRAPPER_BYTES or strict.unit(self.unit) != self.unit:
            raise EnvelopeError
        return encoded.ljust(WRAPPER_BYTES - 1) + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the first `WRAPPER_BYTES` bytes of an envelope; raises `EnvelopeError`."""
        if len(data) != WRAPPER_BYTES or data[-1:] != b"\n":
            raise EnvelopeError
        value = strict.of_format(data[:-1], cls.FORMAT, cls._KEYS)
        kind = value["kind"]
        if kind not in ("message", "part"):
            raise EnvelopeError
        return cls(
            unit=strict.unit(value["unit"]),
            serial=strict.number(value["serial"], least=1),
            mailbox=strict.hash32(value["mailbox"]),
            day=strict.day(value["day"]),
            urgent=strict.flag(value["urgent"]),
            kind=kind,
        )
