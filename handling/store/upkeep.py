"""What a zone's keys need after somebody has signed in and once a day. Reads no record; asks the guard for signatures."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from crypto import age
from handling.rules import keylife, membership
from handling.rules.member_words import groups
from handling.rules.membership import NewVault, Zone
from handling.store import members
from handling.store.keyring import Keyring
from handling.store.members import MemberList
from handling.store.vault import OpenVault, VaultError
from tipline.base.database import Db, Pool, StoreError, store_errors

ORPHAN_SECONDS = 3600  # a record key younger than this may be of a row that is about to come

_EVERY = 6 * 3600  # seconds: each calendar day is met, whenever the process was started

_log = logging.getLogger("keys")

Also = Callable[[OpenVault], Awaitable[object]]
Named = Callable[[Db, Sequence[UUID]], Awaitable[frozenset[UUID]]]


@dataclass(frozen=True, slots=True)
class ZoneKeys:
    """What the signed list says about one zone."""

    zone: Zone
    epoch: int
    recipient: age.Recipient
    members: tuple[age.Recipient, ...]

    @classmethod
    def of(cls, listed: MemberList, zone: Zone) -> "ZoneKeys":
        """Read a zone's part of the verified list."""
        if zone == "corridor":
            keys = tuple(member.corridor for member in listed.members if member.corridor is not None)
            return cls(zone, listed.corridor_epoch, listed.corridor_vault, keys)
        keys = tuple(member.desk for member in listed.members if member.desk is not None)
        return cls(zone, listed.desk_epoch, listed.desk_vault, keys)


class Upkeep:
    """One zone's upkeep: in the background, one at a time, resumed by whoever signs in next.

    *also* is what the zone itself does then with the open vault.

    Attributes:
        notices: what a page tells whoever is signed in; a line of its own begins after a line feed.
    """

    def __init__(self, pool: Pool, keyring: Keyring, zone: Zone, *, also: Also) -> None:
        self._pool = pool
        self._keyring = keyring
        self._zone: Zone = zone
        self._also = also
        self._alone = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._done_for = 0
        self.notices: tuple[str, ...] = ()

    def begin(self, vault: OpenVault, listed: MemberList, by: str) -> None:
        """Work in the background for somebody who has just signed in."""
        task = asyncio.create_task(self._quietly(vault, listed, by))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def follow(self, vault: OpenVault, listed: MemberList, by: str) -> None:
        """Move an open session on to the epoch of today's list; what else a new list needs is done in the background.

        Raises:
            VaultError: the list has an epoch that this person's key does not open yet.
        """
        keys = ZoneKeys.of(listed, self._zone)
        if keys.epoch != vault.epoch:
            await asyncio.to_thread(vault.advance, epoch=keys.epoch, recipient=keys.recipient)
        if listed.version != self._done_for:
            self.begin(vault, listed, by)

    async def work(self, vault: OpenVault, listed: MemberList, by: str) -> None:
        """Seal to today's members, move to the vault in force, and ask for a new one where one is due."""
        async with self._alone:
            self._done_for = listed.version
            keys = ZoneKeys.of(listed, self._zone)
            await asyncio.to_thread(vault.advance, epoch=keys.epoch, recipient=keys.recipient)
            await asyncio.to_thread(vault.refresh, keys.members, version=listed.version, former=listed.former)
            moved = await asyncio.to_thread(vault.rewrap)
            # Not what was sealed afresh, nor how many: that tells of restricted records.
            if moved.moved or moved.retired:
                _log.info("the keys under an older vault are moved to the vault in force")
            if moved.unreadable:
                _log.error("%d key files open with no vault; they are left as they are", moved.unreadable)
            self.notices = (*self._unfinished(keys.epoch), *await self._due(vault, keys, listed, by))
            await self._also(vault)

    async def stop(self) -> None:
        """Let what is under way end with this process; the next session goes on with it."""
        for task in self._tasks:
            task.cancel()
        for task in tuple(self._tasks):
            with suppress(asyncio.CancelledError):
                await task

    async def _quietly(self, vault: OpenVault, listed: MemberList, by: str) -> None:
        try:
            await self.work(vault, listed, by)
        except VaultError:
            _log.warning("the vault in force does not open with the key of somebody who is signed in")
        except (StoreError, OSError) as error:
            _log.error("work on the vault was interrupted: %s", type(error).__name__)

    async def _due(self, vault: OpenVault, keys: ZoneKeys, listed: MemberList, by: str) -> tuple[str, ...]:
        if self._zone not in membership.vault_due(listed.body()):
            return ()
        waiting = await asyncio.to_thread(vault.pending, version=listed.version)
        if waiting:
            recipient = waiting[0]
        else:
            recipient = await asyncio.to_thread(vault.begin, keys.members, version=listed.version)
        async with self._pool.acquire() as db:
            await members.propose(db, NewVault(self._zone, keys.epoch + 1, str(recipient)), by)
        why = _why(listed, self._zone)
        words = f"so the {self._zone} gets a new vault, number {keys.epoch + 1}. Two handlers sign it at the guard, under Members"
        return (f"{why}, {words}, and compare this fingerprint there:\n{groups(recipient.fingerprint())}",)

    def _unfinished(self, epoch: int) -> tuple[str, ...]:
        left = [name for name in self._keyring.names("vault") if name.isdigit() and int(name) < epoch]
        if not left:
            return ()
        return ("Keys of an older vault wait to be moved, until somebody signs in who could open it.",)


async def sweep(pool: Pool, keyring: Keyring, named: Named) -> int:
    """Finish what a crash left half done in a keyring, and remove record keys that no row names; return how many.

    The log says no number, and nothing of what was settled: keys of records that its reader must not know of are among them.
    """
    await asyncio.to_thread(keyring.settle)
    before = time.time() - ORPHAN_SECONDS
    old = await asyncio.to_thread(keyring.unnamed, before=before)
    records = {name: UUID(name) for name in old if _is_id(name)}
    async with pool.acquire() as db:
        kept = await named(db, list(records.values()))
    orphans = [name for name, record in records.items() if record not in kept]
    if not keylife.may_sweep(len(orphans), len(old)):
        _log.error("too many record keys have no row; none is removed: is this the right database?")
        return 0
    removed = await asyncio.to_thread(keyring.sweep, orphans, before=before)
    if removed:
        _log.info("record keys without a row are removed")
    return removed


async def repeat(work: Callable[[], Awaitable[object]]) -> None:
    """Do *work* at once and then four times a day, for as long as the process lives; a failure waits for the next time."""
    while True:
        try:
            with store_errors():  # a database that has just been killed refuses where a connection is asked for
                await work()
        except (StoreError, OSError) as error:
            _log.error("upkeep of the keyring failed: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)


def _why(listed: MemberList, zone: Zone) -> str:
    """Say what made the newest departure: new keys of somebody who stays, or somebody who is no longer on the list."""
    version = listed.body()["departed"][zone]
    for one in listed.body()["members"]:
        if one[zone] and listed.since[one["name"]] == version:
            return f"{one['display']} has new keys"
    return f"Somebody who could open the {zone}'s vault left"


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
