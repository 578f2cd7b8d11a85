"""The header of an age file: stanzas and a MAC line, written and read exactly, with no key in sight.

Spec: C2SP age.md, "File format". Whatever the encoder would not have written is refused.
"""

import binascii
import hmac
from dataclasses import dataclass

from crypto.errors import AuthenticationError, HeaderError
from crypto.hkdf import derive
from crypto.secret import Secret

FILE_KEY_BYTES = 16
MAX_HEADER = 1024 * 1024  # some 650 post-quantum recipients; bounds what is held before a header is refused

_VERSION = b"age-encryption.org/v1\n"
_FOOTER = b"---"
_COLUMNS = 64
_MAC_BYTES = 32
_FOOTER_LINE = len("--- ") + 43 + len("\n")  # 32 bytes are 43 letters of base64


@dataclass(frozen=True, slots=True)
class Stanza:
    """One wrapped copy of the file key: a type, arguments of visible ASCII, and a body."""

    type: str
    args: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """The stanzas of a file, in order, with the bytes that its MAC covers and the MAC."""

    stanzas: tuple[Stanza, ...]
    covered: bytes
    mac: bytes

    def authenticate(self, file_key: Secret) -> None:
        """Check the MAC; raise `AuthenticationError` when the header is not what the sender wrote."""
        if not hmac.compare_digest(self.mac, _mac(file_key, self.covered)):
            raise AuthenticationError


def b64encode(data: bytes) -> str:
    """Return canonical base64 without padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").decode("ascii")


def b64decode(text: str) -> bytes:
    """Return what canonical base64 without padding says; any other spelling is a `HeaderError`."""
    try:
        data = binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except ValueError:  # binascii's own is one
        raise HeaderError from None
    if b64encode(data) != text:
        raise HeaderError
    return data


def write(stanzas: tuple[Stanza, ...], file_key: Secret) -> bytes:
    """Return the whole header, from the version line to the line feed after the MAC."""
    covered = _VERSION + b"".join(_write_stanza(stanza) for stanza in stanzas) + _FOOTER
    return covered + b" " + b64encode(_mac(file_key, covered)).encode("ascii") + b"\n"


def end_of_header(data: bytes | bytearray, *, seen: int = 0) -> int | None:
    """Return how many bytes of *data* are header, or None while it is incomplete.

    Args:
        data: the file from its first byte, as far as it has come.
        seen: how many bytes an earlier call has looked at, so that small pieces cost no more than large ones.

    Raises:
        HeaderError: this is no age file, or its header is larger than `MAX_HEADER`.
    """
    if data[: len(_VERSION)] != _VERSION[: len(data)]:
        raise HeaderError
    # A line that starts so is never part of a stanza: base64 has no "-", and a stanza starts with "->".
    footer = data.find(b"\n" + _FOOTER, max(0, seen - _FOOTER_LINE))
    end = footer + 1 + _FOOTER_LINE
    if (footer if footer >= 0 else len(data)) > MAX_HEADER:
        raise HeaderError
    if footer < 0 or len(data) < end:
        return None
    if not data.startswith(b"\n", end - 1):
        raise HeaderError
    return end


def parse(data: bytes) -> Header:
    """Read one complete header.

    Raises:
        HeaderError: anything that is not exactly as the specification has it.
    """
    if not data.startswith(_VERSION) or not data.endswith(b"\n"):
        raise HeaderError
    try:
        *lines, footer = data[len(_VERSION) : -1].decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise HeaderError from None
    if not footer.startswith("--- "):
        raise HeaderError
    mac = b64decode(footer[4:])
    stanzas = _parse_stanzas(lines)
    if len(mac) != _MAC_BYTES or not stanzas:
        raise HeaderError
    covered = data[: data.rindex(b"\n" + _FOOTER) + 1 + len(_FOOTER)]
    return Header(stanzas=stanzas, covered=covered, mac=mac)


def _parse_stanzas(lines: list[str]) -> tuple[Stanza, ...]:
    stanzas: list[Stanza] = []
    rest = iter(lines)
    for line in rest:
        arrow, *words = line.split(" ")
        if arrow != "->" or not words or not all(map(_is_argument, words)):
            raise HeaderError
        body = ""
        for wrapped in rest:
            body += wrapped
            if len(wrapped) > _COLUMNS:
                raise HeaderError
            if len(wrapped) < _COLUMNS:  # the short line ends the body, and stands even where it is empty
                break
        else:
            raise HeaderError
        stanzas.append(Stanza(type=words[0], args=tuple(words[1:]), body=b64decode(body)))
    return tuple(stanzas)


def _is_argument(word: str) -> bool:
    return bool(word) and all("!" <= letter <= "~" for letter in word)


def _write_stanza(stanza: Stanza) -> bytes:
    body = b64encode(stanza.body)
    lines = [" ".join(("->", stanza.type, *stanza.args))]
    lines += [body[at : at + _COLUMNS] for at in range(0, len(body) + 1, _COLUMNS)]
    return ("\n".join(lines) + "\n").encode("ascii")


def _mac(file_key: Secret, covered: bytes) -> bytes:
    return hmac.digest(derive(file_key, salt=b"", info=b"header").expose(), covered, "sha256")
