"""The outer form of an OpenPGP message (RFC 4880): is it one whole sealed message, to which keys, and protected? Opens nothing.

GnuPG is lenient: it takes what follows a message, several in a row, and messages that anybody could have changed. What it
is given has passed here first. Packets inside the sealed one are GnuPG's.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from crypto.errors import PgpNewerError, PgpPasswordError, PgpShapeError, PgpUnprotectedError

SEALED_MAX = 48 * 1024 * 1024
"""Bytes of one message as it came: some 35 MB in armour."""
HIDDEN = "0" * 16
"""Id of a recipient that the message does not name."""

BEGIN = "-----BEGIN PGP MESSAGE-----"
_END = "-----END PGP MESSAGE-----"
_HEADERS = re.compile(r"(?:(?:Version|Comment|Hash|Charset|MessageID): [^\n]{0,500}\n){0,16}[ \t]*\n")
_CRC = re.compile(r"\n=([A-Za-z0-9+/]{4})\s*\Z")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_RECIPIENTS_MAX = 64

_TO_KEY, _TO_PASSWORD, _UNPROTECTED, _PROTECTED, _AEAD = 1, 3, 9, 18, 20
_TO_KEY_V3 = 3
_TO_KEY_MIN = 10  # bytes: version, key id, algorithm
_MDC_V1 = 1
_CRC_INIT, _CRC_POLYNOMIAL = 0xB704CE, 0x1864CFB  # RFC 4880, 6.1


@dataclass(frozen=True, slots=True)
class Sealed:
    """One message in binary, and the ids (16 capital hexadecimal digits) of the subkeys that it says it is sealed to."""

    data: bytes
    key_ids: tuple[str, ...]


def holds_block(text: str) -> bool:
    """Say whether somewhere in a text an armoured message begins."""
    return BEGIN in text


def around(text: str) -> str:
    """Return what stands in a text before its first armoured message and behind its last: words that nobody sealed."""
    before, _, rest = text.partition(BEGIN)
    behind = rest.rpartition(_END)[2] if _END in rest else ""
    return "\n".join(part for part in (before.strip(), behind.strip()) if part)


def looks_sealed(head: bytes) -> bool:
    """Say whether a file that begins like this can be a sealed message: armour, or a packet for a key or a passphrase."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(BEGIN.encode()):
        return True
    try:
        tag, at, length = _header(head, 0)
    except PgpShapeError:
        return False
    version = head[at] if at < len(head) else 0
    return length is not None and ((tag == _TO_KEY and version == _TO_KEY_V3) or (tag == _TO_PASSWORD and version == 4))  # noqa: PLR2004 - RFC 4880, 5.3


def in_text(text: str) -> Sealed:
    """Read the one armoured message that stands in a text, whatever else stands around it.

    Raises:
        PgpMessageError: there is none, more than one, or it is refused as in `in_file`.
    """
    text = text.replace("\r\n", "\n")
    if text.count(BEGIN) != 1 or text.count(_END) != 1 or text.index(BEGIN) > text.index(_END):
        raise PgpShapeError
    return read(_dearmoured(text[text.index(BEGIN) + len(BEGIN) : text.index(_END)]))


def in_file(data: bytes) -> Sealed:
    """Read a file that is one message, armoured or not, with nothing before or behind it but white space around armour.

    Raises:
        PgpShapeError, PgpUnprotectedError, PgpNewerError, PgpPasswordError: see there.
    """
    bare = data.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
    if not bare.startswith(BEGIN.encode()):
        return read(data)
    if not bare.endswith(_END.encode()):
        raise PgpShapeError
    try:
        return in_text(bare.decode("utf-8"))
    except UnicodeDecodeError:
        raise PgpShapeError from None


def read(data: bytes) -> Sealed:
    """Read packets: keys and passphrases that it is sealed to, then exactly one sealed packet to the last byte."""
    key_ids, count, at = _recipients(data)
    tag, start, _ = _header(data, at)
    if tag == _UNPROTECTED:
        raise PgpUnprotectedError
    if tag == _AEAD:
        raise PgpNewerError
    if tag != _PROTECTED or not count or start >= len(data) or _end(data, at) != len(data):
        raise PgpShapeError
    if data[start] != _MDC_V1:
        raise PgpNewerError
    if not key_ids:
        raise PgpPasswordError
    return Sealed(data, tuple(key_ids))


