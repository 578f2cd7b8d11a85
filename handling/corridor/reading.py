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
from handling.corridor import asking, interests, tips
from handling.corridor.content import Content, Decided
from handling.corridor.errors import MeanwhileError, RefusedError
from handling.corridor.interests import Known, handlers
from handling.corridor.session import Handler
from handling.corridor.store import outcomes, reports
from handling.corridor.store import tips as rows
from handling.corridor.tips import OpenMessage, OpenTip
from handling.rules import exclusions
from handling.rules.exclusions import Blocked, Decision, ExclusionError, Said
from handling.rules.interests import Met, free_again
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
    """What new words of a tip ask for: whom they name, what they touch of what is known ahead, whether somebody has to decide."""

    named: frozenset[str]
    waits: bool
    met: Met

    @property
    def out(self) -> frozenset[str]:
        """Everybody who must not learn."""
        return self.named | self.met.members


def said(body: envelope.Body) -> Said | None:
    """Return what a message says in words, if it says anything; a file does by its name."""
    if isinstance(body, envelope.Tip):
        return interests.said(body.must_not_learn, f"{body.text}\n{body.how_known}")
    if isinstance(body, envelope.Filled):
        return interests.said("", written(body.body()))
    if isinstance(body, envelope.File):
        return interests.said("", body.name)
    return interests.said("", body.text) if isinstance(body, envelope.Answer) else None


def is_closed(body: envelope.Body) -> bool:
    """Say whether part of a message lies under a seal of its own, so that nobody can know yet whom it names."""
    if isinstance(body, envelope.File):
        return body.name.lower().endswith(_SEALED_NAMES) or body.type.lower().startswith("application/pgp")
    one = said(body)
    return one is not None and openpgp.holds_block(f"{one.asked}\n{one.text}")


def all_said(tip: OpenTip, messages: Sequence[OpenMessage]) -> list[Said]:
    """Everything that the source said in a thread, as it was said."""
    found = [interests.said(tip.content.must_not_learn, f"{tip.content.text or ''}\n{tip.content.how_known}")]
    for message in messages:
        body = message.content.get("body") if message.row.direction == "in" else None
        if isinstance(body, dict) and isinstance(body.get("text"), str):
            asked, text = str(body.get("must_not_learn", "")), f"{body['text']}\n{body.get('how_known', '')}"
            found.append(interests.said(asked, text))
        elif isinstance(body, dict):
            found.append(interests.said("", f"{written(body)}\n{body.get('name', '')}"))
    return found


def opened(known: Known, text: str, before: Content) -> Verdict:
    """Hear what was under a seal of its own: whom it names beyond those who were named *before*."""
    text = interests.said("", text).text
    further = exclusions.named_under_seal(handlers(known.members), text) - set(before.named)
    return _verdict(known, [Said("", text)], further, before, waits=False)


def heard(known: Known, bodies: Iterable[envelope.Body], before: Content) -> Verdict:
    """Hear what new messages say about who must not learn, after what was heard and decided *before*.

    What is sealed once more may name anybody: until it is open and somebody has decided, it is for first readers.
    """
    bodies = tuple(bodies)
    words = [one for one in map(said, bodies) if one is not None]
    people = handlers(known.members)
    further = frozenset(name for one in words for name in exclusions.named(people, one)) - set(before.named)
    return _verdict(known, words, further, before, waits=any(one.asks for one in words) or any(map(is_closed, bodies)))


def written_down(known: Known, words: Iterable[Said], before: Content) -> Verdict:
    """Hear words that were heard for members' names before, or are a handler's: by what is known ahead alone."""
    return _verdict(known, list(words), frozenset(), before, waits=False)


def _verdict(known: Known, words: Sequence[Said], named: frozenset[str], before: Content, *, waits: bool) -> Verdict:
    """Add what is met for the first time; what was met and decided before is not asked again."""
    met = known.heard(words, {*before.named, *before.conflicted, *named})
    met = known.further(met | known.heard((), met.members), before.met)
    return Verdict(named, waits or bool(named) or bool(met.members), met)


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
    return dict(exclusions.blocked_with(agencies.tree_of(known), content.holds, content.barred))


