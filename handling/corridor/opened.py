"""Opening a collected envelope: bytes and keys in, a message or a named failure out. Stores nothing."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crypto import age
from crypto.digest import sha256
from crypto.errors import CryptoError
from crypto.secret import Guarded
from handling.corridor.chain import Link
from handling.corridor.store.envelopes import Envelope
from handling.store.keyring import MissingKeyError
from tipline import envelope as sealed
from tipline.strict import EnvelopeError


@dataclass(frozen=True, slots=True)
class Plain:
    """The padded plaintext of one envelope."""

    envelope: Envelope
    text: bytes

    @property
    def digest(self) -> str:
        """Hash of the message's canonical bytes, as the next message names it; hex."""
        return sha256(self.text.rstrip(b" ")).hex()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Read(Guarded):
    """One message as it was read; *message* is None when it cannot be read at all."""

    envelope: Envelope
    message: sealed.Message | None
    link: Link
    authentic: bool


def unseal(row: Envelope, data: bytes, intake: Callable[[int], age.Identity]) -> Plain | None:
    """Open one envelope, or return None when it is damaged, cut, or sealed to a key that is gone. Blocking."""
    if sha256(data) != row.sha256:
        return None
    try:
        return Plain(row, age.open_(data[sealed.WRAPPER_BYTES :], [intake(row.serial)]))
    except (CryptoError, MissingKeyError):
        return None


def read(plain: Plain, keys: sealed.Thread | None) -> Read | None:
    """Read a message of a thread with these keys, or of a mailbox not met before.

    Returns:
        None when a mailbox not met before cannot begin with it: it is malformed, its MAC fits nothing, or its writer
        does not know what that mailbox's name is the hash of. Within a known thread such a message comes back as not authentic.
    """
    message: sealed.Message | None
    try:
        message = sealed.Message.parse(plain.text, known=keys)
        authentic = message.mailbox == plain.envelope.mailbox
    except sealed.ForgedError:
        message, authentic = _unverified(plain), False
    except EnvelopeError:
        message, authentic = None, False
    if keys is None and not authentic:
        return None
    previous = message.previous.hex() if message is not None else ""
    return Read(plain.envelope, message, Link(plain.digest, previous), authentic)


def in_order(plains: Sequence[Plain], keys: sealed.Thread | None) -> list[Plain]:
    """Sort by the counter each message claims, so that a collection in random order leaves no gap; unreadable ones last."""
    return sorted(plains, key=lambda plain: (_counter(plain, keys), plain.envelope.id))


def _counter(plain: Plain, keys: sealed.Thread | None) -> float:
    result = read(plain, keys)
    if result is None or result.message is None:
        return math.inf
    return result.message.counter


def _unverified(plain: Plain) -> sealed.Message | None:
    """Read a message whose MAC is not the thread's, if it is at least consistent in itself."""
    try:
        return sealed.Message.parse(plain.text, known=None)
    except EnvelopeError:
        return None