def _recipients(data: bytes) -> tuple[list[str], int, int]:
    """Return the ids of keys, how many packets of keys and passphrases there are, and where they end."""
    key_ids: list[str] = []
    at, count = 0, 0
    while True:
        tag, start, length = _header(data, at)
        if tag not in {_TO_KEY, _TO_PASSWORD} or count == _RECIPIENTS_MAX:
            return key_ids, count, at
        if length is None or start + length > len(data):
            raise PgpShapeError
        if tag == _TO_KEY:
            key_ids.append(_key_id(data[start : start + length]))
        at, count = start + length, count + 1


def _key_id(packet: bytes) -> str:
    if len(packet) < _TO_KEY_MIN:
        raise PgpShapeError
    if packet[0] != _TO_KEY_V3:
        raise PgpNewerError
    return packet[1:9].hex().upper()


def _end(data: bytes, at: int) -> int:
    """Return where the packet at *at* ends, through all its partial lengths."""
    _, start, length = _header(data, at)
    while length is None:  # RFC 4880, 4.2.2.4: a piece of 2^n bytes, and another length
        if start > len(data):
            raise PgpShapeError
        start += 1 << (data[start - 1] & 0x1F)
        if start >= len(data):
            raise PgpShapeError
        start, length = _new_length(data, start)
    return start + length


def _header(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Return tag, start of the body and its length, None where it comes in pieces; the indeterminate one is refused."""
    if at >= len(data) or not data[at] & 0x80:
        raise PgpShapeError
    first = data[at]
    if first & 0x40:
        if at + 1 >= len(data):
            raise PgpShapeError
        start, length = _new_length(data, at + 1)
        return first & 0x3F, start, length
    width = (1, 2, 4, 0)[first & 3]
    if not width or at + 1 + width > len(data):
        raise PgpShapeError
    return (first >> 2) & 0x0F, at + 1 + width, int.from_bytes(data[at + 1 : at + 1 + width], "big")


def _new_length(data: bytes, at: int) -> tuple[int, int | None]:
    """Read a length of the new format at *at*; None for a piece."""
    first = data[at]
    if first < 192:  # noqa: PLR2004 - RFC 4880, 4.2.2
        return at + 1, first
    width = 2 if first < 224 else 5 if first == 255 else 1  # noqa: PLR2004
    if at + width > len(data):
        raise PgpShapeError
    if width == 1:
        return at + 1, None
    if width == 2:  # noqa: PLR2004
        return at + 2, ((first - 192) << 8) + data[at + 1] + 192
    return at + 5, int.from_bytes(data[at + 1 : at + 5], "big")


def _dearmoured(block: str) -> bytes:
    """Return the bytes between the two lines of an armour: known headers, an empty line, base64, and a right checksum if any."""
    if not block.startswith("\n"):
        block = block.lstrip(" \t")
    headers = _HEADERS.match(block, 1)
    if not block.startswith("\n") or headers is None:
        raise PgpShapeError
    body = block[headers.end() :]
    crc = _CRC.search("\n" + body)
    packed = "".join(body[: len(body) - len(crc[0])] if crc else body).encode("ascii", "replace")
    packed = packed.translate(None, b" \t\n")
    if not _BASE64.fullmatch(packed):
        raise PgpShapeError
    try:
        data = base64.b64decode(packed, validate=True)
    except binascii.Error:
        raise PgpShapeError from None
    if crc and len(data) <= _CRC_CHECKED and base64.b64decode(crc[1]) != _checksum(data):
        raise PgpShapeError
    return data


_CRC_CHECKED = 1024 * 1024  # bytes: past this Python takes seconds, and the sealed packet has a far better check inside


def _checksum(data: bytes) -> bytes:
    crc = _CRC_INIT
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= _CRC_POLYNOMIAL
    return (crc & 0xFFFFFF).to_bytes(3, "big")
