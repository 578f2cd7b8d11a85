"""First reading: a tip that names somebody is for few people, until one of them decides for whom. Nothing here widens by itself.

What a restricted record holds is restricted with it: thread, tip, messages, files, items and grades have its key, and
reports, their review requests and outcomes follow (docs/architecture.md, “Exclusions”).
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from crypto import age, openpgp
from handling.corridor import asking, tips
from handling.corridor.content import Content, Decided
from handling.corridor.errors import MeanwhileError, RefusedError
from handling.corridor.session import Handler
from handling.corridor.store import outcomes, reports
from handling.corridor.store import tips as rows
from handling.corridor.tips import OpenTip
from handling.rules import exclusions
from handling.rules.exclusions import Blocked, Decision, ExclusionError, Person, Said
from handling.store import agencies
from handling.store.agencies import Agency
from handling.store.members import Duty, MemberList
from handling.store.vault import OpenVault
from tipline import envelope
from tipline.base.database import Db, Pool
from tipline.questionnaire.wording import written

REASON_LIMIT = 500  # characters

_SEALED_NAMES = (".pgp", ".gpg", ".asc")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a thread's new messages ask for: whom they name, and whether somebody has to decide who reads."""

    named: frozenset[str]
    waits: bool


def handlers(members: MemberList) -> tuple[Person, ...]:
    """Everybody who may read tips at all, as a source may name them."""
    return tuple(Person(m.name, m.display) for m in members.having(Duty.HANDLER) if m.corridor is not None)


def said(body: envelope.Body) -> Said | None:
    """Return what a message says in words, if it says anything."""
    if isinstance(body, envelope.Tip):
        return Said(body.must_not_learn, f"{body.text}\n{body.how_known}")
    if isinstance(body, envelope.Filled):
        return Said("", written(body.body()))
    return Said("", body.text) if isinstance(body, envelope.Answer) else None


def is_closed(body: envelope.Body) -> bool:
    """Say whether part of a message lies under a seal of its own, so that nobody can know yet whom it names."""
    if isinstance(body, envelope.File):
        return body.name.lower().endswith(_SEALED_NAMES) or body.type.lower().startswith("application/pgp")
    one = said(body)
    return one is not None and openpgp.holds_block(f"{one.asked}\n{one.text}")


def opened(members: MemberList, text: str, before: Content) -> Verdict:
    """Hear what was under a seal of its own: whom it names beyond those who were named *before*."""
    further = exclusions.named_under_seal(handlers(members), text) - set(before.named)
    return Verdict(further, bool(further))


def heard(members: MemberList, bodies: Iterable[envelope.Body], before: Content) -> Verdict:
    """Hear what new messages say about who must not learn, after what was heard and decided *before*.

    What is sealed once more may name anybody: until it is open and somebody has decided, it is for first readers.
    """
    bodies = tuple(bodies)
    words = [one for one in map(said, bodies) if one is not None]
    people = handlers(members)
    found = frozenset(name for one in words for name in exclusions.named(people, one))
    further = found - set(before.named)
    return Verdict(further, bool(further) or any(one.asks for one in words) or any(map(is_closed, bodies)))


def first_readers(members: MemberList, named: Collection[str]) -> tuple[str, ...]:
    """Names of those who read a tip first."""
    return exclusions.first_readers(handlers(members), members.first_readers, named)


def recipients(members: MemberList, names: Collection[str]) -> list[age.Recipient]:
    """Return the corridor keys of these members, from the verified list alone."""
    chosen = (m.corridor for m in members.having(Duty.HANDLER) if m.name in names)
    return [recipient for recipient in chosen if recipient is not None]


def readers(vault: OpenVault, members: MemberList, record: UUID) -> tuple[str, ...] | None:
    """Names of the members who can open a record; None is everybody in the corridor. Blocking.

    Somebody with new keys counts from the day they are on the list, before the record's key has been sealed to them.
    """
    prints = vault.readers(record)
    if prints is None:
        return None
    today = {members.former[one].fingerprint() if one in members.former else one for one in prints}
    return tuple(m.name for m in members.members if m.corridor is not None and m.corridor.fingerprint() in today)


def like(vault: OpenVault, members: MemberList, record: UUID) -> list[age.Recipient] | None:
    """Whom a new record that derives from *record* is for. Blocking."""
    names = readers(vault, members, record)
    return None if names is None else recipients(members, names)


def shown_to(members: MemberList, names: Collection[str] | None) -> list[str] | None:
    """Names to whom the guard shows a phrase: these handlers, and everybody who is no handler and so never reads a tip."""
    if names is None:
        return None
    return [m.name for m in members.members if m.name in names or Duty.HANDLER not in m.duties]


async def readers_of(handler: Handler, record: UUID) -> tuple[str, ...] | None:
    """Names of the members who can open a record; None is everybody in the corridor."""
    return await asyncio.to_thread(readers, handler.vault, handler.members, record)


def blocked(content: Content, known: Sequence[Agency]) -> dict[str, Blocked]:
    """Return the agencies that no report from this tip may go to, each with its cause."""
    return blocked_by(content.holds, known)


def blocked_by(decision: Decision, known: Sequence[Agency]) -> dict[str, Blocked]:
    """Return the agencies that a decision covers, each with its cause."""
    return dict(exclusions.blocked(agencies.tree_of(known), decision.excluded, decision.narrowed))


def suggested(content: Content, known: Sequence[Agency]) -> frozenset[str]:
    """Agencies that the source may mean."""
    return exclusions.agencies_named({one.id: one.name for one in known}, Said(content.must_not_learn, ""))


