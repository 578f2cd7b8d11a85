"""Whether a signature counts: by its member's key over exactly this, and where they have authenticators, with one's answer to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crypto import webauthn
from crypto.canonical import canonical
from crypto.errors import CryptoError
from crypto.statement import Signed, Statement
from crypto.webauthn import Assertion
from handling.guard import store
from handling.guard.refusal import NotNowError
from handling.guard.store import Signature
from handling.rules.release import Kind
from handling.store.members import Member, MemberList, NotAMemberError
from tipline.base.database import Db

AT_THE_GUARD = "Who has an authenticator on the member list signs at the guard, with it: a key alone does not count."
_NO_ANSWER = (
    "Your authenticator has not answered, and without it nothing of yours counts. Nothing was signed. Try again."
)
_OTHER_ANSWER = (
    "This is not the answer of an authenticator of yours to what you were shown, with its PIN or your finger. Nothing was"
    " signed. Open it again and try once more."
)
_WENT_BACK = (
    "This authenticator has signed less often than it had before, so somebody may have copied it. Nothing was signed. Tell"
    " the others, and have it taken off the member list."
)


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks a member's authenticators: a challenge, in hexadecimal, and which of them answers where."""

    challenge: str
    authenticators: tuple[tuple[str, str], ...]  # credential id in hexadecimal, and its origin


def question(member: Member, type_: str, body: Mapping[str, Any]) -> Question | None:
    """Return what is asked before *member* signs *body*; None when they have no authenticator."""
    if not member.authenticators:
        return None
    known = tuple((one.credential.hex(), one.origin) for one in member.authenticators)
    return Question(webauthn.challenge(type_, canonical(dict(body))).hex(), known)


def answered(member: Member, statement: Statement, given: str) -> bytes | None:
    """Return what is stored beside the signature that *member* has just made: the answer *given*; None when they need none.

    Raises:
        NotNowError: they have authenticators, and none has given this answer to exactly these bytes.
    """
    if not member.authenticators:
        return None
    if not given:
        raise NotNowError(_NO_ANSWER)
    answer = given.encode("utf-8", "replace")
    if not webauthn.answered(member.authenticators, statement.type, statement.payload(), answer):
        raise NotNowError(_OTHER_ANSWER)
    read = Assertion.parse(answer)
    floor = next(one.counter for one in member.authenticators if one.credential == read.credential)
    if read.counter <= floor and (read.counter, floor) != (0, 0):
        raise NotNowError(_WENT_BACK)
    return answer


async def used(db: Db, answer: bytes | None) -> None:
    """Note how often the authenticator has signed now, in the transaction that stores its answer.

    Raises:
        NotNowError: it had signed more often before, or this answer was used already.
    """
    if answer is None:
        return
    read = Assertion.parse(answer)
    if not await store.advance(db, read.credential, read.counter):
        raise NotNowError(_WENT_BACK)


async def beside(db: Db, review: Statement) -> bytes | None:
    """Return what is kept beside the signature on a review, whether or not it is in order."""
    try:
        report = UUID(str(review.body.get("urn")))
    except ValueError:
        return None
    mine = {one.signature for one in review.signatures}
    kept = [one for one in await store.signatures(db, report, Kind.REVIEW) if one.signature in mine]
    return kept[0].assertion if kept else None


def signed(listed: MemberList, type_: str, body: Mapping[str, Any], given: Signature) -> Signed | None:
    """Return the signature when it counts over exactly *body* under today's list, with what stands beside it; else None."""
    try:
        member = listed.member(given.signer)
        found = Signed(member.signing, given.signature)
        statement = Statement.make(type_, body).with_signed(found)
        statement.verify(type_, [member.signing])
    except (NotAMemberError, CryptoError):
        return None
    return found if webauthn.answered(member.authenticators, type_, statement.payload(), given.assertion) else None
