"""An outcome phrase for a source: two people sign the outcome's id and the phrase's code, and see nothing else of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from handling.guard import counts, store
from handling.guard.asked import PHRASE
from handling.guard.counts import Question
from handling.guard.keys import Keys
from handling.guard.refusal import NOT_OVER_THIS, ChangedError, MovedError, Refused, RefusedError
from handling.guard.service import Case, Guard, Hand, Turn, found, member_list, must_be_turn, turn, with_keys
from handling.guard.store import PhraseRequest, Signature, State
from handling.guard.verify import duties
from handling.rules import phrases
from handling.rules.phrases import NoSuchPhraseError, Phrase
from handling.rules.release import Act, Kind, advance, is_complete
from handling.signing import Handed
from handling.store.members import MemberList
from tipline.base.database import Db


@dataclass(frozen=True, slots=True)
class PhraseView:
    """A phrase as its signer reads it; *phrase* is None when the code is not on the fixed list.

    *question* is what their authenticator is asked, where they have one.
    """

    turn: Turn
    listed: MemberList
    code: str
    phrase: Phrase | None
    question: Question | None


async def look(guard: Guard, outcome: UUID, who: str, today: date) -> PhraseView:
    """Show one phrase. Nothing of it is sealed: it is a sentence from a fixed list and a random id."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        row = found(await store.phrase(db, outcome, who))
    member = listed.member(who)
    asked = counts.question(member, PHRASE, _body(row))
    return PhraseView(turn(Kind.PHRASE, row.request, member, listed), listed, row.phrase, _known(row), asked)


async def sign(guard: Guard, outcome: UUID, hand: Hand, today: date) -> State:
    """Give the next signature; the second one approves the phrase. Returns the state that was reached."""
    async with guard.pool.acquire() as db:
        listed = await member_list(guard, db, today)
        member = listed.member(hand.who)
        row = found(await store.phrase(db, outcome, hand.who))
        must_be_turn(Kind.PHRASE, row.request, member, listed)
        if row.phrase != hand.seen:
            raise ChangedError
        _must_be_known(row)
        async with with_keys(guard, db, member, listed, hand.passphrase) as keys:
            statement = keys.sign(PHRASE, _body(row))
        answer = counts.answered(member, statement, hand.assertion)
        mine = Signature(member.name, statement.signatures[0].signature, answer)
        return await _add(db, row, mine, listed)


async def content(_: Guard, db: Db, __: Keys, before: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is signed, and the sentence, for somebody who signs on their own machine."""
    row = await _row(db, before)
    return dict(_body(row)), {"text": _must_be_known(row).text}


async def hand_in(_: Guard, db: Db, __: Keys, before: Case, handed: Handed) -> State:
    """Add a signature that was made elsewhere."""
    row = await _row(db, before)
    _must_be_known(row)
    if not handed.is_over(_body(row), before.listed.member(handed.signer).signing):
        raise RefusedError(Refused((NOT_OVER_THIS,)))
    return await _add(db, row, Signature(handed.signer, handed.signature), before.listed)


async def _row(db: Db, before: Case) -> PhraseRequest:
    return found(await store.phrase(db, before.row.request.id, before.member.name))


async def _add(db: Db, row: PhraseRequest, mine: Signature, listed: MemberList) -> State:
    """Store one signature when it and the one before it are lawful together. Returns the state that was reached."""
    earlier = await store.signatures(db, row.request.id, Kind.PHRASE)
    _check(row, earlier, listed)
    now = State(advance(Kind.PHRASE, row.request.state.value, Act.SIGN))
    names = [*(entry.signer for entry in earlier), mine.signer]
    if (now is State.APPROVED) is not is_complete(Kind.PHRASE, row.request.requested_by, names, duties(listed)):
        raise RefusedError(Refused(("The signatures on this phrase do not fit its state.",)))
    async with db.transaction():
        if not await store.sign_phrase(db, row.request.id, was=row.request.state, now=now, phrase=row.phrase):
            raise MovedError
        await counts.used(db, mine.assertion)
        await store.add_signature(db, row.request.id, Kind.PHRASE, mine)
    return now


def _must_be_known(row: PhraseRequest) -> Phrase:
    known = _known(row)
    if known is None:
        raise RefusedError(Refused(("This phrase is not on the fixed list. A source is told nothing else.",)))
    return known


def _body(row: PhraseRequest) -> dict[str, str]:
    return {"outcome": str(row.request.id), "phrase": row.phrase}


def _check(row: PhraseRequest, signatures: tuple[Signature, ...], listed: MemberList) -> None:
    """A signature over another phrase would approve this one by somebody who never read it."""
    for entry in signatures:
        if counts.signed(listed, PHRASE, _body(row), entry) is None:
            reason = f"The signature of {entry.signer} is not over this phrase, or not by all that today's member list asks of them, so it is void."
            raise RefusedError(Refused((reason,)))


def _known(row: PhraseRequest) -> Phrase | None:
    try:
        return phrases.phrase(row.phrase)
    except NoSuchPhraseError:
        return None