def suggested(content: Content, known: Sequence[Agency]) -> frozenset[str]:
    """Agencies that the source may mean."""
    return exclusions.agencies_named({one.id: one.name for one in known}, Said(content.must_not_learn, ""))


async def waiting(db: Db, handler: Handler) -> tuple[OpenTip, ...]:
    """Open the tips that wait for this person's decision."""
    records = await asyncio.to_thread(handler.vault.allowed)
    found = await tips.of_threads(db, handler.vault, list(records))
    return tuple(tip for tip in found if is_undecided(tip.content, ()))


def taken_up(content: Content, verdict: Verdict) -> Content:
    """Return what a tip holds once a verdict is known to it; whoever reads it is not changed by this."""
    return replace(
        content,
        waiting=content.waiting or verdict.waits,
        named=tuple(sorted({*content.named, *verdict.named})),
        conflicted=tuple(sorted({*content.conflicted, *verdict.met.members})),
        barred=tuple(sorted({*content.barred, *verdict.met.agencies})),
        met=tuple(sorted({*content.met, *verdict.met.entries})),
    )


async def narrow(db: Db, handler: Handler, tip: rows.Tip, content: Content, verdict: Verdict) -> Content:
    """Take a thread away from those whom later words leave out, and from agencies that must not learn. Never lets anybody in.

    The caller owns the transaction, holds the tip and stores the content that is returned.
    """
    after = taken_up(content, verdict)
    if verdict.met.agencies:
        await _take_back(db, handler, after)
    if verdict.waits:
        now = await asyncio.to_thread(readers, handler.vault, handler.members, tip.thread)
        everybody = first_readers(handler.members, {*after.named, *after.conflicted})
        left = everybody if now is None else tuple(name for name in now if name not in verdict.out)
        if left != now:
            await _restrict(db, handler, [tip.thread, *content.reports], left)
    return after


async def hear(db: Db, handler: Handler, tip: UUID, words: Iterable[str]) -> bool:
    """Hear what a handler wrote about a tip, by what is known ahead; False when that takes the tip away from them.

    The caller owns the transaction.

    Raises:
        NotThereError: no such tip.
    """
    found = await tips.locked(db, handler.vault, tip)
    known = await interests.known(db, handler)
    verdict = written_down(known, [interests.said("", text) for text in words], found.content)
    if verdict.met.entries:
        key = await asyncio.to_thread(handler.vault.record, found.row.thread)
        content = await narrow(db, handler, found.row, found.content, verdict)
        await rows.reseal(db, tip, content.seal(key, tip), urgent=False)
    return handler.member.name not in verdict.out


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
            free = free_again(checked.excluded, found.content.barred, by=handler.member.name, first=first)
        except ExclusionError as error:
            raise RefusedError(str(error)) from None
        decided = Decided(today.isoformat(), handler.member.name, checked)
        content = replace(
            found.content,
            waiting=False,
            decisions=(*found.content.decisions, decided),
            conflicted=tuple(name for name in conflicted if name not in back),
            barred=tuple(agency for agency in found.content.barred if agency not in free),
        )
        sealed = content.seal(await asyncio.to_thread(handler.vault.record, found.row.thread), tip)
        records = [found.row.thread, *content.reports]  # 3 store
        await _take_back(db, handler, content)
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
        theirs = (await interests.known(db, handler)).heard((), [handler.member.name])
        content = replace(
            found.content,
            decisions=(*found.content.decisions, Decided(today.isoformat(), handler.member.name, holds)),
            conflicted=tuple(sorted({*found.content.conflicted, handler.member.name})),
            barred=tuple(sorted({*found.content.barred, *theirs.agencies})),
            met=tuple(sorted({*found.content.met, *theirs.entries})),
        )
        await _take_back(db, handler, content)
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


async def _take_back(db: Db, handler: Handler, content: Content) -> None:
    """Make drafts again of reports that wait for review with an agency on their list that must not learn any more."""
    barred = blocked(content, await agencies.all_(db))
    queued = await asking.opened(db, handler.vault, content.reports) if barred else {}
    waiting = [report for report, was in queued.items() if set(was.draft.agencies) & set(barred)]
    await asking.withdraw(db, waiting)


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
