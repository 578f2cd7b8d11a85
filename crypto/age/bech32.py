"""Bech32 (BIP 173) without its length limit, as age uses it for recipients and identities."""

import binascii
import functools
import operator
from base64 import b32decode, b32encode

from crypto.errors import KeyFormatError
from crypto.secret import Secret

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = bytes(range(32))
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # the same groups of five bits, by the standard library
_TO_LETTERS = bytes.maketrans(_VALUES, _ALPHABET.encode())
_FROM_LETTERS = bytes.maketrans(_ALPHABET.encode(), _VALUES)
_TO_BASE32 = bytes.maketrans(_VALUES, _BASE32)
_FROM_BASE32 = bytes.maketrans(_BASE32, _VALUES)
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6
_STEP = tuple(  # the sum of the generators whose bit is set, for each of the 32 tops
    functools.reduce(operator.xor, (generator for bit, generator in enumerate(_GENERATOR) if top >> bit & 1), 0)
    for top in range(32)
)


def _after(check: int, value: int) -> int:
    return (check & 0x1FFFFFF) << 5 ^ value ^ _STEP[check >> 25]


_TWO_STEPS = tuple(_after(_after(top << 20, 0), 0) for top in range(1024))  # keys have 1,960 letters: by twos is faster


def encode(prefix: str, data: bytes) -> str:
    """Return *data* in lower case behind *prefix* (lower case, ASCII)."""
    values = _values(data)
    check = _polymod(_expand(prefix) + values + bytes(_CHECKSUM_LENGTH)) ^ 1
    values += bytes((check >> 5 * (_CHECKSUM_LENGTH - 1 - i)) & 31 for i in range(_CHECKSUM_LENGTH))
    return prefix + "1" + values.translate(_TO_LETTERS).decode()


def decode(text: str) -> tuple[str, bytes]:
    """Return the prefix in lower case and the data.

    Raises:
        KeyFormatError: mixed case, a foreign character, a wrong checksum or padding that is not zero.
    """
    if text not in (text.lower(), text.upper()) or not text.isascii() or not text.isprintable() or " " in text:
        raise KeyFormatError
    prefix, separator, rest = text.lower().rpartition("1")
    if not prefix or not separator or len(rest) < _CHECKSUM_LENGTH or not set(rest) <= set(_ALPHABET):
        raise KeyFormatError
    values = rest.encode().translate(_FROM_LETTERS)
    if _polymod(_expand(prefix) + values) != 1:
        raise KeyFormatError
    return prefix, _data(values[:-_CHECKSUM_LENGTH])


def decode_secret(prefix: str, text: Secret | str) -> Secret:
    """Return the data behind *prefix* when *text* is in upper case, as identities are written.

    Raises:
        KeyFormatError: another prefix, another case, or not Bech32.
    """
    try:
        plain = text if isinstance(text, str) else text.expose().decode("ascii")
    except UnicodeDecodeError:
        raise KeyFormatError from None
    found, data = decode(plain)
    if found != prefix or plain != plain.upper():
        raise KeyFormatError
    return Secret(data)


def _polymod(values: bytes) -> int:
    check = 1
    if len(values) % 2:
        check, values = _after(check, values[0]), values[1:]
    for first, second in zip(values[::2], values[1::2], strict=True):
        check = (check & 0xFFFFF) << 10 ^ first << 5 ^ second ^ _TWO_STEPS[check >> 20]
    return check


def _expand(prefix: str) -> bytes:
    letters = prefix.encode("ascii")
    return bytes(letter >> 5 for letter in letters) + b"\0" + bytes(letter & 31 for letter in letters)


def _values(data: bytes) -> bytes:
    """Return *data* in groups of five bits, one to a byte; the last is filled with zero bits."""
    return b32encode(data).rstrip(b"=").translate(_FROM_BASE32)


def _data(values: bytes) -> bytes:
    """Return the bytes that `_values` makes these groups of, and of no others."""
    try:
        data = b32decode(values.translate(_TO_BASE32) + b"=" * (-len(values) % 8))
    except binascii.Error:
        raise KeyFormatError from None
    if _values(data) != values:
        raise KeyFormatError
    return data
