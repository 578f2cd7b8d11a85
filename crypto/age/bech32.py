"""Bech32 (BIP 173) without its length limit, as age uses it for recipients and identities."""

import functools
import operator

from crypto.errors import KeyFormatError
from crypto.secret import Secret

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6
_STEP = tuple(  # the sum of the generators whose bit is set, for each of the 32 tops
    functools.reduce(operator.xor, (generator for bit, generator in enumerate(_GENERATOR) if top >> bit & 1), 0)
    for top in range(32)
)


def encode(prefix: str, data: bytes) -> str:
    """Return *data* in lower case behind *prefix* (lower case, ASCII)."""
    values = _regroup(data, 8, 5, pad=True)
    check = _polymod([*_expand(prefix), *values, *([0] * _CHECKSUM_LENGTH)]) ^ 1
    values += [(check >> 5 * (_CHECKSUM_LENGTH - 1 - i)) & 31 for i in range(_CHECKSUM_LENGTH)]
    return prefix + "1" + "".join(_ALPHABET[value] for value in values)


def decode(text: str) -> tuple[str, bytes]:
    """Return the prefix in lower case and the data.

    Raises:
        KeyFormatError: mixed case, a foreign character, a wrong checksum or padding that is not zero.
    """
    if text not in (text.lower(), text.upper()) or not all("!" <= letter <= "~" for letter in text):
        raise KeyFormatError
    prefix, separator, rest = text.lower().rpartition("1")
    if not prefix or not separator or len(rest) < _CHECKSUM_LENGTH or not set(rest) <= _VALUE.keys():
        raise KeyFormatError
    values = [_VALUE[letter] for letter in rest]
    if _polymod([*_expand(prefix), *values]) != 1:
        raise KeyFormatError
    return prefix, bytes(_regroup(values[:-_CHECKSUM_LENGTH], 5, 8, pad=False))


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


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        check = (check & 0x1FFFFFF) << 5 ^ value ^ _STEP[check >> 25]
    return check


def _expand(prefix: str) -> list[int]:
    return [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]


def _regroup(values: bytes | list[int], wide: int, to: int, *, pad: bool) -> list[int]:
    accumulator = bits = 0
    out: list[int] = []
    for value in values:
        accumulator = (accumulator << wide | value) & 0xFFF
        bits += wide
        while bits >= to:
            bits -= to
            out.append(accumulator >> bits & (1 << to) - 1)
    rest = accumulator & (1 << bits) - 1
    if pad:
        return [*out, rest << (to - bits)] if bits else out
    if bits >= wide or rest:
        raise KeyFormatError
    return out
