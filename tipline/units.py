"""The pinned public keys of the units that this public zone serves, read once from `units.json`. It holds no secret."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from crypto.digest import groups, sha256
from tipline.envelope import IntakeKey, IntakeKeyError

_ID: Final = re.compile(r"[a-z0-9-]{1,32}")
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = frozenset({"unit", "role", "name", "collector", "intake_signer"})
_ROLES: Final = ("unit", "oversight")

_read = lru_cache(maxsize=64)(IntakeKey.read)  # every form asks for the same statement; all of it is public


class UnitsError(Exception):
    """`units.json` is missing or says something else than it must; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit as the public zone knows it.

    Attributes:
        id: ``[a-z0-9-]{1,32}``.
        role: "unit" takes tips; "oversight" takes those in which the unit may be involved.
        name: as sources read it.
        collector: Ed25519 key (32 bytes) whose signed requests the drop obeys.
        intake_signer: Ed25519 key (32 bytes) that signs intake keys.
    """

    id: str
    role: str
    name: str
    collector: bytes
    intake_signer: bytes

    @classmethod
    def read(cls, path: Path, role: str) -> "Unit":
        """Read the pin that `tipline unit show` printed, for *role* here; raises `UnitsError`."""
        try:
            value = json.loads(path.read_text("utf-8"))
        except OSError:
            raise UnitsError(f"{path} cannot be read") from None
        except ValueError:
            raise UnitsError(f"{path} is not JSON: take what `tipline unit show` printed") from None
        if not isinstance(value, dict) or "role" in value:
            raise UnitsError(f"{path} is no pin: take what `tipline unit show` printed")
        return _unit({**value, "role": role}, path)

    def entry(self) -> dict[str, str]:
        """Return the unit as `units.json` holds it."""
        return {
            "unit": self.id,
            "role": self.role,
            "name": self.name,
            "collector": self.collector.hex(),
            "intake_signer": self.intake_signer.hex(),
        }

    def fingerprint(self) -> str:
        """Return what two people compare by voice: hex in groups, over id and both keys."""
        return groups(sha256(b"\0".join((self.id.encode(), self.collector, self.intake_signer))))

    def intake_key(self, statements: Iterable[bytes], today: date) -> IntakeKey:
        """Return the key with the highest serial that is this unit's and valid *today*; raises `IntakeKeyError`."""
        valid = []
        for statement in statements:
            try:
                key = _read(statement, self.intake_signer)
            except IntakeKeyError:
                continue
            if key.unit == self.id and key.good_on(today):
                valid.append(key)
        if not valid:
            raise IntakeKeyError
        return max(valid, key=lambda key: key.serial)


@dataclass(frozen=True, slots=True)
class Units:
    """All pinned units, at least one of them of the role "unit"."""

    pinned: tuple[Unit, ...]

    @classmethod
    def load(cls, folder: Path) -> "Units":
        """Read `units.json` of the public zone's folder; raises `UnitsError`."""
        path = folder / "units.json"
        try:
            value = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise UnitsError(f"{path} is missing: run `tipline init` or `tipline practice` first") from None
        except ValueError:
            raise UnitsError(f"{path} is not JSON: restore it from the unit's own copy") from None
        if not isinstance(value, list):
            raise UnitsError(f"{path} must be a list of units")
        units = cls(tuple(_unit(entry, path) for entry in value))
        ids = [unit.id for unit in units.pinned]
        if len(set(ids)) != len(ids) or sum(unit.role == "unit" for unit in units.pinned) != 1:
            raise UnitsError(f"{path} must pin exactly one unit of the role “unit”, and each id once")
        return units

    @property
    def unit(self) -> Unit:
        """The unit that takes tips."""
        return next(unit for unit in self.pinned if unit.role == "unit")

    @property
    def oversight(self) -> Unit | None:
        """The outside body for tips about the unit itself, when one is pinned."""
        return next((unit for unit in self.pinned if unit.role == "oversight"), None)

    def with_oversight(self, unit: Unit) -> "Units":
        """Return these units with *unit* as the one outside body; raises `UnitsError` where it is the unit itself."""
        if unit.id == self.unit.id or unit.role != "oversight":
            raise UnitsError("a unit cannot be its own oversight: the pin is of the unit that takes tips here")
        return Units((self.unit, unit))

    def encode(self) -> bytes:
        """Return the text of `units.json`."""
        return json.dumps([unit.entry() for unit in self.pinned], indent=2).encode()

    def get(self, unit: str) -> Unit | None:
        """Return the unit with this id."""
        return next((pinned for pinned in self.pinned if pinned.id == unit), None)


def _unit(entry: Any, path: Path) -> Unit:  # noqa: ANN401 - JSON of any form, checked here
    if not isinstance(entry, dict) or entry.keys() != _FIELDS or not all(isinstance(v, str) for v in entry.values()):
        raise UnitsError(f"{path}: each unit has the texts {', '.join(sorted(_FIELDS))}")
    if not _ID.fullmatch(entry["unit"]) or entry["role"] not in _ROLES:
        raise UnitsError(f"{path}: a unit's id is 1 to 32 of a-z, 0-9 and -, its role one of {', '.join(_ROLES)}")
    if not _KEY.fullmatch(entry["collector"]) or not _KEY.fullmatch(entry["intake_signer"]):
        raise UnitsError(f"{path}: keys are 64 hexadecimal digits")
    return Unit(
        id=entry["unit"],
        role=entry["role"],
        name=entry["name"],
        collector=bytes.fromhex(entry["collector"]),
        intake_signer=bytes.fromhex(entry["intake_signer"]),
    )
