"""Keys that tips are sealed to, each in a statement signed by its unit's intake signer."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from crypto import age
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from crypto.statement import Statement
from tipline import strict
from tipline.strict import EnvelopeError


class IntakeKeyError(EnvelopeError):
    """An intake key is not signed by its unit's signer, or not valid on this day."""

    def __init__(self) -> None:
        super().__init__("no valid intake key")


@dataclass(frozen=True, slots=True)
class IntakeKey:
    """A key that tips are sealed to, valid on the days from *not_before* to *not_after*, both included."""

    unit: str
    serial: int
    recipient: age.Recipient
    not_before: date
    not_after: date

    TYPE: ClassVar[str] = "tipline/intake-key/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset(["purpose", "unit", "serial", "recipient", "not_before", "not_after"])

    def sign(self, signer: SigningKey) -> bytes:
        """Return the signed statement."""
        body = {
            "purpose": "intake",
            "unit": self.unit,
            "serial": self.serial,
            "recipient": str(self.recipient),
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
        }
        return Statement.make(self.TYPE, body, signer).encode()

    @classmethod
    def read(cls, statement: bytes, signer: bytes) -> Self:
        """Read a statement signed by *signer*, whatever its days; raises `IntakeKeyError`."""
        try:
            body = strict.fields(Statement.parse(statement).verify(cls.TYPE, [signer]), cls._KEYS)
            key = cls(
                unit=strict.unit(body["unit"]),
                serial=strict.number(body["serial"], least=1),
                recipient=age.Recipient.parse(strict.text(body["recipient"])),
                not_before=strict.day(body["not_before"]),
                not_after=strict.day(body["not_after"]),
            )
        except (CryptoError, EnvelopeError):
            raise IntakeKeyError from None
        if body["purpose"] != "intake":
            raise IntakeKeyError
        return key

    def good_on(self, today: date) -> bool:
        """Say whether a tip may be sealed to this key on *today*; its first and last day are included."""
        return self.not_before <= today <= self.not_after
