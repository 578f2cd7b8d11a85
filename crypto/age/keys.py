"""What a kind of key must do to take part in an age file. One module for each kind; more kinds need no change here."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import ClassVar, Protocol

from crypto.age.format import Stanza
from crypto.secret import Secret


class Kind(Enum):
    """What a file rests on. Files are written to keys of one kind, since the weakest would decide."""

    POST_QUANTUM = auto()
    CLASSICAL = auto()
    PASSPHRASE = auto()


class Wrapper(Protocol):
    """Something a file key can be wrapped for."""

    kind: ClassVar[Kind]

    def wrap(self, file_key: Secret) -> Stanza:
        """Return the stanza that carries *file_key*."""


class Unwrapper(Protocol):
    """Something that may find its file key among stanzas."""

    def check(self, stanzas: Sequence[Stanza]) -> None:
        """Raise `HeaderError` when a stanza of this kind is malformed. Uses no key."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> Secret | None:
        """Return the file key, or None when no stanza is for this key. `check` has passed."""
