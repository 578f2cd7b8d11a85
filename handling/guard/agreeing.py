"""An agreement signed for the unit at the guard, by two members one after the other: load, decide, sign, store.

What is signed is what `tipline sign agreement` signs: an SSH signature over the exact bytes. Two of them, of two members of
today's list, are the unit's; one alone permits nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from crypto.digest import sha256
from handling import undersigned
from handling.guard import counts
from handling.guard.counts import Question
from handling.guard.refusal import ChangedError, NoSuchRequestError, NotNowError
from handling.guard.service import Guard, Hand, member_list, with_keys
from handling.rules.agreements import Agreement, Side
from handling.store import agencies, agreements
from handling.store.agreements import DamagedAgreementError, Half, Unsigned
from handling.store.members import Duty, Member, MemberList
from handling.undersigned import Ours, Terms
from tipline.base.database import Db

ANSWERED: Final = "tipline/agreement/v1"
"""What an authenticator answers to: the SHA-256 of the agreement's bytes."""
_NOT_A_SIGNER = "Handlers and releasing officers sign agreements for the unit; you are neither."
_ALREADY = "You have signed it. A second member signs next."
_DONE = "The unit has signed this version."


@dataclass(frozen=True, slots=True)
class At:
    """Where one version stands for the person who looks: all its terms, who has signed, and why they cannot; empty if they can.

    *seen* is the SHA-256 of its exact bytes, in hex; *question* what their authenticator is asked, where they have one.
    """

    agreement: Agreement
    terms: Terms
    listed: MemberList
    signers: tuple[str, ...]
    done: bool
    why_not: str
    seen: str
    question: Question | None


async def waiting(guard: Guard) -> tuple[Unsigned, ...]:
    """Every stored version that the unit has not signed and no later one that it has, by agency."""
    async with guard.pool.acquire() as db:
        return await agreements.unsigned(db)


async def look(guard: Guard, id_: str, version: int, *, who: str, today: date) -> At:
    """Show one version, or raise `NoSuchRequestError`."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        return (await _at(guard, db, id_, version, member=listed.member(who), listed=listed))[0]


async def sign(guard: Guard, id_: str, version: int, hand: Hand, today: date) -> bool:
    """Sign exactly what was shown; True when the unit has signed with that.

    Raises:
        NotNowError: this person may not, or an authenticator of theirs has not answered.
        ChangedError: these are not the bytes that were shown.
    """
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        member = listed.member(hand.who)
        at, toml, halves = await _at(guard, db, id_, version, member=member, listed=listed)
        if at.why_not:
            raise NotNowError(at.why_not)
        if at.seen != hand.seen:
            raise ChangedError
        async with with_keys(guard, db, member, listed, hand.passphrase) as keys:
            answer = counts.answered(member, keys.sign(ANSWERED, _answered(toml)), hand.assertion)
            mine = Half(hand.who, keys.sign_agreement(toml))
        ours = Ours.of(guard.trust.root, listed)
        together = b"".join(half.signature for half in (*halves, mine))
        done = undersigned.by_unit(toml, together, ours)
        async with db.transaction():
            await counts.used(db, answer)
            await agreements.add_half(db, at.agreement, mine, today=today)
            if done:
                await agreements.sign(db, at.agreement, Side.UNIT, together, today=today)
        return done


async def _at(
    guard: Guard, db: Db, id_: str, version: int, *, member: Member, listed: MemberList
) -> tuple[At, bytes, tuple[Half, ...]]:
    """One version with its bytes and the halves that count today: of another member each, over exactly these bytes."""
    try:
        agreement, toml, kept = await agreements.stored(db, id_, version)
    except DamagedAgreementError:
        raise NoSuchRequestError from None
    agency = await agencies.get(db, agreement.agency.id)
    ours = Ours.of(guard.trust.root, listed)
    before = None if agency is None else await undersigned.newest_signed(db, agency, ours)
    halves = await asyncio.to_thread(_counting, toml, await agreements.halves(db, agreement), listed)
    done = any(side is Side.UNIT and undersigned.by_unit(toml, data, ours) for side, data in kept)
    at = At(
        agreement=agreement,
        terms=undersigned.terms(agreement, before),
        listed=listed,
        signers=tuple(half.signer for half in halves),
        done=done,
        why_not=_why_not(member, halves, done=done),
        seen=sha256(toml).hex(),
        question=counts.question(member, ANSWERED, _answered(toml)),
    )
    return at, toml, halves


def _answered(toml: bytes) -> dict[str, str]:
    return {"sha256": sha256(toml).hex()}


def _counting(toml: bytes, halves: Sequence[Half], listed: MemberList) -> tuple[Half, ...]:
    """The newest half of each member who may still sign, if it is by their key over these bytes."""
    able = {member.name: member.signing for member in listed.members if member.duties & {Duty.HANDLER, Duty.OFFICER}}
    good = {
        half.signer: half
        for half in halves
        if half.signer in able and undersigned.signed_by(toml, half.signature) == able[half.signer]
    }
    return tuple(good.values())


def _why_not(member: Member, halves: Sequence[Half], *, done: bool) -> str:
    if done:
        return _DONE
    if not member.duties & {Duty.HANDLER, Duty.OFFICER}:
        return _NOT_A_SIGNER
    return _ALREADY if member.name in {half.signer for half in halves} else ""
