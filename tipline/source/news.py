"""pure: replies in pages of one length, so that whoever counts bytes on the line does not see whether there is news.

Nothing here is compressed, by us or by the servers in front of us: the length of a page is the length of its text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup, escape

from tipline.replies import Shown

NEWS_BYTES: Final = 8 * 1024
"""Bytes of the part of a page that tells status and replies; more only when a damaged mailbox needs many words."""

_ROOM: Final = 5 * 1024  # bytes of it for replies; the rest is for the words around them, in any language
_PIECE: Final = 2 * 1024  # bytes of a longer reply that stand together
_AROUND: Final = 400  # bytes that a piece's heading and frame have at most
_WORDS: Final = re.compile(r"\s*\S{1,200}|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A reply, or a part of a long one; *begins* and *ends* say whether its beginning and its end are here."""

    number: int
    day: date
    text: str
    begins: bool
    ends: bool


def pages(shown: Sequence[Shown]) -> tuple[tuple[Piece, ...], ...]:
    """Share replies out to pages, the newest page first; on each of them the oldest reply comes first."""
    found: list[list[Piece]] = []
    room = 0
    for piece in reversed([piece for one in shown for piece in _pieces(one)]):
        needed = _length(piece.text) + _AROUND
        if needed > room or not found:
            found.append([])
            room = _ROOM
        found[-1].insert(0, piece)
        room -= needed
    return tuple(tuple(page) for page in found)


def filled(shown: str) -> Markup:
    """Fill what tells news up to `NEWS_BYTES`, or the next multiple of it, with a comment that says nothing."""
    missing = -(len(shown.encode()) + len("<!---->")) % NEWS_BYTES
    return Markup("{}<!--{}-->").format(Markup(shown), "." * missing)  # noqa: S704 - our own template's output


def _pieces(reply: Shown) -> Iterator[Piece]:
    """Yield a short reply as it is, so that a phrase of ours is shown in the page's language, and a longer one in parts."""
    texts = [reply.text] if _length(reply.text) <= _PIECE else list(_split(reply.text))
    for number, text in enumerate(texts):
        yield Piece(reply.number, reply.day, text, begins=number == 0, ends=number == len(texts) - 1)


def _split(text: str) -> Iterator[str]:
    """Cut between words where a piece is full; a word without an end is cut too."""
    piece: list[str] = []
    length = 0
    for word in _WORDS.findall(text):
        more = _length(word)
        if piece and length + more > _PIECE:
            yield "".join(piece)
            piece, length = [], 0
        piece.append(word)
        length += more
    if piece:
        yield "".join(piece)


def _length(text: str) -> int:
    return len(escape(text).encode())
