"""ASCII armour: an age file as strict PEM (RFC 7468, figure 3) in 64 columns, written and read in constant memory.

Spec: C2SP age.md, "ASCII armor". Only white space around the armour and the choice of LF or CRLF are free; whatever
else an encoder would not have written is refused, so that one file has one armour.
"""

import binascii
import struct
from enum import Enum, auto

from crypto.errors import ArmorError

MAX_SPACE = 1024  # bytes of white space before and after, as in stock age

_HEADER = b"-----BEGIN AGE ENCRYPTED FILE-----"
_FOOTER = b"-----END AGE ENCRYPTED FILE-----"
_SPACE = b" \t\r\n"
_COLUMNS = 64
_LINE_BYTES = 48
_LINES = struct.Struct(f"{_COLUMNS}s" * 1024)  # cuts a block of text into lines without a loop


def detect(start: bytes | bytearray) -> bool:
    """Say whether a file that starts so is armoured; *start* has `MAX_SPACE` + 64 bytes or is the whole file."""
    return bytes(start[: MAX_SPACE + len(_HEADER)]).lstrip(_SPACE).startswith(_HEADER)


class Armorer:
    """Turns pushed bytes into armour."""

    __slots__ = ("_front", "_rest")

    def __init__(self) -> None:
        self._front = _HEADER + b"\n"
        self._rest = b""

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the lines that *data* completed; the first call's output starts with the header line."""
        front, self._front = self._front, b""
        joined = self._rest + bytes(data)
        whole = len(joined) - len(joined) % _LINE_BYTES
        self._rest = joined[whole:]
        return front + _wrapped(binascii.b2a_base64(memoryview(joined)[:whole], newline=False))

    def finish(self) -> bytes:
        """Return the last line and the footer."""
        front, self._front = self._front, b""
        last = binascii.b2a_base64(self._rest) if self._rest else b""
        return front + last + _FOOTER + b"\n"


class _Place(Enum):
    BEFORE = auto()
    BODY = auto()
    LAST = auto()  # a line that ends the body has been seen
    AFTER = auto()


class Dearmorer:
    """Turns pushed armour back into bytes. What came out before `finish` returned is perhaps not the whole."""

    __slots__ = ("_buffer", "_place", "_refused", "_space")

    def __init__(self) -> None:
        self._buffer = b""
        self._place = _Place.BEFORE
        self._refused = False
        self._space = 0

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return what the complete lines say; raise `ArmorError` at the first that is not as it must be."""
        if self._refused:
            raise RuntimeError("the armour has been refused")
        self._refused = True  # until this piece has passed
        joined = self._buffer + bytes(data)
        end = joined.rfind(b"\n") + 1
        self._buffer = joined[end:]
        out = self._lines(joined[:end])
        self._bound()
        self._refused = False
        return out

    def finish(self) -> bytes:
        """Return nothing more, or raise `ArmorError` when the armour is not whole."""
        if self._refused:
            raise RuntimeError("the armour has been refused")
        self._refused = True
        if self._place is not _Place.AFTER and (
            self._place is _Place.BEFORE or self._buffer.removesuffix(b"\r") != _FOOTER
        ):
            raise ArmorError
        return b""

    def _lines(self, text: bytes) -> bytes:
        while self._place is _Place.BEFORE and text:
            line, _, text = text.partition(b"\n")
            if line.removesuffix(b"\r") == _HEADER:
                self._place = _Place.BODY
            else:
                self._skip(line + b"\n")
        if self._place is _Place.AFTER:
            self._skip(text)
            return b""
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        dash = text.find(b"-")  # base64 has none, so this can only be the footer
        if dash < 0:
            return self._decode(text)
        body, footer = text[:dash], text[dash:]
        if not footer.startswith(_FOOTER + b"\n") or (body and not body.endswith(b"\n")):
            raise ArmorError
        out = self._decode(body)
        self._place = _Place.AFTER
        self._skip(footer[len(_FOOTER) :])
        return out

    def _decode(self, text: bytes) -> bytes:
        """Decode complete lines; all but the last have 64 columns and no padding."""
        if not text:
            return b""
        if self._place is _Place.LAST:
            raise ArmorError
        if len(text) % (_COLUMNS + 1) == 0 and b"=" not in text:
            return _full_lines(text)
        cut = text.rfind(b"\n", 0, -1) + 1
        self._place = _Place.LAST
        return _full_lines(text[:cut]) + _last_line(text[cut:-1])

    def _skip(self, space: bytes) -> None:
        self._space += len(space)
        if space.strip(_SPACE) or self._space > MAX_SPACE:
            raise ArmorError

    def _bound(self) -> None:
        """Refuse a line that is too long already, so that no more than one is ever held back."""
        if self._place is _Place.AFTER:
            self._skip(self._buffer)
            self._buffer = b""
        limit = MAX_SPACE + len(_HEADER) if self._place is _Place.BEFORE else _COLUMNS + len(b"\r")
        if len(self._buffer) > limit:
            raise ArmorError


def _wrapped(text: bytes) -> bytes:
    """Put a line feed after each 64 letters; *text* is full lines."""
    parts: list[bytes] = []
    blocks = len(text) // _LINES.size
    for block in range(blocks):
        parts += _LINES.unpack_from(text, block * _LINES.size)
    parts += [text[at : at + _COLUMNS] for at in range(blocks * _LINES.size, len(text), _COLUMNS)]
    parts.append(b"")
    return b"\n".join(parts)


def _full_lines(text: bytes) -> bytes:
    lines, odd = divmod(len(text), _COLUMNS + 1)
    letters = text.replace(b"\n", b"")
    if odd or b"=" in text or len(letters) != lines * _COLUMNS or text[_COLUMNS :: _COLUMNS + 1] != b"\n" * lines:
        raise ArmorError
    return _letters(letters)


def _last_line(line: bytes) -> bytes:
    data = _letters(line)
    if not data or len(line) > _COLUMNS or binascii.b2a_base64(data, newline=False) != line:
        raise ArmorError
    return data


def _letters(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise ArmorError from None
