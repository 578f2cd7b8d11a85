"""Record keys: one key for everything that belongs together, so that destroying it destroys all of it."""

from crypto import age
from crypto.errors import OpenError
from crypto.secret import Secret

KEY_BYTES = 32


def new_key() -> Secret:
    """Make the key of a new record."""
    return Secret.random(KEY_BYTES)


def wrap(key: Secret, recipient: age.Recipient) -> bytes:
    """Return an age file of the 32 bytes, for the keyring."""
    if len(key) != KEY_BYTES:
        raise ValueError("a record key is 32 bytes")
    return age.seal(key.expose(), [recipient])


def unwrap(wrapped: bytes, *identities: age.Identity) -> Secret:
    """Return the key of a wrapped record, which opens with any one of *identities*.

    Raises:
        AgeError: the file is damaged or for another identity.
        OpenError: it holds something other than a record key.
    """
    key = Secret(age.open_(wrapped, identities))
    if len(key) != KEY_BYTES:
        raise OpenError
    return key
