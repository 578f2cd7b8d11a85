"""The `scrypt` kind: a file sealed with a passphrase, which is then the only stanza of its file.

Spec: C2SP age.md, "The scrypt recipient type".
"""

import re
import secrets
from collections.abc import Callable, Sequence
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from crypto.age.format import FILE_KEY_BYTES, Stanza, b64decode, b64encode
from crypto.age.keys import Kind
from crypto.errors import HeaderError, PassphraseError, WorkFactorError
from crypto.secret import Guarded, Secret

TYPE = "scrypt"
MAX_LOG_N = 20  # 1 GiB of memory: what a machine of ours can be asked for by a file it is given

_LABEL = b"age-encryption.org/v1/scrypt"
_SALT_BYTES = 16
_BODY_BYTES = FILE_KEY_BYTES + 16
_ZERO_NONCE = bytes(12)  # each key is derived from a fresh salt and used once
_DECIMAL = re.compile(r"[1-9][0-9]?")


class Passphrase(Guarded):
    """Wraps and unwraps a file key under a passphrase, at a cost of 2**log_n."""

    __slots__ = ("_log_n", "_secret")

    kind: ClassVar[Kind] = Kind.PASSPHRASE

    def __init__(self, secret: Secret, *, log_n: int = 17) -> None:
        if not secret.expose():
            raise PassphraseError
        if not 1 <= log_n <= MAX_LOG_N:
            raise ValueError("log_n lies between 1 and 20")
        self._secret = secret
        self._log_n = log_n

    def wrap(self, file_key: Secret) -> Stanza:
        """Return the stanza that carries *file_key*."""
        salt = secrets.token_bytes(_SALT_BYTES)
        body = self._cipher(salt, self._log_n).encrypt(_ZERO_NONCE, file_key.expose(), None)
        return Stanza(type=TYPE, args=(b64encode(salt), str(self._log_n)), body=body)

    def check(self, stanzas: Sequence[Stanza]) -> None:
        """Raise `HeaderError` when a stanza of this kind is malformed or asks for too much. Uses no key."""
        for stanza in stanzas:
            if stanza.type == TYPE:
                _read(stanza)

    def unwrap(self, stanzas: Sequence[Stanza]) -> Secret | None:
        """Return the file key, or None when the file has no passphrase or another one."""
        for stanza in stanzas:
            if stanza.type != TYPE:
                continue
            salt, log_n = _read(stanza)
            try:
                return Secret(self._cipher(salt, log_n).decrypt(_ZERO_NONCE, stanza.body, None))
            except InvalidTag:
                continue
        return None

    def _cipher(self, salt: bytes, log_n: int) -> ChaCha20Poly1305:
        kdf = Scrypt(salt=_LABEL + salt, length=32, n=1 << log_n, r=8, p=1)
        return ChaCha20Poly1305(kdf.derive(self._secret.expose()))


class AskedPassphrase(Guarded):
    """Asks for the passphrase only when a file has one, and by then its header has been found well formed."""

    __slots__ = ("_ask",)

    def __init__(self, ask: Callable[[], Secret]) -> None:
        self._ask = ask

    def check(self, stanzas: Sequence[Stanza]) -> None:
        """Raise `HeaderError` when a stanza of this kind is malformed or asks for too much. Asks for nothing."""
        for stanza in stanzas:
            if stanza.type == TYPE:
                _read(stanza)

    def unwrap(self, stanzas: Sequence[Stanza]) -> Secret | None:
        """Return the file key, or None when the file has no passphrase or another one."""
        if not any(stanza.type == TYPE for stanza in stanzas):
            return None
        return Passphrase(self._ask()).unwrap(stanzas)


def _read(stanza: Stanza) -> tuple[bytes, int]:
    if len(stanza.args) != 2 or len(stanza.body) != _BODY_BYTES:  # noqa: PLR2004 - salt and work factor
        raise HeaderError
    salt = b64decode(stanza.args[0])
    if len(salt) != _SALT_BYTES or not _DECIMAL.fullmatch(stanza.args[1]):
        raise HeaderError
    log_n = int(stanza.args[1])
    if log_n > MAX_LOG_N:
        raise WorkFactorError
    return salt, log_n
