"""Codenames: 128 bits that a source keeps as twelve words, and every key that follows from them.

No slow hash is needed at 128 bits, so a login costs next to nothing. Layout: docs/format.md, "Codename".
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

from crypto import age, written
from crypto.age import bech32
from crypto.digest import sha256
from crypto.errors import CodenameError, KeyFormatError
from crypto.hkdf import derive
from crypto.secret import Guarded, Secret
from crypto.wordlist import ENGLISH

TOKEN_BYTES = 32

_ENTROPY_BYTES = written.BYTES
_LOOKUP_BYTES = 32
_PICKUP = "pickup"  # what a pickup code begins with
_SEPARATOR = "1"  # of Bech32, behind the prefix
_GROUP = 5  # letters of a code that stand together behind `pickup1`
_TOKEN_SALT = b"tipline/token/v1"
_CODENAME_SALT = b"tipline/codename/v1"
_SUBMISSION = b"tipline/submit"
_FIELD, _FILE = b"\x01", b"\x02"


def new_token() -> bytes:
    """Return the 32 random bytes of a form; a resend of the same form gives the same codename."""
    return secrets.token_bytes(TOKEN_BYTES)


class Codename(Guarded):
    """A source's 128 bits."""

    __slots__ = ("entropy",)

    def __init__(self, entropy: Secret) -> None:
        if len(entropy) != _ENTROPY_BYTES:
            raise ValueError("a codename has 128 bits")
        self.entropy = entropy

    @classmethod
    def from_entropy(cls, entropy: Secret) -> "Codename":
        """Return the codename of 16 bytes."""
        return cls(entropy)

    @classmethod
    def from_token(cls, token: bytes) -> "Codename":
        """Return the codename that the form with this 32-byte token leads to."""
        return cls(derive(_token(token), salt=_TOKEN_SALT, info=b"codename", length=_ENTROPY_BYTES))

    @classmethod
    def parse(cls, typed: str) -> "Codename":
        """Read what a person typed: words of any of the lists, or digits; see `crypto.written`. Raises `CodenameError`."""
        return cls(Secret(written.read(typed)))

    def words(self, way: str = ENGLISH) -> tuple[str, ...]:
        """Return the twelve words, in order, from one of `crypto.wordlist.LISTS`; for `DIGITS` eight groups of digits."""
        return written.written(self.entropy.expose(), way)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SourceKeys(Guarded):
    """Everything that follows from a codename.

    Attributes:
        lookup: opens the mailbox; the kept form of it is `mailbox`.
        mailbox: SHA-256 of `lookup`, 32 bytes, the mailbox's public name.
        identity: opens the replies.
        to_unit: MAC key of the source's messages.
        to_source: MAC key of the unit's replies.
        state: seals the source's own place in the thread.
    """

    lookup: Secret
    mailbox: bytes
    identity: age.Identity
    to_unit: Secret
    to_source: Secret
    state: Secret


def keys(codename: Codename) -> SourceKeys:
    """Derive the keys of a source."""
    lookup = _key(codename, b"lookup")
    return SourceKeys(
        lookup=lookup,
        mailbox=mailbox_of(lookup),
        identity=age.Identity.from_seed(_key(codename, b"identity")),
        to_unit=_key(codename, b"thread/to-unit"),
        to_source=_key(codename, b"thread/to-source"),
        state=_key(codename, b"state"),
    )


def mailbox_of(lookup: Secret) -> bytes:
    """Return the public name of the mailbox that *lookup* opens."""
    return sha256(lookup.expose())


def pickup_code(lookup: Secret) -> Secret:
    """Return *lookup* (32 bytes) as people copy it: `pickup1` and groups of five. It opens the mailbox and no reply."""
    begin = _PICKUP + _SEPARATOR
    rest = bech32.encode(_PICKUP, lookup.expose()).removeprefix(begin)
    return Secret(" ".join((begin, *(rest[at : at + _GROUP] for at in range(0, len(rest), _GROUP)))).encode())


def parse_pickup_code(typed: str) -> Secret:
    """Return the lookup of a code as it was typed: any case, blanks and hyphens.

    Raises:
        CodenameError: it is no pickup code, or a letter is wrong or missing.
    """
    try:
        prefix, lookup = bech32.decode(re.sub(r"[\s\-]+", "", typed).lower())
    except KeyFormatError:
        raise CodenameError((), count=0) from None
    if prefix != _PICKUP or len(lookup) != _LOOKUP_BYTES:
        raise CodenameError((), count=0)
    return Secret(lookup)


class SubmissionMac:
    """A MAC over everything a form carried: equal for an identical resend, and for nothing else.

    Each field enters as its kind, name and value with their lengths; a file as its name, length and the SHA-256 that its
    sidecar says too, so that its bytes are hashed once for both. So no two different forms give the same input.
    """

    __slots__ = ("_mac",)

    def __init__(self, key: Secret) -> None:
        self._mac = hashlib.blake2b(digest_size=32, key=key.expose(), person=_SUBMISSION)

    def field(self, name: str, value: bytes) -> None:
        """Add a field with its value."""
        self._mac.update(_FIELD + _framed(name.encode()) + _framed(value))

    def file(self, name: str, size: int, sha256: bytes) -> None:
        """Add a file by its name, its length and the 32-byte hash of its content."""
        self._mac.update(_FILE + _framed(name.encode()) + size.to_bytes(8, "big") + sha256)

    def digest(self) -> bytes:
        """Return the 32 bytes for everything added up to now."""
        return self._mac.digest()


def submission_mac(token: bytes) -> SubmissionMac:
    """Begin the MAC of a form with this 32-byte token."""
    return SubmissionMac(derive(_token(token), salt=_TOKEN_SALT, info=b"submission"))


def file_mac(keys: SourceKeys) -> SubmissionMac:
    """Begin the MAC of a file that is sent by itself: the same file of the same source, sent again, is the same one."""
    return SubmissionMac(derive(keys.state, salt=_TOKEN_SALT, info=b"file"))


def _token(token: bytes) -> Secret:
    if len(token) != TOKEN_BYTES:
        raise ValueError("a token is 32 bytes")
    return Secret(token)


def _key(codename: Codename, info: bytes) -> Secret:
    return derive(codename.entropy, salt=_CODENAME_SALT, info=info)


def _framed(value: bytes) -> bytes:
    return len(value).to_bytes(8, "big") + value
