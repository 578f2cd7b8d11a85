"""Seals a verified package, or a notice that was signed, to its agency and to nobody else. Takes nothing else. Blocking."""

from dataclasses import dataclass

from crypto import age, pgp
from crypto.errors import CryptoError
from handling.guard.noticed import SignedNotice
from handling.guard.refusal import GuardError
from handling.guard.verify import Verified
from handling.rules.agreements import Agreement, Channel
from handling.store import agencies
from handling.store.agencies import Agency


class SealError(GuardError):
    """The agency's key cannot be used, or is not the pinned one; nothing was sealed."""

    text = "It could not be sealed to the agency's pinned key. Nothing leaves."


@dataclass(frozen=True, slots=True)
class Sealed:
    """The bytes that leave: the verified package, sealed. Only `seal` makes one."""

    verified: Verified
    channel: Channel
    data: bytes


@dataclass(frozen=True, slots=True)
class SealedNotice:
    """A notice, sealed. Only `seal_notice` makes one."""

    signed: SignedNotice
    channel: Channel
    data: bytes


def seal(package: Verified) -> Sealed:
    """Seal the package's ZIP to the key whose fingerprint the agreement pins, or raise `SealError`."""
    examined = package.examined
    return Sealed(package, *_sealed(examined.scanned.archive, examined.agency, examined.agreement))


def seal_notice(signed: SignedNotice) -> SealedNotice:
    """Seal a notice in the same way, or raise `SealError`."""
    examined = signed.examined
    return SealedNotice(signed, *_sealed(examined.text, examined.agency, examined.agreement))


def _sealed(data: bytes, agency: Agency, agreement: Agreement) -> tuple[Channel, bytes]:
    try:
        keys = agencies.keys_of(agency)
        if not agreement.pins(keys.channel.value, keys.fingerprint):
            raise SealError
        if keys.channel is Channel.AGE:
            return Channel.AGE, age.seal(data, [age.Recipient.parse(keys.key)])
        return Channel.OPENPGP, pgp.encrypt_to(keys.key, data)
    except (CryptoError, agencies.AgencyKeyError):
        raise SealError from None
