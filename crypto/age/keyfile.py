"""Files of recipients and of identities, as `age-keygen` writes them: one key a line, comments and blank lines between.

Nothing of a line that is no key is repeated in the error, since it may be a mistyped secret.
"""

from collections.abc import Callable
from typing import TypeVar

from crypto.age import hybrid, x25519
from crypto.errors import KeyFileError, KeyFormatError
from crypto.secret import Secret

MAX_BYTES = 1024 * 1024  # some 530 post-quantum recipients

AnyRecipient = hybrid.Recipient | x25519.Recipient
AnyIdentity = hybrid.Identity | x25519.Identity
_Key = TypeVar("_Key")


def parse_recipient(text: str) -> AnyRecipient:
    """Read `age1pq1…` or `age1…`; raise `KeyFormatError` for anything else."""
    return hybrid.Recipient.parse(text) if text.startswith("age1pq1") else x25519.Recipient.parse(text)


def parse_identity(text: str) -> AnyIdentity:
    """Read `AGE-SECRET-KEY-PQ-1…` or `AGE-SECRET-KEY-1…`; raise `KeyFormatError` for anything else."""
    kind = hybrid.Identity if text.startswith("AGE-SECRET-KEY-PQ-1") else x25519.Identity
    return kind.parse(text)


def parse_recipients(data: bytes) -> tuple[AnyRecipient, ...]:
    """Read a file of recipients; raise `KeyFileError` when a line is none, or when there are none."""
    return _parse(data, parse_recipient)


def parse_identities(data: Secret) -> tuple[AnyIdentity, ...]:
    """Read a file of identities; raise `KeyFileError` when a line is none, or when there are none."""
    return _parse(data.expose(), parse_identity)


def _parse(data: bytes, parse: Callable[[str], _Key]) -> tuple[_Key, ...]:
    if len(data) > MAX_BYTES:
        raise KeyFileError
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise KeyFileError from None
    keys: list[_Key] = []
    for number, line in enumerate(lines, start=1):
        text = line.removesuffix("\r")
        if not text or text.startswith("#"):
            continue
        try:
            keys.append(parse(text))
        except KeyFormatError:
            raise KeyFileError(line=number) from None
    if not keys:
        raise KeyFileError
    return tuple(keys)
