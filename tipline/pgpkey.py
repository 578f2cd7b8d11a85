"""The unit's OpenPGP intake key as it is published: a statement by the intake signer. No I/O, and no OpenPGP is read here.

Layout: docs/format.md, "OpenPGP intake keys".
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final, Self

from crypto.errors import CryptoError
from crypto.signing import SigningKey
from crypto.statement import Statement
from tipline import strict
from tipline.strict import EnvelopeError

KEY_MAX: Final = 16 * 1024
"""Characters of an armoured public key; ours have some 700."""

_FINGERPRINT: Final = re.compile(r"[0-9A-F]{40}")
_ARMOUR: Final = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n(?:[A-Za-z0-9+/]{4,76}={0,2}\n)+(?:=[A-Za-z0-9+/]{4}\n)?"
    r"-----END PGP PUBLIC KEY BLOCK-----\n"
)


class PgpKeyError(EnvelopeError):
    """An OpenPGP intake key is not signed by its unit's signer, or not of its form."""

    def __init__(self) -> None:
        super().__init__("no valid OpenPGP intake key")


@dataclass(frozen=True, slots=True)
class PgpKey:
    """A public key with one encryption subkey, to be used on the days from *not_before* to *not_after*, both included.

    Attributes:
        fingerprint: of the primary key, which stays: 40 capital hexadecimal digits.
        subkey: fingerprint of the encryption subkey, which is replaced.
        key: the armoured public key.
    """

    unit: str
    serial: int
    fingerprint: str
    subkey: str
    key: str
    not_before: date
    not_after: date

    TYPE: ClassVar[str] = "tipline/pgp-intake/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset(
        {"unit", "serial", "purpose", "fingerprint", "subkey", "key", "not_before", "not_after"}
    )

    def sign(self, signer: SigningKey) -> bytes:
        """Return the signed statement; raises `PgpKeyError` for what `read` would refuse."""
        body = {
            "unit": self.unit,
            "serial": self.serial,
            "purpose": "pgp-intake",
            "fingerprint": self.fingerprint,
            "subkey": self.subkey,
            "key": self.key,
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
        }
        statement = Statement.make(self.TYPE, body, signer).encode()
        self.read(statement, signer.public)
        return statement

    @classmethod
    def read(cls, statement: bytes, signer: bytes) -> Self:
        """Read a published key signed by *signer*; raises `PgpKeyError` for every other."""
        try:
            body = strict.fields(Statement.parse(statement).verify(cls.TYPE, [signer]), cls._KEYS)
            key = cls(
                unit=strict.unit(body["unit"]),
                serial=strict.number(body["serial"], least=1),
                fingerprint=_fingerprint(body["fingerprint"]),
                subkey=_fingerprint(body["subkey"]),
                key=strict.text(body["key"]),
                not_before=strict.day(body["not_before"]),
                not_after=strict.day(body["not_after"]),
            )
        except (CryptoError, EnvelopeError):
            raise PgpKeyError from None
        if body["purpose"] != "pgp-intake" or len(key.key) > KEY_MAX or not _ARMOUR.fullmatch(key.key):
            raise PgpKeyError
        return key

    @property
    def key_id(self) -> str:
        """What a message that is sealed to the subkey names it by: 16 capital hexadecimal digits."""
        return self.subkey[-16:]

    def good_on(self, today: date) -> bool:
        """Say whether a tip may be sealed to this key on *today*; its first and last day are included."""
        return self.not_before <= today <= self.not_after


def _fingerprint(value: object) -> str:
    if not isinstance(value, str) or not _FINGERPRINT.fullmatch(value):
        raise PgpKeyError
    return value
