"""A keyring with real age keys, and the sessions that open it: what tests of vaults share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, get_args
from uuid import UUID

from crypto import age
from crypto.errors import AgeError
from handling.store import epochs, rewrap
from handling.store.keyring import Keyring, Kind, MissingKeyError
from handling.store.vault import OpenVault

_NOT_OF_A_VAULT: Final = {"intake-statement", "pgp-intake-statement", "package"}  # clear, or of the guard
SEALED: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind not in _NOT_OF_A_VAULT)


@dataclass
class Zone:
    """One zone: its keyring, and what a signed member list would say about it."""

    keyring: Keyring
    members: dict[str, age.Identity]
    recovery: age.Identity = field(default_factory=age.Identity.generate)
    epoch: int = 1
    version: int = 1
    recipient: age.Recipient = field(init=False)
    former: dict[str, str] = field(default_factory=dict)
    earlier: list[age.Identity] = field(default_factory=list)  # of the epochs before: what whoever left may have kept

    @classmethod
    def founded(cls, folder: Path, names: Sequence[str]) -> "Zone":
        """Make a zone in its first epoch."""
        zone = cls(Keyring(folder), {name: age.Identity.generate() for name in names})
        vault = age.Identity.generate()
        zone.recipient = vault.recipient
        zone.keyring.put("vault", "1", epochs.seal(vault, [*zone.readers(), zone.recovery.recipient], version=1))
        return zone

    def readers(self, *names: str) -> list[age.Recipient]:
        """Keys of some members, of all when none is named."""
        return [self.members[name].recipient for name in names or self.members]

    def session(self, name: str) -> OpenVault:
        """Open the vault as somebody who signs in."""
        return self.opened_by(self.members[name])

    def opened_by(self, identity: age.Identity) -> OpenVault:
        """Open the vault with any identity."""
        return OpenVault.open(
            self.keyring,
            epoch=self.epoch,
            recipient=self.recipient,
            recovery=self.recovery.recipient,
            member=identity,
        )

    def work(self, session: OpenVault) -> None:
        """Do what a session does after signing in."""
        session.refresh(self.readers(), version=self.version, former=self.replaced())
        session.rewrap()

    def replaced(self) -> Mapping[str, age.Recipient]:
        """Keys that members had before, with those they have today."""
        return {print_: self.members[name].recipient for print_, name in self.former.items() if name in self.members}

    def new_epoch(self, session: OpenVault) -> None:
        """Begin the next epoch in *session* and sign it into the list; nobody has moved to it yet."""
        self.earlier.append(self._in_force())
        self.recipient = session.begin(self.readers(), version=self.version)
        self.epoch += 1
        self.version += 1

    def opens(self, kind: Kind, name: str, *identities: age.Identity) -> bool:
        """Whether one of *identities*, or that of an earlier epoch, opens this file."""
        try:
            age.open_(self.keyring.get(kind, name), [*identities, *self.earlier])
        except AgeError:
            return False
        return True

    def _in_force(self) -> age.Identity:
        found = (epochs.open_(one, self.recovery).identity for one in rewrap.candidates(self.keyring, self.epoch))
        return next(one for one in found if one.recipient == self.recipient)


def readable(vault: OpenVault, record: UUID) -> bool:
    """Whether the session opens this record."""
    try:
        vault.record(record)
    except MissingKeyError:
        return False
    return True


def opens_nothing(zone: Zone, *identities: age.Identity) -> bool:
    """Whether no file of the keyring opens with what a leaver has: their own key, and every vault before this one."""
    return not any(zone.opens(kind, name, *identities) for kind in SEALED for name in zone.keyring.names(kind))
