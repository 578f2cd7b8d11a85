"""Everybody's keys are lost: the unit goes on with other people. For one offline command; decides nothing that a person must.

The recovery identity opens what the lost people could open, the root signs the list of those who come instead. Order, so
that a machine that stops at any point leaves a unit which the same command, run again from the beginning, recovers:

1. new vault epochs wait in the keyring, sealed to the new people and recovery; nothing that was there has changed;
2. one transaction: the new list, the new accounts in the place of all others, and what waited for lost signatures;
3. the cards are given out, which are in force from here on;
4. package keys, restricted records, vaults. Only keys of 32 bytes are wrapped anew, never what they seal.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from crypto import age
from crypto.secret import Guarded
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling import firstreading, packagekeys
from handling.enrol import LIST_VALID_DAYS
from handling.people import Card, Enrolled, Person, PersonKeys, put_accounts, seal_accounts
from handling.rules.membership import MembershipError, check
from handling.rules.release import Duty
from handling.store import members
from handling.store.keyring import Keyring
from handling.store.members import MemberList, Trust
from handling.store.rewrap import Rewrapped
from handling.store.vault import OpenVault, VaultError
from tipline.base import staff
from tipline.base.database import Db, store_errors
from tipline.base.settings import Settings

_WHY = "Everybody's keys were lost and replaced before this was decided. Ask for it again. (recovery)"

_DELETE_ACCOUNTS = (
    "DELETE FROM corridor.account",
    "DELETE FROM desk.account",
    "DELETE FROM guard.account",
)
_REFUSE_REVIEWS = """
    UPDATE guard.review
       SET state = 'refused', reason = $1, sealed = ''
     WHERE state = 'waiting'
"""
_REFUSE_RELEASES = """
    UPDATE guard.release
       SET state = 'refused', reason = $1, sealed = ''
     WHERE state IN ('waiting', 'signed-once')
"""
# A phrase that its source has not read is proposed afresh: nobody could add a signature that counts.
_UNSIGN_PHRASES = """
    DELETE FROM guard.signature
     WHERE kind = 'phrase'
       AND subject IN (SELECT id FROM corridor.outcome WHERE state = 'proposed')
"""
_DROP_PHRASES = """
    DELETE FROM guard.phrase
     WHERE id IN (SELECT id FROM corridor.outcome WHERE state = 'proposed')
"""
_OFFER_OUTCOMES = """
    UPDATE corridor.outcome
       SET state = 'received'
     WHERE state = 'proposed'
"""
_REVIEWED_IN_VAIN = """
    SELECT count(*)
      FROM desk.inbox
     WHERE kind = 'report'
