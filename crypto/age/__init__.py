"""age v1 files (C2SP age.md 1.1): sealed to post-quantum hybrid recipients, to classical ones, or to one passphrase.

Kinds never share a file that is written here. Layout: docs/format.md, "Sealed files".
"""

from crypto.age.armor import Armorer, Dearmorer
from crypto.age.file import (
    HEADER_BYTES,
    ClassicalSealer,
    Opener,
    PassphraseOpener,
    PassphraseSealer,
    Sealer,
    check_header,
    open_,
    open_passphrase,
    seal,
    seal_passphrase,
    sealed_size,
)
from crypto.age.hybrid import Identity, Recipient
from crypto.age.x25519 import Identity as ClassicalIdentity
from crypto.age.x25519 import Recipient as ClassicalRecipient

__all__ = [
    "HEADER_BYTES",
    "Armorer",
    "ClassicalIdentity",
    "ClassicalRecipient",
    "ClassicalSealer",
    "Dearmorer",
    "Identity",
    "Opener",
    "PassphraseOpener",
    "PassphraseSealer",
    "Recipient",
    "Sealer",
    "check_header",
    "open_",
    "open_passphrase",
    "seal",
    "seal_passphrase",
    "sealed_size",
]
