"""Who belongs to the unit, decided here: two handlers sign the whole next list, and neither is the one it is about."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.statement import Signed, Statement
from handling.guard import admission_store, counts
from handling.guard.counts import Question
from handling.guard.refusal import ChangedError, MovedError, NotNowError, Refused, RefusedError
from handling.guard.service import Guard, Hand, found, member_list, with_keys
from handling.guard.store import Signature
from handling.rules import member_words, membership
from handling.rules.member_words import Difference, Words
from handling.rules.membership import Change, MembershipError
from handling.rules.release import Act, Eligible, Kind, Reason, advance, next_signer, possible_signers, why_not
from handling.store import chain, members, proposals
from handling.store.members import Member, MemberList, MemberListError, OvertakenError
from handling.store.proposals import Proposal, State
from tipline.base.database import Db

ABOUT_YOU = "This is about you. Two others decide it."
DECIDED = "This has been decided."
_DAMAGED = "What is stored is no change of a member list. It can only be refused."
_NO_KEY = "One of the keys is no key. Whoever made it makes it again."
_OTHER_VERSION = "Another version of the member list was accepted first. Propose it afresh if it is still wanted."
_NOT_A_SIGNER = "Only handlers decide who belongs to the unit, and nobody decides about themselves."
_VOID = (
    "The signature of {name} is not over this list under the keys of today. It was changed after signing, so the "
    "signature is void. Refuse this proposal, or propose it afresh."
)


@dataclass(frozen=True, slots=True)
class Next:
    """What a proposal would make of the list."""

    change: Change
    body: dict[str, Any]
    words: Words
    differences: tuple[Difference, ...]

    @property
    def seen(self) -> str:
        """SHA-256, in hex, of the whole next list: what is shown is what is signed."""
        return sha256(canonical(self.body)).hex()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a proposal stands for one person.

    Attributes:
        next: the list that it would make; None when *fault* says why it makes none.
        signed_by: who has signed exactly this next list.
        answers: what their authenticators answered, by signing key.
        void: who has signed something else.
        why_not: why this person does not give the next signature; empty when they do.
        may_refuse, may_repeat: whether this person may refuse it, or propose it afresh.
        signers: who may sign next, by name.
        question: what this person's authenticator is asked before they sign.
    """

    proposal: Proposal
    listed: MemberList
    next: Next | None
    fault: str
    signed_by: tuple[Signed, ...]
    answers: Mapping[bytes, bytes | None]
    question: Question | None
    names: tuple[str, ...]
    void: tuple[str, ...]
    why_not: str
    may_refuse: bool
    may_repeat: bool
    signers: tuple[str, ...]

    @property
    def may_sign(self) -> bool:
        """Whether this person gives the next signature."""
        return not self.why_not and not self.fault and not self.void


async def board(guard: Guard, who: str, today: date) -> tuple[MemberList, tuple[Standing, ...]]:
    """Today's list, and every proposal with where it stands, what waits first."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        rows = await proposals.newest(db)
        return listed, tuple([await _standing(db, row, listed.member(who), listed) for row in rows])


async def look(guard: Guard, proposal: UUID, who: str, today: date) -> Standing:
    """Show one proposal. Nothing of it is sealed: it is public keys and names."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        return await _standing(db, found(await proposals.get(db, proposal)), listed.member(who), listed)


async def sign(guard: Guard, proposal: UUID, hand: Hand, today: date) -> State:
    """Sign the whole next list as it was shown; with the second signature it becomes today's list.

    Raises:
        NotNowError: it is not this person's turn.
        ChangedError: the next list is not what was shown.
        RefusedError: it makes no list, or a signature on it is void.
        MovedError: somebody else decided first.
    """
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        member = listed.member(hand.who)
        at = await _standing(db, found(await proposals.get(db, proposal)), member, listed)
        coming = _must(at)
        if coming.seen != hand.seen:
            raise ChangedError
        async with with_keys(guard, db, member, listed, hand.passphrase) as keys:
            made = keys.sign(members.TYPE, coming.body)
            mine = made.signatures[0]
            signature = Signature(member.name, mine.signature, counts.answered(member, made, hand.assertion))
            stands = State.SIGNED_ONCE if at.signed_by else State.WAITING
            reached = State(advance(Kind.MEMBERS, stands.value, Act.SIGN))
            if reached is State.SIGNED_ONCE:
                await _first(db, at.proposal, signature)
                return reached
            statement = Statement.make(members.TYPE, coming.body).with_signed(at.signed_by[0]).with_signed(mine)
            try:
                async with db.transaction():
                    await counts.used(db, signature.assertion)
                    await admission_store.add_signature(db, proposal, signature)
                    beside = chain.together({**at.answers, mine.public: signature.assertion})
                    await members.append(db, guard.trust, statement, today, assertions=beside)
            except OvertakenError:
                raise MovedError from None
            listed = await member_list(guard, db, today)
            await asyncio.to_thread(guard.package_keys.reseal, keys, listed)
    return reached