"""


class RecoveryError(Exception):
    """Nothing was changed; the text says why."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Keys(Guarded):
    """Both offline keys, joined for the length of the command."""

    root: SigningKey
    recovery: age.Identity


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a recovery did, for whoever ran it.

    Attributes:
        corridor, desk: keys that were wrapped to the new vaults.
        restricted: tips that wait for the new first readers, and those of them that no new person may read.
        asked_again: reviews, releases and phrases that waited for lost signatures and have to be asked for again.
        in_vain: reviewed reports that the desk will not take in, because their reviewer is gone.
    """

    version: int
    corridor: Rewrapped
    desk: Rewrapped
    restricted: firstreading.Given
    asked_again: int
    in_vain: int
    package_signer: bytes
    package_pgp: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Lost(Guarded):
    """The unit as it was left, opened with the recovery identity."""

    trust: Trust
    listed: MemberList
    corridor: OpenVault
    desk: OpenVault


async def recover(
    settings: Settings,
    db: Db,
    keys: Keys,
    persons: Sequence[Person],
    *,
    first_readers: Sequence[str],
    today: date,
    give_out: Callable[[Sequence[Card]], None],
    log_n: int = staff.LOG_N,
) -> Recovered:
    """Replace everybody. Takes minutes on a large keyring, and nobody else may be at work meanwhile.

    *db* is the owner's connection. *first_readers* are handlers who read first what names somebody of the unit; all new
    handlers when nobody is named. *give_out* shows the cards, as soon as they are in force.

    Raises:
        RecoveryError: nothing was changed.
        MemberListError: the list in the database is not to be trusted; nothing was changed.
    """
    lost = await _opened(settings, db, keys)
    people = [PersonKeys.make(person) for person in persons]
    body, package = await _next_list(settings, lost, people, first_readers, today)
    enrolled = await asyncio.to_thread(seal_accounts, people, log_n=log_n)
    statement = Statement.make(members.TYPE, check(body), keys.root)
    async with db.transaction():
        listed = await members.append(db, lost.trust, statement, today)
        await _replace_accounts(db, enrolled)
        asked_again = await _ask_again(db, listed)
    give_out(enrolled.cards)
    await asyncio.to_thread(package.put, settings)
    restricted, corridor, desk = await _wrap_anew(db, lost, people, listed)
    return Recovered(
        version=listed.version,
        corridor=corridor,
        desk=desk,
        restricted=restricted,
        asked_again=asked_again,
        in_vain=await db.fetchval(_REVIEWED_IN_VAIN),
        package_signer=package.signer,
        package_pgp=package.fingerprint,
    )


async def _replace_accounts(db: Db, enrolled: Enrolled) -> None:
    with store_errors():
        for sql in _DELETE_ACCOUNTS:
            await db.execute(sql)
    await put_accounts(db, enrolled.accounts)


async def _wrap_anew(
    db: Db, lost: _Lost, people: Sequence[PersonKeys], listed: MemberList
) -> tuple[firstreading.Given, Rewrapped, Rewrapped]:
    """Give the new people every key; restricted records first, since `refresh` leaves those without readers closed."""
    lost.corridor.advance(epoch=listed.corridor_epoch, recipient=listed.corridor_vault)
    lost.desk.advance(epoch=listed.desk_epoch, recipient=listed.desk_vault)
    restricted = await firstreading.give(db, lost.corridor, listed)
    corridor = await asyncio.to_thread(_moved, lost.corridor, _corridor(people), listed.version)
    desk = await asyncio.to_thread(_moved, lost.desk, _desk(people), listed.version)
    return restricted, corridor, desk


async def _opened(settings: Settings, db: Db, keys: Keys) -> _Lost:
    trust = members.trust(settings.inside, "admin")
    listed = await members.latest(db, trust)
    if keys.root.public != trust.root:
        raise RecoveryError("This is not the root key of this unit.")
    if keys.recovery.recipient != listed.recovery:
        raise RecoveryError("This is not the recovery key that stands on the member list of this unit.")
    corridor, desk = Keyring(settings.inside / "corridor" / "keyring"), Keyring(settings.inside / "desk" / "keyring")
    try:
        return _Lost(
            trust,
            listed,
            corridor=await _vault(corridor, listed.corridor_epoch, listed.corridor_vault, keys.recovery),
            desk=await _vault(desk, listed.desk_epoch, listed.desk_vault, keys.recovery),
        )
    except VaultError:
        raise RecoveryError(
            "The keyring's vaults do not open with the recovery key. Is the keyring complete?"
        ) from None


async def _vault(keyring: Keyring, epoch: int, recipient: age.Recipient, recovery: age.Identity) -> OpenVault:
    def opened() -> OpenVault:
        keyring.settle()
        return OpenVault.open(keyring, epoch=epoch, recipient=recipient, recovery=recovery.recipient, member=recovery)

    return await asyncio.to_thread(opened)


async def _next_list(
    settings: Settings, lost: _Lost, people: Sequence[PersonKeys], first_readers: Sequence[str], today: date
) -> tuple[dict[str, Any], packagekeys.New]:
    """Make the next vaults and package keys, and the list that names them; nothing that was there changes."""
    body = _body(lost, people, first_readers, today)
    package = await asyncio.to_thread(packagekeys.make, settings, _signers(people))
    body |= {"package_signer": package.signer.hex(), "package_pgp": package.fingerprint}
    body["corridor_vault"]["recipient"] = str(await _begin(lost.corridor, _corridor(people), lost.listed.version))
    body["desk_vault"]["recipient"] = str(await _begin(lost.desk, _desk(people), lost.listed.version))
    return body, package


def _body(lost: _Lost, people: Sequence[PersonKeys], first_readers: Sequence[str], today: date) -> dict[str, Any]:
    """Return the list of the new people; every rule of a member list holds for it, or `RecoveryError` says which."""
    body = lost.listed.body()
    version = lost.listed.version + 1
    handlers = [one.person.name for one in people if Duty.HANDLER in one.person.duties]
    body |= {
        "version": version,
        "previous": lost.listed.sha256.hex(),
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=LIST_VALID_DAYS)).isoformat(),
        "departed": {"corridor": version, "desk": version},
        "first_readers": list(first_readers) or handlers,
        "members": [one.entry().body() for one in people],
    }
    for zone in ("corridor_vault", "desk_vault"):
        body[zone] = {**body[zone], "epoch": body[zone]["epoch"] + 1, "since": version}
    try:
        check(body)
    except MembershipError as error:
        raise RecoveryError(str(error)) from None
    return body


async def _begin(vault: OpenVault, readers: Sequence[age.Recipient], version: int) -> age.Recipient:
    return await asyncio.to_thread(vault.begin, readers, version=version)


def _moved(vault: OpenVault, readers: Sequence[age.Recipient], version: int) -> Rewrapped:
    vault.refresh(readers, version=version)
    return vault.rewrap()


async def _ask_again(db: Db, listed: MemberList) -> int:
    """Close what waits for signatures that nobody can give any more; return how much that was."""
    to_corridor = await asyncio.to_thread(age.seal, _WHY.encode(), [listed.corridor_vault])
    to_desk = await asyncio.to_thread(age.seal, _WHY.encode(), [listed.desk_intake])
    with store_errors():
        reviews = await db.execute(_REFUSE_REVIEWS, to_corridor)
        releases = await db.execute(_REFUSE_RELEASES, to_desk)
        await db.execute(_UNSIGN_PHRASES)
        await db.execute(_DROP_PHRASES)
        phrases = await db.execute(_OFFER_OUTCOMES)
    return sum(int(tag.removeprefix("UPDATE ")) for tag in (reviews, releases, phrases))


def _signers(people: Sequence[PersonKeys]) -> list[age.Recipient]:
    """Release keys of everybody who may give a signature on a release, as in the guard."""
    return [one.release.recipient for one in people if one.person.duties & {Duty.HANDLER, Duty.OFFICER}]


def _corridor(people: Sequence[PersonKeys]) -> list[age.Recipient]:
    return [one.corridor.recipient for one in people if one.corridor]


def _desk(people: Sequence[PersonKeys]) -> list[age.Recipient]:
    return [one.desk.recipient for one in people if one.desk]
