"""The keys that somebody seals to without asking our server: pinned units under the root, and their intake keys. No I/O.

Layout: docs/format.md, "Keys for sealing elsewhere".
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final, Self

from crypto import canonical
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from crypto.statement import Statement
from tipline import strict
from tipline.envelope import IntakeKey, IntakeKeyError
from tipline.strict import EnvelopeError
from tipline.units import Unit

ROLES: Final = ("unit", "oversight")


class PinsError(EnvelopeError):
    """The pinned units are not signed by the root that is trusted, or not valid on this day."""

    def __init__(self) -> None:
        super().__init__("these keys are not signed by the unit's root")


@dataclass(frozen=True, slots=True)
class Pinned:
    """One unit that a source may seal to; *intake_signer* is an Ed25519 key of 32 bytes."""

    unit: str
    role: str
    name: str
    intake_signer: bytes

    _KEYS: ClassVar[frozenset[str]] = frozenset({"unit", "role", "name", "intake_signer"})

    @classmethod
    def of(cls, unit: Unit) -> Self:
        """Take what a source needs of a pinned unit."""
        return cls(unit.id, unit.role, unit.name, unit.intake_signer)

    def body(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"unit": self.unit, "role": self.role, "name": self.name, "intake_signer": self.intake_signer.hex()}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read the JSON form; raises `EnvelopeError`."""
        body = strict.fields(value, cls._KEYS)
        if body["role"] not in ROLES:
            raise EnvelopeError
        signer = strict.hash32(body["intake_signer"])
        return cls(strict.unit(body["unit"]), body["role"], strict.text(body["name"]), signer)


@dataclass(frozen=True, slots=True)
class Pins:
    """The units that the root has signed: one takes tips, and one more may take those about it."""

    units: tuple[Pinned, ...]
    valid_from: date
    valid_until: date

    TYPE: ClassVar[str] = "tipline/pins/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"units", "valid_from", "valid_until"})

    def sign(self, root: SigningKey) -> bytes:
        """Return the signed statement."""
        body = {
            "units": [unit.body() for unit in self.units],
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
        }
        return Statement.make(self.TYPE, body, root).encode()

    @classmethod
    def read(cls, statement: bytes, root: bytes) -> Self:
        """Read a statement signed by *root*, whatever its days; raises `PinsError`."""
        try:
            body = strict.fields(Statement.parse(statement).verify(cls.TYPE, [root]), cls._KEYS)
            listed = body["units"]
            if not isinstance(listed, list):
                raise PinsError
            units = tuple(Pinned.parse(unit) for unit in listed)
            pins = cls(units, strict.day(body["valid_from"]), strict.day(body["valid_until"]))
        except (CryptoError, EnvelopeError):
            raise PinsError from None
        roles = [unit.role for unit in units]
        if sorted(roles, reverse=True) != list(ROLES[: len(roles)]) or len({unit.unit for unit in units}) != len(units):
            raise PinsError
        return pins

    def good_on(self, today: date) -> bool:
        """Say whether they count on *today*; both days are included."""
        return self.valid_from <= today <= self.valid_until

    def get(self, role: str) -> Pinned | None:
        """Return the unit with this role."""
        return next((unit for unit in self.units if unit.role == role), None)

    def of(self, unit: str) -> Pinned | None:
        """Return the unit with this id."""
        return next((pinned for pinned in self.units if pinned.unit == unit), None)


@dataclass(frozen=True, slots=True)
class Keys:
    """All that a source needs to seal: the root as 32 bytes, the signed pins, and statements of intake keys."""

    root: bytes
    pins: bytes
    intake: tuple[bytes, ...]

    FORMAT: ClassVar[str] = "tipline/keys/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"format", "root", "pins", "intake"})

    def encode(self) -> bytes:
        """Return canonical JSON, in which the statements stand as objects."""
        value = {
            "format": self.FORMAT,
            "root": self.root.hex(),
            "pins": canonical.parse(self.pins),
            "intake": [canonical.parse(statement) for statement in self.intake],
        }
        return canonical.canonical(value)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read them without believing any; raises `EnvelopeError`."""
        value = strict.of_format(data, cls.FORMAT, cls._KEYS)
        if not isinstance(value["intake"], list):
            raise EnvelopeError
        intake = tuple(canonical.canonical(statement) for statement in value["intake"])
        return cls(strict.hash32(value["root"]), canonical.canonical(value["pins"]), intake)

    def verified(self, root: bytes) -> Pins:
        """Return the pins if it is *root* that signed them, whatever their days; raises `PinsError`."""
        if self.root != root:
            raise PinsError
        return Pins.read(self.pins, root)

    def choose(self, root: bytes, role: str, today: date) -> IntakeKey:
        """Return the key to seal to today for the unit with *role*: the highest serial.

        Raises:
            PinsError: the pins are another root's, or not valid today.
            IntakeKeyError: no key of that unit is valid today.
        """
        return self._choose(self._counting(root, today).get(role), today)

    def choose_for(self, root: bytes, unit: str, today: date) -> IntakeKey:
        """Return the key to seal to today for the unit with this id, which has a thread already; raises as `choose` does."""
        return self._choose(self._counting(root, today).of(unit), today)

    def last_day(self, root: bytes, role: str) -> date:
        """Return the last day on which these seal for the unit with *role*: its last key's, or that of the pins.

        Raises:
            PinsError: the pins are another root's.
            IntakeKeyError: there is no such unit, or it signed none of the keys.
        """
        pins = self.verified(root)
        pinned = pins.get(role)
        signed = [] if pinned is None else self._signed(pinned)
        if not signed:
            raise IntakeKeyError
        return min(pins.valid_until, max(key.not_after for key in signed))

    def _counting(self, root: bytes, today: date) -> Pins:
        pins = self.verified(root)
        if not pins.good_on(today):
            raise PinsError
        return pins

    def _choose(self, pinned: Pinned | None, today: date) -> IntakeKey:
        if pinned is None:
            raise IntakeKeyError
        return max(self._good(pinned, today), key=lambda key: key.serial)

    def _good(self, pinned: Pinned, today: date) -> list[IntakeKey]:
        good = [key for key in self._signed(pinned) if key.good_on(today)]
        if not good:
            raise IntakeKeyError
        return good

    def _signed(self, pinned: Pinned) -> list[IntakeKey]:
        signed = []
        for statement in self.intake:
            try:
                key = IntakeKey.read(statement, pinned.intake_signer)
            except IntakeKeyError:
                continue
            if key.unit == pinned.unit:
                signed.append(key)
        return signed
