"""New keys that sign packages, in the place of those that nobody can open any more. Signs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto import age, passphrase, pgp
from crypto.signing import SigningKey
from handling.store.keyring import Keyring
from tipline.base.files import write_private
from tipline.base.settings import Settings


@dataclass(frozen=True, slots=True)
class New:
    """Both keys, sealed to those who may sign a release, and not in the keyring yet.

    Attributes:
        signer, fingerprint: the public halves, for the member list.
    """

    signer: bytes
    sealed_signer: bytes
    fingerprint: str
    sealed_passphrase: bytes
    armoured: str

    def put(self, settings: Settings) -> None:
        """Put both keys in the place of those before. Blocking."""
        keyring = Keyring(settings.inside / "guard" / "keyring")
        keyring.put("package", "ed25519", self.sealed_signer)
        keyring.put("package", "openpgp", self.sealed_passphrase)
        write_private(settings.inside / "guard" / "package.asc", self.armoured.encode())


def make(settings: Settings, signers: Sequence[age.Recipient]) -> New:
    """Make both keys. Blocking; GnuPG's home gains a key, and keeps the old one under its lost passphrase."""
    signer, phrase = SigningKey.generate(), passphrase.generate()
    with pgp.Gpg(settings.inside / "guard" / "gnupg") as gpg:
        fingerprint = gpg.generate(f"{settings.name} packages", phrase)
        armoured = gpg.public_key(fingerprint)
    return New(
        signer=signer.public,
        sealed_signer=age.seal(signer.seed.expose(), signers),
        fingerprint=fingerprint,
        sealed_passphrase=age.seal(phrase.expose(), signers),
        armoured=armoured,
    )
