"""Vault files: one epoch's identity, sealed to its readers, and who those were. Decides nothing about who may read.

Layout: docs/format.md, "Vault epochs". The plaintext is an identity file as stock age reads it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto import age, macs
from crypto.errors import KeyFormatError, SignatureError
from crypto.hkdf import derive
from crypto.secret import Guarded, Secret

_LIST = "# list "
_READER = "# reader "
_ATTESTED = "# attested "
_PURPOSE = "next vault"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class VaultFile(Guarded):
    """One vault file, opened.

    Attributes:
        identity: of the epoch.
        readers: fingerprints of those it was sealed to; none when the file does not say.
        version: of the member list that named them; 0 when the file does not say.
        attested: MAC of whoever made it, under the vault before it; empty when it was not proposed from inside.
    """

    identity: age.Identity
    readers: frozenset[str]
    version: int
    attested: bytes


def seal(
    identity: age.Identity, readers: Sequence[age.Recipient], *, version: int, before: age.Identity | None = None
) -> bytes:
    """Return the vault file of *identity* for *readers*, named by the member list of *version*.

    With the identity of the epoch in force as *before*, the file shows that an insider of that epoch made it.
    """
    lines = [f"{_LIST}{version}", *(f"{_READER}{print_}" for print_ in sorted(fingerprints(readers)))]
    if before is not None:
        lines.append(f"{_ATTESTED}{_attest(before, identity.recipient).hex()}")
    text = "\n".join([*lines, ""]).encode("ascii") + identity.encode().expose() + b"\n"
    return age.seal(text, readers)


def open_(sealed: bytes, member: age.Identity) -> VaultFile:
    """Open a vault file.

    Raises:
        AgeError: it is damaged or not for *member*.
        KeyFormatError: it holds something other than one identity.
    """
    try:
        lines = age.open_(sealed, [member]).decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise KeyFormatError from None
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1:
        raise KeyFormatError
    try:
        versions = [int(line) for line in _all(lines, _LIST)]
        attested = [bytes.fromhex(line) for line in _all(lines, _ATTESTED)]
    except ValueError:
        raise KeyFormatError from None
    return VaultFile(
        identity=age.Identity.parse(Secret(keys[0].encode())),
        readers=frozenset(_all(lines, _READER)),
        version=max(versions, default=0),
        attested=attested[0] if attested else b"",
    )


def is_attested(found: VaultFile, before: age.Identity) -> bool:
    """Say whether somebody who can open the epoch *before* made this file."""
    try:
        macs.check(_key(before), found.identity.recipient.raw, found.attested, purpose=_PURPOSE)
    except SignatureError:
        return False
    return True


def fingerprints(readers: Sequence[age.Recipient]) -> frozenset[str]:
    """Fingerprints of *readers*, as vault files and restricted keys name them."""
    return frozenset(reader.fingerprint() for reader in readers)


def _attest(before: age.Identity, recipient: age.Recipient) -> bytes:
    return macs.mac(_key(before), recipient.raw, purpose=_PURPOSE)


def _key(before: age.Identity) -> Secret:
    return derive(before.encode(), salt=b"tipline/vault/v1", info=b"attest")


def _all(lines: Sequence[str], prefix: str) -> list[str]:
    return [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
