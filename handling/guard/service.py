"""What every act of the guard stands on: the verified member list, whose turn it is, and refusing with a sealed reason."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

from crypto import age
from handling.guard import store
from handling.guard.keys import Keys, unlocked
from handling.guard.refusal import MovedError, NoSuchRequestError, NotNowError
from handling.guard.sign import PackageKeys
from handling.guard.store import Request, SealedRequest
from handling.guard.verify import duties
from handling.rules.grading import Scheme
from handling.rules.release import (
    Act,
    Duties,
    Eligible,
    IllegalMoveError,
    Kind,
    Reason,
    advance,
    is_outside,
    next_signer,
    possible_signers,
    why_not,
)
from handling.store import members
from handling.store.members import Member, MemberList, Trust
from tipline.base.database import Db, Pool

T = TypeVar("T")

_NOT_A_SIGNER = "Your duty does not cover this, or you prepared it yourself. You can neither sign nor refuse it."
_NO_MEMBER = "This signature is by nobody on today's member list."
_DECIDED = "This has been decided."
REASON_MAX = 2000  # characters


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard of one unit. *hosts* are names of machines and folders that no package may hold; *unit* is its own name.

    *origin* is the address at which its pages are opened, and authenticators registered; None registers none.
    """

    pool: Pool
    trust: Trust
    package_keys: PackageKeys
    scheme: Scheme
    hosts: tuple[str, ...]
    unit: str
    origin: str | None = None

    def inside(self, listed: MemberList) -> frozenset[str]:
        """Every name of the inside that must not stand in what leaves."""
        people = (name for member in listed.members for name in (member.name, member.display))
        return frozenset({*self.hosts, *people})


@dataclass(frozen=True, slots=True, repr=False)
class Hand:
    """Somebody's hand on one request: the name from the session, the passphrase just typed, and what they were shown.

    Attributes:
        seen: SHA-256, in hex, of everything that was shown (of a phrase, its code); empty before anything was.
    """

    who: str
    passphrase: str
    seen: str = ""
    assertion: str = ""
    """What the authenticator answered to what is signed; empty when none was asked."""
    immunity: bool = False
    """A releasing officer's word that it leaves although public-interest immunity is claimed."""


@dataclass(frozen=True, slots=True)
class Case:
    """One sealed request before the person whose turn it is, with the member list of today."""

    row: SealedRequest
    member: Member
    listed: MemberList
    today: date


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a request stands for one person: may they sign now, and if not, why; who could instead, and who from outside."""

    request: Request
    why_not: str
    may_refuse: bool
    next: tuple[str, ...]
    outside: tuple[str, ...] = ()
    may_carry: bool = False  # take it along to an outside second, or bring a signature made elsewhere

    @property
    def may_sign(self) -> bool:
        """Whether this person gives the next signature."""
        return not self.why_not


def today() -> date:
    """The day by the process's clock, UTC: the one place where the guard reads it."""
    return datetime.now(UTC).date()


async def member_list(guard: Guard, db: Db, today: date) -> MemberList:
    """The verified list of today; every name, duty and key comes from it."""
    return await members.load(db, guard.trust, today)


@asynccontextmanager
async def with_keys(guard: Guard, db: Db, member: Member, listed: MemberList, passphrase: str) -> AsyncIterator[Keys]:
    """Unlock *member*'s keys for the length of the block, and see that the package keys are sealed to today's signers.

    Raises:
        staff.SignInError: the passphrase is wrong, or the account is locked.
        KeysError: the account holds other keys than the signed member list names.
    """
    async with unlocked(db, member, passphrase) as keys:
        await asyncio.to_thread(guard.package_keys.reseal, keys, listed)
        yield keys


def turn(kind: Kind, request: Request, member: Member, listed: MemberList) -> Turn:
    """Say whose turn it is, for one person."""
    held = duties(listed)
    if _decided(kind, request):
        return Turn(request, _DECIDED, may_refuse=False, next=())
    reason = why_not(kind, member.name, request.requested_by, request.signers, held)
    coming = next_signer(kind, request.requested_by, request.signers, held)
    outside = coming.outside if isinstance(coming, Eligible) else ()
    return Turn(
        request,
        why_not=reason.value if reason else "",
        may_refuse=member.name in possible_signers(kind, request.requested_by, held),
        next=coming.names if isinstance(coming, Eligible) else (),
        outside=outside,
        may_carry=member.name in _carriers(kind, request.requested_by, held, from_outside=bool(outside)),
    )


def must_be_turn(kind: Kind, request: Request, member: Member, listed: MemberList) -> None:
    """Raise `NotNowError` unless this person gives the next signature."""
    found = turn(kind, request, member, listed)
    if not found.may_sign:
        raise NotNowError(found.why_not)


