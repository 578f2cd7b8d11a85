"""pure: the list of all that one agency was sent. Which packages stand in it is the guard's word; nobody else adds or leaves out one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from handling.rules.agreements import PURPOSE_LABELS, Purpose
from handling.rules.clocks import in_words
from handling.rules.manifest import Manifest

LINES_MAX: Final = 500
"""Packages in one list: an officer reads every line. A longer one is refused, and given in the way that both sides agreed on."""
_KEYS: Final = frozenset(
    {
        "release",
        "on",
        "purpose",
        "agreement",
        "version",
        "rules",
        "zip_sha256",
        "conditions",
        "delete_by",
        "recalled_on",
    }
)
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SHORT: Final = r"[^\x00-\x1f\x7f]{1,400}"


class ListError(ValueError):
    """There is no such list; the text is shown to the officer."""


@dataclass(frozen=True, slots=True)
class Left:
    """One package that left, as the guard knows it by itself.

    Attributes:
        line: SHA-256 of manifest and hash of the ZIP; None of one that left before the guard kept it.
    """

    release: UUID
    on: date
    recalled_on: date | None
    line: bytes | None


@dataclass(frozen=True, slots=True)
class Line:
    """One package of the list: nothing that the package did not say itself, but the recall."""

    release: UUID
    on: date
    purpose: Purpose
    agreement: str
    version: int
    rules: tuple[str, ...]
    zip_sha256: str
    conditions: str
    delete_by: date
    recalled_on: date | None

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "release": str(self.release),
            "on": self.on.isoformat(),
            "purpose": self.purpose.value,
            "agreement": self.agreement,
            "version": self.version,
            "rules": list(self.rules),
            "zip_sha256": self.zip_sha256,
            "conditions": self.conditions,
            "delete_by": self.delete_by.isoformat(),
            "recalled_on": None if self.recalled_on is None else self.recalled_on.isoformat(),
        }

    @classmethod
    def from_body(cls, body: object) -> "Line":
        """Read what `to_body` returns, or raise `ListError`."""
        if not isinstance(body, Mapping) or body.keys() != _KEYS or type(body["version"]) is not int:
            raise ListError
        rules, recalled = body["rules"], body["recalled_on"]
        if not isinstance(rules, list):
            raise ListError
        try:
            return cls(
                release=UUID(_text(body["release"], _UUID)),
                on=_day(body["on"]),
                purpose=Purpose(body["purpose"]),
                agreement=_text(body["agreement"], r"[a-z0-9-]{1,64}"),
                version=body["version"],
                rules=tuple(_text(rule, _SHORT) for rule in rules),
                zip_sha256=_text(body["zip_sha256"], r"[0-9a-f]{64}"),
                conditions=_text(body["conditions"], _SHORT),
                delete_by=_day(body["delete_by"]),
                recalled_on=None if recalled is None else _day(recalled),
            )
        except ValueError:
            raise ListError from None

    @property
    def words(self) -> str:
        """The line as people read it."""
        recalled = "not recalled" if self.recalled_on is None else f"recalled on {in_words(self.recalled_on)}"
        return "; ".join(
            (
                f"{self.release}, {in_words(self.on)}",
                f"for {PURPOSE_LABELS[self.purpose]}",
                f"agreement {self.agreement}, version {self.version}",
                f"allowed by {', '.join(self.rules)}",
                f"conditions {self.conditions}",
                f"to be kept until {in_words(self.delete_by)} at most",
                recalled,
                f"SHA-256 of the ZIP {self.zip_sha256}",
            )
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What the desk says left: believed where the guard kept its hash, and nowhere else."""

    manifest: Manifest
    zip_sha256: str


def lines(left: Sequence[Left], said: Mapping[bytes, Said]) -> tuple[Line, ...]:
    """Return one line for each package that left, oldest first.

    Args:
        left: every package that left to this agency.
        said: what the desk hands over, by its hash as `Left.line` has it; what did not leave is passed over.

    Raises:
        ListError: a line cannot be written, or there are too many.
    """
    if len(left) > LINES_MAX:
        raise ListError(
            f"More than {LINES_MAX} packages left to this agency: so many lines nobody reads before signing. "
            "Give this list in the way that both sides agreed on."
        )
    return tuple(_line(one, said) for one in sorted(left, key=lambda one: (one.on, one.release)))


def _line(one: Left, said: Mapping[bytes, Said]) -> Line:
    if one.line is None:
        raise ListError(
            f"Package {one.release} left before the guard kept the hash of what left, so it cannot vouch for its line. "
            "Give this list in the way that both sides agreed on."
        )
    if one.line not in said:
        raise ListError(f"The desk did not hand over what left as package {one.release}, or not as it left.")
    manifest, terms = said[one.line].manifest, said[one.line].manifest.terms
    return Line(
        release=one.release,
        on=one.on,
        purpose=Purpose(manifest.purpose),
        agreement=manifest.agreement.id,
        version=manifest.agreement.version,
        rules=manifest.rules,
        zip_sha256=said[one.line].zip_sha256,
        conditions=f"{terms['marking']}, onward: {terms['onward']['rule']}, in court: {terms['evidence']}",
        delete_by=manifest.delete_by,
        recalled_on=one.recalled_on,
    )


def to_about(found: Sequence[Line]) -> dict[str, Any]:
    """Return what a notice of this kind says besides."""
    return {"packages": [line.to_body() for line in found]}


def from_about(about: object) -> tuple[Line, ...]:
    """Read what `to_about` returns, or raise `ListError`."""
    if not isinstance(about, Mapping) or about.keys() != {"packages"} or not isinstance(about["packages"], list):
        raise ListError
    found = tuple(Line.from_body(one) for one in about["packages"])
    if len(found) > LINES_MAX or [(one.on, one.release) for one in found] != sorted(
        {(one.on, one.release) for one in found}
    ):
        raise ListError
    return found


def _text(value: object, pattern: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ListError
    return value


def _day(value: object) -> date:
    return date.fromisoformat(_text(value, _DAY))
