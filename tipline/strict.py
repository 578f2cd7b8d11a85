"""Strict readers of JSON values that travel: each returns the value or raises `EnvelopeError`, with nothing of the value in it."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from crypto import canonical
from crypto.errors import CanonicalError

NUMBER_MAX: Final = 2**31 - 1
"""The greatest counter or serial: what a column of the databases holds."""
SIZE_MAX: Final = 2**53 - 1
"""The greatest size in bytes: what every JSON reader keeps exactly."""

_UNIT: Final = re.compile(r"[a-z0-9-]{1,32}")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_HASH_BYTES: Final = 32


class EnvelopeError(Exception):
    """A wrapper, message, reply, bundle or slip is not of its form."""

    def __init__(self, text: str = "this is not a well-formed Tipline message") -> None:
        super().__init__(text)


def json_object(data: bytes, keys: frozenset[str]) -> dict[str, Any]:
    """Parse canonical JSON with exactly these keys, after which only spaces may follow."""
    try:
        value = canonical.parse(data.rstrip(b" "))
    except CanonicalError:
        raise EnvelopeError from None
    if not isinstance(value, dict) or value.keys() != keys:
        raise EnvelopeError
    return value


def of_format(data: bytes, form: str, keys: frozenset[str]) -> dict[str, Any]:
    """Parse canonical JSON that also says it is of this *form*."""
    value = json_object(data, keys)
    if value["format"] != form:
        raise EnvelopeError
    return value


def fields(value: object, keys: frozenset[str]) -> Mapping[str, Any]:
    """Read an object with exactly these keys."""
    if not isinstance(value, dict) or value.keys() != keys:
        raise EnvelopeError
    return value


def text(value: object) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise EnvelopeError
    return value


def flag(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise EnvelopeError
    return value


def number(value: object, *, least: int, most: int = NUMBER_MAX) -> int:
    """Read an integer from *least* to *most*."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise EnvelopeError
    return value


def octets(value: object, *, size: int) -> bytes:
    """Read *size* bytes from lower-case hexadecimal."""
    if not isinstance(value, str) or len(value) != 2 * size or not _HEX.fullmatch(value):
        raise EnvelopeError
    return bytes.fromhex(value)


def hash32(value: object) -> bytes:
    """Read 32 bytes from lower-case hexadecimal."""
    return octets(value, size=_HASH_BYTES)


def uuid(value: object) -> UUID:
    """Read an id in its usual lower-case form."""
    try:
        found = UUID(text(value))
    except ValueError:
        raise EnvelopeError from None
    if str(found) != value:
        raise EnvelopeError
    return found


def unit(value: object) -> str:
    """Read a unit's id: 1 to 32 of a-z, 0-9 and -."""
    found = text(value)
    if not _UNIT.fullmatch(found):
        raise EnvelopeError
    return found


def day(value: object) -> date:
    """Read a day, as 2026-11-23."""
    try:
        found = date.fromisoformat(text(value))
    except ValueError:
        raise EnvelopeError from None
    if found.isoformat() != value:
        raise EnvelopeError
    return found


def moment(value: object) -> datetime:
    """Read a time in UTC, as 2026-11-23T23:10:00Z."""
    found = text(value)
    if not _MOMENT.fullmatch(found):
        raise EnvelopeError
    try:
        return datetime.fromisoformat(found)
    except ValueError:
        raise EnvelopeError from None
