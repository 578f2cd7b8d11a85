"""Canonical JSON (RFC 8785): one value, one sequence of bytes, so that hashes and signatures mean the value."""

import json
from typing import Any

import rfc8785

from crypto.errors import CanonicalError


def canonical(value: Any) -> bytes:  # noqa: ANN401 - a JSON value has no narrower type
    """Return the canonical bytes of a JSON value (dict, list, tuple, str, int, float, bool, None).

    Raises:
        CanonicalError: the value is not JSON, or an integer lies beyond 2**53 - 1.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError):
        raise CanonicalError from None  # the library's text quotes the value


def parse(data: bytes) -> Any:  # noqa: ANN401 - a JSON value has no narrower type
    """Return the value whose canonical form is exactly *data*; anything else is refused.

    Repeated keys, white space, other spellings of a number and escapes that were not needed all give other
    bytes, and are refused by that alone.

    Raises:
        CanonicalError: *data* is not JSON or not its canonical form.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise CanonicalError from None
    if canonical(value) != data:
        raise CanonicalError
    return value
