"""Vaults: an age identity per zone and epoch that wraps record keys, and nothing else."""

from collections import OrderedDict
from uuid import UUID

from crypto import age, records
from crypto.errors import CryptoError
from crypto.secret import Secret
from handling.store.keyring import Keyring

_CACHED_KEYS = 2_000  # 32 bytes each: a long list page opens without unwrapping twice


class VaultError(Exception):
    """The vault does not open with this member's key."""

    def __init__(self) -> None:
        super().__init__("the vault does not open with this key")


def new_record(keyring: Keyring, record: UUID, vault: age.Recipient) -> Secret:
    """Make a record key, wrap it to *vault* and put it in the keyring, on the disk, before any row names it."""
    key = records.new_key()
    keyring.put("record", str(record), records.wrap(key, vault))
    return key


class OpenVault:
    """A vault opened by a member's identity, held for one session and dropped with it."""

    def __init__(self, keyring: Keyring, recipient: age.Recipient, identity: age.Identity) -> None:
        self._keyring = keyring
        self._recipient = recipient
        self._identity = identity
        self._keys: OrderedDict[UUID, Secret] = OrderedDict()

    @classmethod
    def open(cls, keyring: Keyring, epoch: int, recipient: age.Recipient, member: age.Identity) -> "OpenVault":
        """Open the vault of *epoch*; *recipient* is what the signed member list says it must be. Blocking."""
        try:
            identity = age.Identity.parse(Secret(age.open_(keyring.get("vault", str(epoch)), [member])))
        except CryptoError:
            raise VaultError from None
        if str(identity.recipient) != str(recipient):
            raise VaultError
        return cls(keyring, recipient, identity)

    def new_record(self, record: UUID) -> Secret:
        """Make the key of a new record. Blocking: the key is fsynced before this returns."""
        key = new_record(self._keyring, record, self._recipient)
        self._remember(record, key)
        return key

    def record(self, record: UUID) -> Secret:
        """Return the key of one record, or raise `MissingKeyError`."""
        key = self._keys.get(record)
        if key is None:
            key = records.unwrap(self._keyring.get("record", str(record)), self._identity)
            self._remember(record, key)
        return key

    def intake(self, serial: int) -> age.Identity:
        """Return the intake identity of *serial*, whose seed lies under this vault."""
        return age.Identity.parse(Secret(self.unseal(self._keyring.get("intake", str(serial)))))

    def unseal(self, sealed: bytes) -> bytes:
        """Open what another process sealed to this vault."""
        return age.open_(sealed, [self._identity])

    def _remember(self, record: UUID, key: Secret) -> None:
        self._keys[record] = key
        if len(self._keys) > _CACHED_KEYS:
            self._keys.popitem(last=False)
