"""Signs a sealed package with the unit's package keys, which open only with a signer's keys, inside that request. Blocking."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crypto import age, sshsig
from crypto.canonical import canonical, parse
from crypto.errors import CryptoError
from crypto.pgp import Gpg
from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.guard.keys import Keys, NotForYouError
from handling.guard.refusal import GuardError
from handling.guard.seal import Sealed, SealedNotice
from handling.notices import NAMESPACE as NOTICE
from handling.rules.agreements import Channel
from handling.store.keyring import Keyring, MissingKeyError
from handling.store.members import Duty, MemberList
from tipline.base.files import write_private

NAMESPACE = "tipline-package"
_NAMES = ("ed25519", "openpgp")


class SignError(GuardError):
    """A package key is missing, does not open, or is not the one on the signed member list; nothing was signed."""

    text = "It could not be signed with the unit's package key. Nothing leaves."


@dataclass(frozen=True, slots=True)
class Signed:
    """A sealed package with its detached signature, ready to leave. Only `PackageKeys.sign` makes one."""

    sealed: Sealed
    signature: str


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A sealed notice with its detached signature, ready to leave. Only `PackageKeys.sign_notice` makes one."""

    sealed: SealedNotice
    signature: str


@dataclass(frozen=True, slots=True)
class PackageKeys:
    """Where the package keys lie, sealed.

    Attributes:
        sealed_for: file with the version of the member list whose signers they are sealed to.
    """

    keyring: Keyring
    gnupg: Path
    sealed_for: Path
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, init=False, compare=False, repr=False)

    def reseal(self, keys: Keys, members: MemberList) -> bool:
        """Seal both keys to the signers of *members*, unless that was done; False also when *keys* do not open them yet."""
        with self._one_at_a_time:
            if self._version() >= members.version:
                return False
            try:
                opened = [(name, Secret(keys.open(self.keyring.get("package", name)))) for name in _NAMES]
            except (MissingKeyError, NotForYouError):
                return False
            for name, secret in opened:
                self.keyring.put("package", name, age.seal(secret.expose(), signers(members)))
            write_private(self.sealed_for, canonical({"version": members.version}))
            return True

    def _version(self) -> int:
        """The version the keys are sealed for; 0 when that cannot be told, so that they are sealed again."""
        try:
            version = parse(self.sealed_for.read_bytes())["version"]
        except (OSError, CryptoError, KeyError, TypeError):
            return 0
        return version if isinstance(version, int) else 0

    def sign(self, sealed: Sealed, keys: Keys, members: MemberList) -> Signed:
        """Sign in the way of the package's channel: SSHSIG for age, detached OpenPGP for OpenPGP; or `SignError`."""
        return Signed(sealed, self._signature(sealed.channel, sealed.data, keys, members, NAMESPACE))

    def sign_notice(self, sealed: SealedNotice, keys: Keys, members: MemberList) -> "SentNotice":
        """Sign a sealed notice in the same way, in a namespace of its own: none passes for a package."""
        return SentNotice(sealed, self._signature(sealed.channel, sealed.data, keys, members, NOTICE))

    def _signature(self, channel: Channel, data: bytes, keys: Keys, members: MemberList, namespace: str) -> str:
        try:
            if channel is Channel.AGE:
                return self._ssh(data, keys, members, namespace)
            return self._openpgp(data, keys, members)
        except (CryptoError, MissingKeyError, NotForYouError):
            raise SignError from None

    def state(
        self, type_: str, bodies: Sequence[Mapping[str, Any]], keys: Keys, members: MemberList
    ) -> list[Statement]:
        """State each of *bodies* in the guard's own name; or `SignError`."""
        try:
            key = self._ed25519(keys, members)
        except (CryptoError, MissingKeyError, NotForYouError):
            raise SignError from None
        return [Statement.make(type_, body, key) for body in bodies]

    def _ssh(self, data: bytes, keys: Keys, members: MemberList, namespace: str) -> str:
        return sshsig.sign(self._ed25519(keys, members), data, namespace=namespace)

    def _ed25519(self, keys: Keys, members: MemberList) -> SigningKey:
        key = SigningKey.from_seed(Secret(keys.open(self.keyring.get("package", "ed25519"))))
        if key.public != members.package_signer:
            raise SignError
        return key

    def _openpgp(self, data: bytes, keys: Keys, members: MemberList) -> str:
        passphrase = Secret(keys.open(self.keyring.get("package", "openpgp")))
        with Gpg(self.gnupg) as gpg:
            return gpg.sign_detached(data, members.package_pgp, passphrase).decode("ascii")


def signers(members: MemberList) -> Sequence[age.Recipient]:
    """Release keys of everybody who may give a signature on a release."""
    return [member.release for member in members.members if member.duties & {Duty.HANDLER, Duty.OFFICER}]
