"""One week's intake key: made with its seed, signed, and put where its seed opens. Decides nothing about which weeks."""

from dataclasses import dataclass
from datetime import date, timedelta

from crypto import age
from crypto.secret import Guarded
from crypto.signing import SigningKey
from handling.rules.keylife import VALID_DAYS
from handling.store.keyring import Keyring
from tipline.envelope import IntakeKey


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NewIntakeKey(Guarded):
    """An intake key with its seed, and its statement as it is published."""

    key: IntakeKey
    statement: bytes
    identity: age.Identity

    @classmethod
    def make(cls, unit: str, serial: int, first: date, signer: SigningKey) -> "NewIntakeKey":
        """Make the key that is good for a week from *first*."""
        identity = age.Identity.generate()
        key = IntakeKey(unit, serial, identity.recipient, first, first + timedelta(days=VALID_DAYS - 1))
        return cls(key, key.sign(signer), identity)

    def put(self, keyring: Keyring, vault: age.Recipient) -> None:
        """Put the seed under *vault*, then the statement: published is only what can be opened. Blocking."""
        serial = str(self.key.serial)
        keyring.put("intake", serial, age.seal(self.identity.encode().expose(), [vault]))
        keyring.put("intake-statement", serial, self.statement)
