"""age v1 files (C2SP age.md 1.1): sealed to post-quantum hybrid recipients or to one passphrase, never to both.

Layout: docs/format.md, "Sealed files".
"""

from crypto.age.file import Opener, Sealer, open_, open_passphrase, seal, seal_passphrase
from crypto.age.hybrid import Identity, Recipient

__all__ = ["Identity", "Opener", "Recipient", "Sealer", "open_", "open_passphrase", "seal", "seal_passphrase"]
