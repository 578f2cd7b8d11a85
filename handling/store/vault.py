"""Vaults: an age identity per zone and epoch that wraps record keys, and nothing else. Decides nothing about who reads."""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from uuid import UUID

from crypto import age, records
from crypto.errors import CryptoError
from crypto.secret import Guarded, Secret
from handling.store import epochs, restricted, rewrap
from handling.store.keyring import Keyring, Kind, MissingKeyError, Stamp
from handling.store.rewrap import Rewrapped

_CACHED_KEYS = 2_000  # 32 bytes each: a long list page opens without unwrapping twice
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SETTLED = 1.0  # seconds: a folder's time that is younger may hide a second change within one tick of the clock


class VaultError(Exception):
    """The vault does not open with this member's key."""

    def __init__(self) -> None:
        super().__init__("the vault does not open with this key")


class VaultMovedError(Exception):
    """The keyring has a newer epoch than this session: nothing new may be wrapped to the old one."""

    def __init__(self) -> None:
        super().__init__("the vault has a newer epoch than this session; send the form again")


class OpenVault(Guarded):
    """A vault opened by a member's identity, held for one session and dropped with it.

    Every method may block, and all may be called from several threads.
    """

    def __init__(
        self, keyring: Keyring, *, epoch: int, current: age.Identity, recovery: age.Recipient, member: age.Identity
    ) -> None:
        self._keyring = keyring
        self._recovery = recovery
        self._member = member
        self._keys: OrderedDict[UUID, tuple[Kind, Stamp, Secret]] = OrderedDict()
        self._opens: dict[str, tuple[Stamp, bool]] = {}
        self._hidden: tuple[Stamp | None, frozenset[UUID]] | None = None
        self._mutex = threading.Lock()
        self._enter(epoch, current)

    @classmethod
    def open(
        cls,
        keyring: Keyring,
        *,
        epoch: int,
        recipient: age.Recipient,
        recovery: age.Recipient,
        member: age.Identity,
    ) -> "OpenVault":
        """Open the vault of *epoch*, and every older one that the keyring still has.

        Epoch, recipient and recovery are what the signed member list says; *member* is one of those that the vault is
        sealed to, among them the recovery identity.

        Raises:
            VaultError: nothing in the keyring opens with *member* and is the vault of the list.
        """
        current = _current(keyring, epoch, recipient, member)
        return cls(keyring, epoch=epoch, current=current, recovery=recovery, member=member)

    @property
    def epoch(self) -> int:
        """The epoch that new records are wrapped to."""
        return self._epoch

    def advance(self, *, epoch: int, recipient: age.Recipient) -> None:
        """Move on to the epoch of today's signed member list; raises `VaultError` when it does not open."""
        if epoch == self._epoch and recipient == self._identities[0].recipient:
            return
        self._enter(epoch, _current(self._keyring, epoch, recipient, self._member))

    # Records --------------------------------------------------------------------------------------------------------

    def new_record(self, record: UUID, *, readers: Sequence[age.Recipient] | None = None) -> Secret:
        """Make the key of a new record; it is on the disk, fsynced, before this returns.

        Args:
            record: id of the record.
            readers: None for everybody who can open the vault; else only these members and recovery.

        Raises:
            VaultMovedError: another session works under a newer epoch already.
        """
        key = records.new_key()
        with self._keyring.locked():
            if readers is None:
                self._wrap(record, key)
            else:
                self._keyring.put("restricted", str(record), restricted.seal(key, readers, self._recovery))
        return key

    def record(self, record: UUID) -> Secret:
        """Return the key of one record.

        Raises:
            MissingKeyError: it is gone, or it is not for this member. One error on purpose.
        """
        try:
            return self._record(record)
        except MissingKeyError:
            return self._record(record)  # between looking and reading it may have moved to the other folder

    def restrict(self, record: UUID, readers: Sequence[age.Recipient]) -> None:
        """Take a record that this session can open away from everybody but *readers* and recovery.

        The new file is on the disk before the old one goes. Where a crash leaves both, the restricted one counts, and
        the other goes when the process starts again (`Keyring.settle`).
        """
        with self._keyring.locked():
            key = self._record(record)
            self._keyring.put("restricted", str(record), restricted.seal(key, readers, self._recovery))
            self._keyring.delete("record", str(record))

    def unrestrict(self, record: UUID) -> None:
        """Give a record that this session can open to everybody who can open the vault.

        A crash in the middle leaves the record restricted: the restricted file is the one that counts, and goes last.
        """
        with self._keyring.locked():
            key = self._record(record)
            self._wrap(record, key)
            self._keyring.delete("restricted", str(record))

    def destroy(self, record: UUID) -> None:
        """Remove the key of a record; it is gone for good when the keyring's backups are."""
        with self._keyring.locked():
            self._keyring.delete("record", str(record))
            self._keyring.delete("restricted", str(record))

    def readers_kind(self, record: UUID) -> restricted.ReadersKind:
        """Say whether everybody reads this record or only some; `MissingKeyError` as in `record`."""
        self.record(record)
        return "vault" if self._keyring.stamp("restricted", str(record)) is None else "restricted"

    def readers(self, record: UUID) -> frozenset[str] | None:
        """Fingerprints of the members who can open this record, None for all; `MissingKeyError` as in `record`."""
        if self.readers_kind(record) == "vault":
            return None
        try:
            return restricted.open_(self._keyring.get("restricted", str(record)), self._member).readers
        except CryptoError:
            raise MissingKeyError from None

    def allowed(self) -> frozenset[UUID]:
        """Return the restricted records that this member can open."""
        names = self._keyring.names("restricted")  # before `hidden`, so that none is taken for open that came between
        return frozenset(UUID(name) for name in names if _is_id(name)) - self.hidden()

    def hidden(self) -> frozenset[UUID]:
        """Return the restricted records that this member cannot open. Opens only files that changed since last time."""
        folder = self._keyring.folder_stamp("restricted")
        with self._mutex:
            known = self._hidden
        if known is not None and known[0] == folder:
            return known[1]
        settled = folder is None or time.time() - folder[1] / 1e9 > _SETTLED
        stamps = self._keyring.stamps("restricted")
        opens = {name: self._can_open(name, stamp) for name, stamp in stamps.items()}
        found = frozenset(UUID(name) for name, readable in opens.items() if not readable and _is_id(name))
        with self._mutex:
            self._opens = {name: (stamp, opens[name]) for name, stamp in stamps.items()}
            self._hidden = (folder, found) if settled else None
        return found

    # Other keys under the vault -------------------------------------------------------------------------------------

    def intake(self, serial: int) -> age.Identity:
        """Return the intake identity of *serial*, whose seed lies under this vault."""
        return age.Identity.parse(Secret(self.unseal(self._keyring.get("intake", str(serial)))))

    def unseal(self, sealed: bytes) -> bytes:
        """Open what another process sealed to this vault, in this epoch or an older one."""
        return age.open_(sealed, self._identities)

    # Epochs ---------------------------------------------------------------------------------------------------------

    def refresh(
        self,
        members: Sequence[age.Recipient],
        *,
        version: int,
        former: Mapping[str, age.Recipient] = MappingProxyType({}),
    ) -> int:
        """Seal the vault file, and restricted records that this session can open, to today's verified members.

        Args:
            members: everybody whom the signed list gives a key for this zone.
            version: of that list; once a newer list has named the readers, nothing is sealed to those of this one.
            former: fingerprints of keys that members had before, each with the key they have today.

        Returns:
            how many files were sealed afresh.
        """
        count = rewrap.refresh_vault(
            self._keyring,
            epoch=self._epoch,
            current=self._identities[0],
            readers=[*members, self._recovery],
            member=self._member,
            version=version,
        )
        overtaken = partial(rewrap.overtaken, self._keyring, epoch=self._epoch, member=self._member, version=version)
        return count + restricted.refresh(
            self._keyring, self._member, members, self._recovery, former, overtaken=overtaken
        )

    def begin(self, members: Sequence[age.Recipient], *, version: int) -> age.Recipient:
        """Make the next epoch's identity for today's verified members; it counts once the signed list names it.

        Args:
            members: everybody whom the signed list gives a key for this zone.
            version: of that list.
        """
        return rewrap.begin(
            self._keyring,
            epoch=self._epoch + 1,
            current=self._identities[0],
            readers=[*members, self._recovery],
            version=version,
        )

    def pending(self, *, version: int) -> tuple[age.Recipient, ...]:
        """Return the next epochs that insiders have made under the member list of *version* and this member can open."""
        return rewrap.pending(
            self._keyring, epoch=self._epoch + 1, current=self._identities[0], member=self._member, version=version
        )

    def rewrap(self) -> Rewrapped:
        """Wrap every key of older epochs to the current one. Resumable; a second time does nothing.

        Record keys, intake seeds and signers are wrapped afresh; nothing that they seal is touched. An older epoch's
        identity is kept under the current vault, because rows that were sealed to it may be on their way.
        """
        return rewrap.rewrap(self._keyring, self._epoch, self._identities, self._member)

    # Inside ---------------------------------------------------------------------------------------------------------

    def _enter(self, epoch: int, current: age.Identity) -> None:
        self._identities = (current, *rewrap.older(self._keyring, epoch, current, self._member))
        self._epoch = epoch

    def _wrap(self, record: UUID, key: Secret) -> None:
        """Write the key under the vault; the caller holds the lock, so no newer epoch can begin meanwhile."""
        if max(rewrap.epochs_of(self._keyring, "vault"), default=0) > self._epoch:
            raise VaultMovedError
        self._keyring.put("record", str(record), records.wrap(key, self._identities[0].recipient))

    def _record(self, record: UUID) -> Secret:
        name = str(record)
        kind: Kind = "restricted"
        stamp = self._keyring.stamp(kind, name)
        if stamp is None:
            kind = "record"
            stamp = self._keyring.stamp(kind, name)
        if stamp is None:
            raise MissingKeyError
        with self._mutex:
            cached = self._keys.get(record)
        if cached is not None and cached[:2] == (kind, stamp):
            return cached[2]
        key = self._unwrap(kind, name)
        with self._mutex:
            self._keys[record] = (kind, stamp, key)
            if len(self._keys) > _CACHED_KEYS:
                self._keys.popitem(last=False)
        return key

    def _unwrap(self, kind: Kind, name: str) -> Secret:
        wrapped = self._keyring.get(kind, name)
        try:
            if kind == "restricted":
                return restricted.open_(wrapped, self._member).key
            return records.unwrap(wrapped, *self._identities)
        except CryptoError:
            raise MissingKeyError from None

    def _can_open(self, name: str, stamp: Stamp) -> bool:
        known = self._opens.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            self._unwrap("restricted", name)
        except MissingKeyError:
            return False
        return True


def _is_id(name: str) -> bool:
    return _ID.fullmatch(name) is not None


def _current(keyring: Keyring, epoch: int, recipient: age.Recipient, member: age.Identity) -> age.Identity:
    """Open the identity that the list names, from its vault file or, before anybody has moved it there, a pending one."""
    for sealed in rewrap.candidates(keyring, epoch):
        try:
            identity = epochs.open_(sealed, member).identity
        except CryptoError:
            continue
        if identity.recipient == recipient:
            return identity
    raise VaultError
