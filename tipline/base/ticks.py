"""The shape of a collector's tick: the same questions in the same sizes whatever waits.

A tick asks for one page of the list, for the envelopes on it (also when there are none) and for their deletion (also of
none). Only when more than a page waits does it ask again, and only the size class of the envelopes' answer grows with what
is fetched. Byte layout: docs/format.md, "The drop's requests".
"""

from typing import Final

PAGE: Final = 64
"""Envelopes of one list, and of one answer that brings them."""
FRAME: Final = 8
"""Bytes of the length in front of each envelope; big-endian, 0 for one that is not there."""
LIST_BYTES: Final = 16 * 1024
IDS_BYTES: Final = 4 * 1024
RECEIPTS_BYTES: Final = 16 * 1024
DELETED_BYTES: Final = 4 * 1024
BUNDLES: Final = 15
"""Mailboxes whose bundles one request replaces; the last request of a round has fewer."""

_STEP: Final = 256 * 1024  # holds forty small tips, so that none, one and forty look alike
_LARGE: Final = 16 * 1024 * 1024
_GROWTH: Final = 4


def answer_size(used: int) -> int:
    """Return the class for an answer of *used* bytes: 256 KiB, 1 MiB, 4 MiB, then whole 16 MiB."""
    size = _STEP
    while size < used and size < _LARGE:
        size *= _GROWTH
    return size if used <= size else -(-used // _LARGE) * _LARGE
