"""Seals a verified package to its agency and to nobody else. Takes nothing that was not verified. Blocking."""

from dataclasses import dataclass

from crypto import age, pgp
from crypto.errors import CryptoError
from handling.guard.refusal import GuardError
from handling.guard.verify import Verified
from handling.rules.agreements import Channel
from handling.store import agencies


class SealError(GuardError):
    """The agency's key cannot be used, or is not the pinned one; nothing was sealed."""

    text = "The package could not be sealed to the agency's pinned key. Nothing leaves."


@dataclass(frozen=True, slots=True)
class Sealed:
    """The bytes that leave: the verified package, sealed. Only `seal` makes one."""

    verified: Verified
    channel: Channel
    data: bytes


def seal(package: Verified) -> Sealed:
    """Seal the package's ZIP to the key whose fingerprint the agreement pins, or raise `SealError`."""
    agency, agreement = package.examined.agency, package.examined.agreement
    archive = package.examined.scanned.archive
    try:
        keys = agencies.keys_of(agency)
        if not agreement.pins(keys.channel.value, keys.fingerprint):
            raise SealError
        if keys.channel is Channel.AGE:
            return Sealed(package, Channel.AGE, age.seal(archive, [age.Recipient.parse(keys.key)]))
        return Sealed(package, Channel.OPENPGP, pgp.encrypt_to(keys.key, archive))
    except (CryptoError, agencies.AgencyKeyError):
        raise SealError from None