async def case(guard: Guard, db: Db, kind: Kind, subject: UUID, *, who: str, today: date) -> Case:
    """Load one sealed request for the person who signs it next.

    Raises:
        NoSuchRequestError: there is none.
        NotNowError: it is not this person's turn.
    """
    listed = await member_list(guard, db, today)
    member = listed.member(who)
    row = await _sealed(db, kind, subject, who)
    must_be_turn(kind, row.request, member, listed)
    return Case(row, member, listed, today)


async def carried(guard: Guard, db: Db, kind: Kind, subject: UUID, *, who: str, signer: str, today: date) -> Case:
    """Load one request for *who*, who takes it along for *signer* or brings that one's signature. Of a phrase nothing is sealed.

    Raises:
        NoSuchRequestError: there is none.
        NotNowError: *who* could never open it, or it is not the turn of *signer*.
    """
    listed = await member_list(guard, db, today)
    member, held = listed.member(who), duties(listed)
    row = await _sealed(db, kind, subject, who)
    request = row.request
    if _decided(kind, request):
        raise NotNowError(_DECIDED)
    if who not in _carriers(kind, request.requested_by, held, from_outside=is_outside(signer, held)):
        raise NotNowError(_NOT_A_SIGNER)
    reason = why_not(kind, signer, request.requested_by, request.signers, held)
    if reason is not None:
        raise NotNowError(reason.value if signer in held else _NO_MEMBER)
    return Case(row, member, listed, today)


def _carriers(kind: Kind, opener: str, held: Duties, *, from_outside: bool) -> tuple[str, ...]:
    """Who may open a request to carry it: those who could sign it, and to somebody outside a review's author as well.

    Where the other handler is away nobody else could; the author learns nothing by it, having written the report.
    """
    able = possible_signers(kind, opener, held)
    return (*able, opener) if kind is Kind.REVIEW and from_outside and opener in held else able


async def _sealed(db: Db, kind: Kind, subject: UUID, who: str) -> SealedRequest:
    if kind is Kind.PHRASE:
        return SealedRequest(await request_of(db, kind, subject, who), b"")
    return found(await _row(db, kind, subject, who))


async def _row(db: Db, kind: Kind, subject: UUID, who: str) -> SealedRequest | None:
    if kind is Kind.REVIEW:
        return await store.review(db, subject, who)
    return await (store.notice(db, subject) if kind is Kind.NOTICE else store.release(db, subject))


def found(value: T | None) -> T:
    """Return what was looked for, or raise `NoSuchRequestError`."""
    if value is None:
        raise NoSuchRequestError
    return value


_Refuse = Callable[..., Coroutine[Any, Any, bool]]
_REFUSE: dict[Kind, _Refuse] = {
    Kind.REVIEW: store.refuse_review,
    Kind.MANIFEST: store.refuse_release,
    Kind.PHRASE: store.refuse_phrase,
    Kind.NOTICE: store.refuse_notice,
}


async def request_of(db: Db, kind: Kind, subject: UUID, who: str) -> Request:
    """The request of one kind as it is shown to *who*, or `NoSuchRequestError`: hidden and absent are one answer."""
    if kind is Kind.PHRASE:
        return found(await store.phrase(db, subject, who)).request
    return found(await _row(db, kind, subject, who)).request


async def look(guard: Guard, kind: Kind, subject: UUID, who: str, today: date) -> tuple[Turn, MemberList]:
    """Whose turn it is at one request; its content stays sealed."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        request = await request_of(db, kind, subject, who)
    return turn(kind, request, listed.member(who), listed), listed


async def refuse(guard: Guard, kind: Kind, subject: UUID, *, who: str, reason: str, today: date) -> None:
    """Refuse a request for good; the reason is sealed to those who asked.

    Raises:
        NotNowError: this person could never sign it, or it has been decided.
        MovedError: somebody else was faster.
    """
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        request = await request_of(db, kind, subject, who)
        member = listed.member(who)
        if not turn(kind, request, member, listed).may_refuse:
            raise NotNowError(Reason.COMPLETE.value if _decided(kind, request) else _NOT_A_SIGNER)
        asker = listed.desk_intake if kind in {Kind.MANIFEST, Kind.NOTICE} else listed.corridor_vault
        sealed = age.seal(f"{reason} ({member.display})".encode(), [asker])
        if not await _REFUSE[kind](db, subject, was=request.state, reason=sealed):
            raise MovedError


def _decided(kind: Kind, request: Request) -> bool:
    try:
        advance(kind, request.state.value, Act.REFUSE)
    except IllegalMoveError:
        return True
    return False