async def refuse(guard: Guard, proposal: UUID, *, who: str, reason: str, today: date) -> None:
    """Refuse a proposal for good.

    Raises:
        NotNowError: this person could not sign it, or it has been decided.
        MovedError: somebody else was faster.
    """
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        at = await _standing(db, found(await proposals.get(db, proposal)), listed.member(who), listed)
        if not at.may_refuse:
            raise NotNowError(_NOT_A_SIGNER if at.proposal.open else DECIDED)
        if not await admission_store.refuse(db, proposal, was=at.proposal.state, reason=reason):
            raise MovedError


async def repeat(guard: Guard, proposal: UUID, *, who: str, today: date) -> UUID:
    """Propose the same change afresh for the next version, in the place of one that came to nothing.

    Raises:
        NotNowError: it waits as it should, was accepted, or this person is no handler.
        RefusedError: the change is not possible any more; with the reason.
    """
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        at = await _standing(db, found(await proposals.get(db, proposal)), listed.member(who), listed)
        change = at.proposal.change
        if not at.may_repeat or change is None:
            raise NotNowError(_NOT_A_SIGNER if at.proposal.open else DECIDED)
        try:
            membership.apply(listed.body(), change, previous_sha256=listed.sha256)
        except MembershipError as error:
            raise RefusedError(Refused((str(error),))) from None
        async with db.transaction():
            await admission_store.overtake(db, proposal)
            return await members.propose(db, change, who)


async def _first(db: Db, proposal: Proposal, signature: Signature) -> None:
    async with db.transaction():
        if not await admission_store.sign_once(db, proposal.id, sha256=proposal.sha256):
            raise MovedError
        await counts.used(db, signature.assertion)
        await admission_store.add_signature(db, proposal.id, signature)


def _must(at: Standing) -> Next:
    if at.fault or at.next is None:
        raise RefusedError(Refused((at.fault or _DAMAGED,)))
    if at.void:
        raise RefusedError(Refused(tuple(_VOID.format(name=name) for name in at.void)))
    if at.why_not:
        raise NotNowError(at.why_not)
    return at.next


async def _standing(db: Db, proposal: Proposal, member: Member, listed: MemberList) -> Standing:
    given = await admission_store.signatures(db, proposal.id)
    coming, fault = await asyncio.to_thread(_next, proposal, listed)
    good, void = _judged(given, coming, listed) if coming else ((), ())
    base = Standing(
        proposal=proposal,
        listed=listed,
        next=coming,
        fault=fault if proposal.open else "",
        signed_by=tuple(signed for _, signed in good),
        answers={signed.public: entry.assertion for entry, signed in good},
        question=counts.question(member, members.TYPE, coming.body) if coming else None,
        names=tuple(entry.signer for entry, _ in good),
        void=void,
        why_not="",
        may_refuse=False,
        may_repeat=False,
        signers=(),
    )
    return _for(base, member)


def _for(at: Standing, member: Member) -> Standing:
    """Say what one person may do."""
    body, change = at.listed.body(), at.proposal.change
    duties = (
        membership.signers(body, change) if change else {m["name"]: frozenset(m["duties"]) for m in body["members"]}
    )
    opener = at.proposal.proposed_by
    handler = member.name in possible_signers(Kind.MEMBERS, opener, duties)
    stuck = bool(at.fault or at.void)
    possible = change is not None and at.proposal.state is not State.ACCEPTED
    reason = why_not(Kind.MEMBERS, member.name, opener, at.names, duties)
    coming = next_signer(Kind.MEMBERS, opener, at.names, duties)
    return replace(
        at,
        why_not=_why(at, member, reason),
        may_refuse=handler and at.proposal.open,
        may_repeat=handler and possible and (stuck or not at.proposal.open),
        signers=coming.names if isinstance(coming, Eligible) and at.proposal.open and not stuck else (),
    )


def _why(at: Standing, member: Member, reason: Reason | None) -> str:
    if not at.proposal.open:
        return DECIDED
    if at.proposal.change and member.name in membership.concerned(at.proposal.change):
        return ABOUT_YOU
    return reason.value if reason else ""


def _next(proposal: Proposal, listed: MemberList) -> tuple[Next | None, str]:
    """The list that a proposal would make, or why it makes none."""
    if proposal.change is None:
        return None, _DAMAGED
    if proposal.version != listed.version + 1:
        return None, _OTHER_VERSION
    body = listed.body()
    try:
        after = membership.apply(body, proposal.change, previous_sha256=listed.sha256)
        words = member_words.describe(proposal.change, body)
        members.check_keys(after)
    except MembershipError as error:
        return None, str(error)
    except MemberListError:
        return None, _NO_KEY
    return Next(proposal.change, after, words, member_words.differences(body, after)), ""


def _judged(
    given: tuple[Signature, ...], coming: Next, listed: MemberList
) -> tuple[tuple[tuple[Signature, Signed], ...], tuple[str, ...]]:
    """Which signatures are over exactly this next list, by the keys of today's list; and whose are not."""
    judged = [(entry, counts.signed(listed, members.TYPE, coming.body, entry)) for entry in given]
    good = tuple((entry, signed) for entry, signed in judged if signed is not None)
    return good, tuple(entry.signer for entry, signed in judged if signed is None)
