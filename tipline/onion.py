"""Onion addresses of version 3, as Tor writes them. Pure.

Layout: Tor Rendezvous Specification v3, "Encoding onion addresses": base32 of ``key(32) || checksum(2) || version(1)``.
"""

import base64
import hashlib
import re
from typing import Final

_ENDING: Final = ".onion"
_SHAPE: Final = re.compile(r"[a-z2-7]{56}\.onion")
_VERSION: Final = b"\x03"


class OnionError(Exception):
    """This is no onion address of version 3; the text says what to do."""


def read(text: str) -> str:
    """Return the address in small letters, ``<56 letters>.onion``; blanks around it and large letters are forgiven.

    Raises:
        OnionError: it has another shape or version, or a letter of it is wrong.
    """
    host = text.strip().lower()
    if not _SHAPE.fullmatch(host):
        raise OnionError(
            "an onion address has 56 of a-z and 2-7 and ends with .onion; copy it from Tor's file `hostname`"
        )
    raw = base64.b32decode(host.removesuffix(_ENDING).upper())
    key, checksum, version = raw[:32], raw[32:34], raw[34:]
    if version != _VERSION or checksum != _checksum(key):
        raise OnionError("a letter of this onion address is wrong; copy it from Tor's file `hostname`")
    return host


def _checksum(key: bytes) -> bytes:
    return hashlib.sha3_256(b".onion checksum" + key + _VERSION).digest()[:2]