async def waiting(db: Db, handler: Handler) -> tuple[OpenTip, ...]:
    """Open the tips that wait for this person's decision."""
    records = await asyncio.to_thread(handler.vault.allowed)
    found = await tips.of_threads(db, handler.vault, list(records))
    return tuple(tip for tip in found if is_undecided(tip.content, ()))


async def narrow(db: Db, handler: Handler, tip: rows.Tip, content: Content, verdict: Verdict) -> Content:
    """Take a thread away from those whom a later message names, and ask for a decision. Never lets anybody in.

    The caller owns the transaction and stores the content that is returned.
    """
    now = await asyncio.to_thread(readers, handler.vault, handler.members, tip.thread)
    named = {*content.named, *verdict.named}
    left = first_readers(handler.members, named) if now is None else tuple(n for n in now if n not in verdict.named)
    if left != now:
        await _restrict(db, handler, [tip.thread, *content.reports], left)
    return replace(content, waiting=True, named=tuple(sorted(named)))


async def decide(
    pool: Pool, handler: Handler, tip: UUID, decision: Decision, today: date, *, seen: str | None = None
) -> bool:
    """Decide who may read a tip and which agencies must not learn of it; False when the decider is not among them.

    *seen* is what stood before the decider (`Content.asked`): a message that names somebody may have come since. Fewer readers are on the disk before the decision is stored, more only after it: a crash never lets anybody in.

    Raises:
        NotThereError, RefusedError: no such tip; the decision breaks a rule.
        MeanwhileError: more was said, or somebody else decided, after *seen*.
    """
    if len(decision.reason) > REASON_LIMIT or any(len(why) > REASON_LIMIT for why in decision.narrowed.values()):
        raise RefusedError(f"Keep each reason under {REASON_LIMIT} characters.")
    async with pool.acquire() as db, db.transaction():
        found = await tips.locked(db, handler.vault, tip)  # 1 load
        if seen not in {None, found.content.asked}:
            raise MeanwhileError
        tree = agencies.tree_of(await agencies.all_(db))
        names = [person.name for person in handlers(handler.members)]
        try:  # 2 decide
            checked = exclusions.check(decision, names, tree)
            conflicted = found.content.conflicted
            first = first_readers(handler.members, {*found.content.named, *conflicted})
            back = exclusions.let_in_again(checked, conflicted, by=handler.member.name, first=first)
        except ExclusionError as error:
            raise RefusedError(str(error)) from None
        decided = Decided(today.isoformat(), handler.member.name, checked)
        content = replace(
            found.content,
            waiting=False,
            decisions=(*found.content.decisions, decided),
            conflicted=tuple(name for name in conflicted if name not in back),
        )
        sealed = content.seal(await asyncio.to_thread(handler.vault.record, found.row.thread), tip)
        records = [found.row.thread, *content.reports]  # 3 store
        if checked.readers is not None:
            await _restrict(db, handler, records, checked.readers)
        await rows.reseal(db, tip, sealed, urgent=False)
    if checked.readers is None:
        await let_in(pool, handler.vault, records)
    return checked.readers is None or handler.member.name in checked.readers


async def recuse(pool: Pool, handler: Handler, tip: UUID, reason: str, today: date) -> None:
    """Take a tip and all that derives from it away from oneself, for a conflict of interest.

    Raises:
        NotThereError, RefusedError: no such tip; nobody else would be left to read it.
    """
    if len(reason) > REASON_LIMIT:
        raise RefusedError(f"Keep the reason under {REASON_LIMIT} characters.")
    async with pool.acquire() as db, db.transaction():
        found = await tips.locked(db, handler.vault, tip)  # 1 load
        now = await asyncio.to_thread(readers, handler.vault, handler.members, found.row.thread)
        everybody = [person.name for person in handlers(handler.members)]
        try:  # 2 decide
            left = exclusions.recused(handler.member.name, everybody if now is None else now)
        except ExclusionError as error:
            raise RefusedError(str(error)) from None
        holds = replace(found.content.holds, readers=left, reason=reason.strip())
        content = replace(
            found.content,
            decisions=(*found.content.decisions, Decided(today.isoformat(), handler.member.name, holds)),
            conflicted=tuple(sorted({*found.content.conflicted, handler.member.name})),
        )
        sealed = content.seal(await asyncio.to_thread(handler.vault.record, found.row.thread), tip)
        await _restrict(db, handler, [found.row.thread, *content.reports], left)  # 3 store
        await rows.reseal(db, tip, sealed, urgent=False)


async def let_in(pool: Pool, vault: OpenVault, records: Sequence[UUID]) -> None:
    """Give records to everybody in the corridor; their requests at the guard show again."""
    for record in reversed(records):  # the thread last: until then the tip is not listed without its reports
        await asyncio.to_thread(vault.unrestrict, record)
    async with pool.acquire() as db:
        await reports.show_reviews_to(db, records, None)
        await outcomes.show_phrases_to(db, records, None)


async def _restrict(db: Db, handler: Handler, records: Sequence[UUID], names: Collection[str]) -> None:
    """Take records from everybody but *names*. What waits at the guard is asked again of these alone: it was sealed to more."""
    allowed, shown = recipients(handler.members, names), shown_to(handler.members, names)
    drafts = await asking.opened(db, handler.vault, records)
    for record in records:
        await asyncio.to_thread(handler.vault.restrict, record, allowed)
    await reports.show_reviews_to(db, records, list(names))
    await outcomes.show_phrases_to(db, records, shown)
    await asking.again(db, handler.members, records, drafts, names=list(names), shown_to=shown)


def is_undecided(content: Content, allowed: Sequence[str] | None) -> bool:
    """Whether somebody has to decide; also where a crash left a record restricted that was decided to be for all."""
    return content.waiting or (allowed is not None and content.holds.readers is None)
