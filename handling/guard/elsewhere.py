"""Signing away from the guard: the request that somebody takes along, sealed to them, and the signature that comes back.

Whoever hands a signature in opens what it is about with their own keys; whose it is, says the member list.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from crypto.passphrase import normalise
from handling.guard import phrases, releases, reviews, store
from handling.guard.counts import AT_THE_GUARD
from handling.guard.keys import Keys
from handling.guard.refusal import NotNowError, Refused, RefusedError
from handling.guard.service import Case, Guard, Hand, carried, member_list, with_keys
from handling.guard.store import Asked, State
from handling.rules.release import Duty, Kind
from handling.signing import OUTSIDE, Handed, SigningRequest
from handling.store.members import MemberList
from tipline.base.database import Db

_NOT_OUTSIDE = "Nobody of this name is an outside second on today's member list."
_NOT_ASKED = "Nobody of this unit has asked this outside second to stand in here."
_OTHER_REQUEST = "This signature was made for another request."


async def take(guard: Guard, kind: Kind, subject: UUID, hand: Hand, today: date, *, stand: str | None = None) -> bytes:
    """Return the request to sign, sealed to whoever is to sign it: *hand* themselves, or the outside second *stand*.

    Raises:
        NotNowError: it is not their turn, or they are no outside second.
        RefusedError: it could not leave whoever signed; with every reason.
    """
    signer = stand or hand.who
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        if stand is not None and stand not in _outside(listed):
            raise NotNowError(_NOT_OUTSIDE)
        before = await carried(guard, db, kind, subject, who=hand.who, signer=signer, today=today)
        _must_sign_with_a_key_alone(listed, signer)
        async with with_keys(guard, db, before.member, before.listed, hand.passphrase) as keys:
            body, content = await _CONTENT[kind](guard, db, keys, before)
        shown = content if stand is None else {name: content[name] for name in content.keys() & OUTSIDE}
        request = SigningRequest(kind, subject, listed.unit, signer, body, shown)
        sealed = await asyncio.to_thread(request.seal, listed.member(signer).release)
        if stand is not None:
            await store.ask_outside(db, subject, kind, Asked(stand, hand.who, today))
    return sealed


async def hand_in(guard: Guard, kind: Kind, subject: UUID, hand: Hand, today: date, *, handed: Handed) -> State:
    """Take a signature that was made elsewhere, as if it had been given here. Returns the state that was reached.

    Raises:
        NotNowError: it is not its signer's turn, or nobody asked them.
        RefusedError: it is not over what the guard opens now, or that may not be signed; with every reason.
    """
    if (handed.kind, handed.subject) != (kind, subject):
        raise RefusedError(Refused((_OTHER_REQUEST,)))
    async with guard.pool.acquire() as db:
        before = await carried(guard, db, kind, subject, who=hand.who, signer=handed.signer, today=today)
        _must_sign_with_a_key_alone(before.listed, handed.signer)
        asked = {one.name for one in await store.outside(db, subject, kind)}
        if handed.signer in _outside(before.listed) - asked:
            raise NotNowError(_NOT_ASKED)
        async with with_keys(guard, db, before.member, before.listed, hand.passphrase) as keys:
            return await _HAND_IN[kind](guard, db, keys, before, handed)


async def key_file(guard: Guard, hand: Hand, today: date) -> bytes:
    """Return the member's release and signing key under the passphrase just typed, for their own machine.

    Neither the second factor nor a key of another process is in it.
    """
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        async with with_keys(guard, db, listed.member(hand.who), listed, hand.passphrase) as keys:
            return await asyncio.to_thread(keys.under, normalise(hand.passphrase))


def _must_sign_with_a_key_alone(listed: MemberList, signer: str) -> None:
    """No authenticator answers away from the guard, and without its answer a signature of its holder counts for nothing."""
    if listed.member(signer).authenticators:
        raise NotNowError(AT_THE_GUARD)


def _outside(listed: MemberList) -> set[str]:
    return {member.name for member in listed.having(Duty.OUTSIDE)}


_Body = tuple[dict[str, Any], dict[str, Any]]
_CONTENT: Mapping[Kind, Callable[[Guard, Db, Keys, Case], Awaitable[_Body]]] = {
    Kind.REVIEW: reviews.content,
    Kind.MANIFEST: releases.content,
    Kind.PHRASE: phrases.content,
}
_HAND_IN: Mapping[Kind, Callable[[Guard, Db, Keys, Case, Handed], Awaitable[State]]] = {
    Kind.REVIEW: reviews.hand_in,
    Kind.MANIFEST: releases.hand_in,
    Kind.PHRASE: phrases.hand_in,
}
