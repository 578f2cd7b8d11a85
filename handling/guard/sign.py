"""Signs a sealed package with the unit's package keys, which open only with a signer's keys, inside that request. Blocking."""

from dataclasses import dataclass
from pathlib import Path

from crypto import sshsig
from crypto.errors import CryptoError
from crypto.pgp import Gpg
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.guard.keys import Keys, NotForYouError
from handling.guard.refusal import GuardError
from handling.guard.seal import Sealed
from handling.rules.agreements import Channel
from handling.store.keyring import Keyring, MissingKeyError
from handling.store.members import MemberList

NAMESPACE = "tipline-package"


class SignError(GuardError):
    """A package key is missing, does not open, or is not the one on the signed member list; nothing was signed."""

    text = "The package could not be signed with the unit's package key. Nothing leaves."


@dataclass(frozen=True, slots=True)
class Signed:
    """A sealed package with its detached signature, ready to leave. Only `PackageKeys.sign` makes one."""

    sealed: Sealed
    signature: str


@dataclass(frozen=True, slots=True)
class PackageKeys:
    """Where the package keys lie, sealed."""

    keyring: Keyring
    gnupg: Path

    def sign(self, sealed: Sealed, keys: Keys, members: MemberList) -> Signed:
        """Sign in the way of the package's channel: SSHSIG for age, detached OpenPGP for OpenPGP; or `SignError`."""
        try:
            if sealed.channel is Channel.AGE:
                return Signed(sealed, self._ssh(sealed.data, keys, members))
            return Signed(sealed, self._openpgp(sealed.data, keys, members))
        except (CryptoError, MissingKeyError, NotForYouError):
            raise SignError from None

    def _ssh(self, data: bytes, keys: Keys, members: MemberList) -> str:
        key = SigningKey.from_seed(Secret(keys.open(self.keyring.get("package", "ed25519"))))
        if key.public != members.package_signer:
            raise SignError
        return sshsig.sign(key, data, namespace=NAMESPACE)

    def _openpgp(self, data: bytes, keys: Keys, members: MemberList) -> str:
        passphrase = Secret(keys.open(self.keyring.get("package", "openpgp")))
        with Gpg(self.gnupg) as gpg:
            return gpg.sign_detached(data, members.package_pgp, passphrase).decode("ascii")
