"""Intake keys of the coming weeks, made while somebody who can open the vault is at work. Publishing is the collector's."""

from datetime import date, timedelta

from crypto import age
from crypto.errors import CryptoError
from crypto.secret import Secret
from crypto.signing import SigningKey
from handling.corridor.session import Handler
from handling.store.keyring import Keyring, MissingKeyError
from tipline.envelope import IntakeKey, IntakeKeyError

AHEAD = 12  # weeks: a unit without power for weeks does not close its line (docs/architecture.md)
DAYS = 7  # of one key's validity


class NoSignerError(Exception):
    """The intake signer is not in the keyring, or is not the one that the member list names."""

    def __init__(self) -> None:
        super().__init__("the intake signer is missing or is not the one on the member list; no intake key can be made")


def extend(keyring: Keyring, handler: Handler, today: date) -> int:
    """Make as many intake keys as twelve weeks ahead need; return how many. Blocking; one caller at a time.

    The seed is on the disk before the statement: a key is published only when tips sealed to it can be opened.

    Raises:
        NoSignerError: keys are due and nobody can sign them.
    """
    known = _known(keyring, handler.members.intake_signer)
    missing = AHEAD - sum(key.not_after >= today for key in known)
    if missing <= 0:
        return 0
    signer = _signer(keyring, handler)
    serial = max((int(name) for name in keyring.names("intake-statement")), default=0)
    first = max([today, *(key.not_after + timedelta(days=1) for key in known)])
    for _ in range(missing):
        serial += 1
        identity = age.Identity.generate()
        key = IntakeKey(handler.members.unit, serial, identity.recipient, first, first + timedelta(days=DAYS - 1))
        sealed = age.seal(identity.encode().expose(), [handler.members.corridor_vault])
        keyring.put("intake", str(serial), sealed)
        keyring.put("intake-statement", str(serial), key.sign(signer))
        first += timedelta(days=DAYS)
    return missing


def _known(keyring: Keyring, signer: bytes) -> list[IntakeKey]:
    """Read the keys that the unit's signer made; a file that is none counts as no key."""
    known = []
    for name in keyring.names("intake-statement"):
        try:
            known.append(IntakeKey.read(keyring.get("intake-statement", name), signer))
        except IntakeKeyError:
            continue
    return known


def _signer(keyring: Keyring, handler: Handler) -> SigningKey:
    try:
        signer = SigningKey.from_seed(Secret(handler.vault.unseal(keyring.get("signer", "intake"))))
    except (MissingKeyError, CryptoError):
        raise NoSignerError from None
    if signer.public != handler.members.intake_signer:
        raise NoSignerError
    return signer
