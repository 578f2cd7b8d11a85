"""A member's own authenticators: registered and given up here as proposals, which two others sign. Nothing is added by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from crypto import webauthn
from crypto.digest import sha256
from crypto.errors import AuthenticatorError, SyncedError
from crypto.webauthn import Registration
from handling.guard.refusal import NotNowError, Refused, RefusedError
from handling.guard.service import Guard, Hand, member_list, with_keys
from handling.rules import member_words, membership
from handling.rules.member_list import LABEL_LENGTH, Entry, MembershipError
from handling.rules.membership import Authenticator, Change, Equip, Unequip
from handling.store import members, proposals
from handling.store.members import MemberList
from handling.store.proposals import Proposal
from tipline.base.database import Db

_NO_ORIGIN = (
    "This guard does not know at which address its pages are opened, and an authenticator answers at one address alone. The"
    " administrator sets guard_origin in tipline.toml."
)
_NO_LABEL = f"Give it a name by which you know it from another, of at most {LABEL_LENGTH} characters."
_NOT_MADE = (
    "This is no registration by an authenticator at this address just now, with its PIN or your finger. Nothing was proposed."
    " Try again."
)
_SYNCED = (
    "The key of this one may be copied to other devices by its maker, so whoever owns that account could sign as you."
    " Nothing was proposed. Take one whose key stays in it, such as a security key."
)


@dataclass(frozen=True, slots=True)
class Own:
    """What stands on the list for one member, and what they have proposed about it that still waits."""

    listed: MemberList
    entry: Entry
    waiting: tuple[Proposal, ...]
    origin: str | None


async def own(guard: Guard, who: str, today: date) -> Own:
    """Show a member their authenticators."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        waiting = [one for one in await proposals.newest(db) if one.open and _is_about(one.change, who)]
    return Own(listed, _entry(listed, who), tuple(waiting), guard.origin)


def challenge(listed: MemberList, who: str, session: str) -> bytes:
    """Return what a new authenticator is asked: bound to the session, the person and the list of today."""
    return sha256("\n".join(["tipline/authenticator/v1", session, who, str(listed.version)]).encode())


async def register(guard: Guard, hand: Hand, *, label: str, made: str, session: str, today: date) -> str:
    """Propose an authenticator that was just made, and return the fingerprint that its holder reads to those who sign.

    It is of what came from the browser, and of nothing that was stored: a database that shows them another is found out.

    Raises:
        NotNowError: it is none, or of a kind that is not taken.
        RefusedError: the list could not change like this.
    """
    if guard.origin is None:
        raise NotNowError(_NO_ORIGIN)
    if not label or len(label) > LABEL_LENGTH or not label.isprintable():
        raise NotNowError(_NO_LABEL)
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        try:
            registration = Registration.parse(made.encode("utf-8", "replace"))
            new = webauthn.register(registration, guard.origin, challenge(listed, hand.who, session))
        except SyncedError:
            raise NotNowError(_SYNCED) from None
        except AuthenticatorError:
            raise NotNowError(_NOT_MADE) from None
        kept = Authenticator(label, new.credential.hex(), new.public_key.hex(), new.origin, new.counter)
        await _propose(guard, db, listed, hand, Equip(hand.who, kept))
    return member_words.authenticator(kept)


async def give_up(guard: Guard, hand: Hand, *, credential: str, today: date) -> None:
    """Propose that an authenticator of one's own is taken away: it is lost, or no longer used."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        await _propose(guard, db, listed, hand, Unequip(hand.who, credential))


async def _propose(guard: Guard, db: Db, listed: MemberList, hand: Hand, change: Change) -> None:
    try:
        membership.apply(listed.body(), change, previous_sha256=listed.sha256)
    except MembershipError as error:
        raise RefusedError(Refused((str(error),))) from None
    member = listed.member(hand.who)
    async with with_keys(guard, db, member, listed, hand.passphrase):  # theirs, and nobody's who found the page open
        await members.propose(db, change, hand.who)


def _entry(listed: MemberList, who: str) -> Entry:
    entries: Sequence[dict[str, object]] = listed.body()["members"]
    return next(Entry.read(entry) for entry in entries if entry["name"] == who)


def _is_about(change: Change | None, who: str) -> bool:
    return isinstance(change, Equip | Unequip) and change.name == who
