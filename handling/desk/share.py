"""Sharing one report: who is proposed, and what an analyst decides about them, all or nothing. Releases nothing by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from handling.desk import asking, case, consents, request, store, withholdings
from handling.desk.asking import Missing
from handling.desk.case import Case
from handling.desk.consents import Requested
from handling.desk.matching import Party
from handling.desk.session import Desk
from handling.desk.withholdings import LeftOut
from handling.rules import sharing
from handling.rules.agreements import Purpose
from handling.rules.exclusions import ancestors
from handling.rules.relevance import Circle, Relevance, circle, relevance
from handling.rules.resting import onward_under
from handling.rules.sharing import Asked, Pair, Standing, Withheld
from handling.store.members import MemberList
from tipline.base.database import Db

_NONE = Relevance(0, ())
MOST = 100
"""Agencies that one form proposes: four fields each stay within what a form may hold."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a report stands with one agency."""

    party: Party
    standing: Standing
    purposes: tuple[Purpose, ...]  # for which it may go today
    decide_by: date | None  # None where there is no agreement
    asked_on: date | None  # of the oldest request that waits for signatures
    refusals: tuple[tuple[date, str], ...]  # day of the request, reason of the signer
    left_out: tuple[LeftOut, ...]
    relevance: Relevance

    @property
    def proposed(self) -> bool:
        """Whether somebody has to decide."""
        return self.standing in sharing.UNDECIDED


@dataclass(frozen=True, slots=True)
class Choice:
    """What an analyst decides about one agency: the purpose that it is shared for, or why it is left out."""

    agency: str
    decided: Purpose | Withheld


@dataclass(frozen=True, slots=True)
class Done:
    """All of it is stored."""


@dataclass(frozen=True, slots=True)
class ChangedMeanwhile:
    """An agency of the form is not proposed now, for this purpose; nothing was stored."""


Outcome = (
    Done
    | ChangedMeanwhile
    | request.NotPermitted
    | request.NobodyMaySign
    | request.ReviewFallen
    | request.NotDeconflicted
)


class _StopError(Exception):
    """Takes the transaction back with everything that was decided in it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("nothing was stored")
        self.outcome = outcome


def stand(found: Case, party: Party, today: date) -> Stand:
    """Say where a report stands with one agency. Pure."""
    facts, agreement = found.reviewed.review.facts, party.agreement
    named = party.id in (facts.agencies or ())
    purposes = sharing.permitted_purposes(facts, agreement, party.recipient, today) if named else ()
    since = found.reviewed.received_on if agreement is None else sharing.since(found.reviewed.received_on, agreement)
    releases = [one.release for one in found.releases if one.release.agency == party.id]
    left_out = tuple(one for one in found.left_out if one.agency == party.id)
    pair = Pair(
        named=named,
        permitted=bool(purposes),
        since=since,
        asked=tuple(Asked(release.state, release.requested_on) for release in releases),
        withheld=tuple(one.on for one in left_out),
    )
    return Stand(
        party=party,
        standing=sharing.standing(pair, today),
        purposes=purposes,
        decide_by=None if agreement is None else sharing.decide_by(since),
        asked_on=sharing.waits_since(pair),
        refusals=tuple((one.requested_on, one.reason) for one in releases if one.state == "refused"),
        left_out=left_out,
        relevance=_NONE if agreement is None else relevance(facts, agreement, purposes),
    )


def stands(found: Case, parties: Sequence[Party], today: date) -> tuple[Stand, ...]:
    """Say where a report stands with every agency that the handler's list names; of others it says nothing. Pure."""
    named = found.reviewed.review.facts.agencies or frozenset()
    return tuple(stand(found, party, today) for party in parties if party.id in named)


def undecided(found: Sequence[Stand]) -> tuple[Stand, ...]:
    """Return those that somebody has to decide about: the most relevant first, of these who waits longest. Pure."""
    waiting = (one for one in found if one.proposed)
    return tuple(sorted(waiting, key=_rank))


def _rank(one: Stand) -> tuple[tuple[int, bool, int], date, str, str]:
    return (one.relevance.rank, one.decide_by or date.max, one.party.name, one.party.id)


def above(party: Party, parties: Sequence[Party]) -> tuple[Party, ...]:
    """Return the agencies that stand above one in the tree, the nearest first. Pure."""
    by_id = {one.id: one for one in parties}
    return tuple(by_id[one] for one in ancestors(tree_of(parties), party.id))


def tree_of(parties: Sequence[Party]) -> Mapping[str, str | None]:
    """Return each agency's parent. Pure."""
    return {party.id: party.parent for party in parties}


@dataclass(frozen=True, slots=True)
class View:
    """All that one page about sharing a report shows."""

    case: Case
    stands: tuple[Stand, ...]
    above: Mapping[str, tuple[Party, ...]]
    circle: Circle
    requested: tuple[Requested, ...]
    missing: tuple[Missing, ...]
    names: Mapping[str, str]

    def name_of(self, agency: str) -> str:
        """An agency as it is enrolled, or its id where it is not any more."""
        return self.names.get(agency, agency)


def look(found: Case, parties: Sequence[Party], members: MemberList, who: str, today: date) -> View:
    """See where a report stands with everybody, for the analyst *who* looks. Pure."""
    seen = stands(found, parties, today)
    return View(
        case=found,
        stands=seen,
        above={one.party.id: above(one.party, parties) for one in seen},
        circle=_circle(found, seen, tree_of(parties), members, who),
        requested=consents.requested(found.noticed, found.consents, today),
        missing=asking.missing(found, parties, today),
        names={party.id: party.name for party in parties},
    )


def _circle(
    found: Case, stands: Sequence[Stand], tree: Mapping[str, str | None], members: MemberList, who: str
) -> Circle:
    """Count who knows of a report, and who will when all that is proposed has gone."""
    review = found.reviewed.review
    desk = {member.name for member in members.members if member.desk is not None}
    people = {*desk, review.author, review.reviewer, *request.signers(members, who)}
    has = {one.party.id for one in stands if one.standing in {Standing.RELEASED, Standing.ASKED}}
    sent = review.facts.material or ()
    proposed = {
        one.party.id: onward_under(one.party.agreement.onward, sent, one.party.id)
        for one in undecided(stands)
        if one.party.agreement is not None
    }
    return circle(people, has, proposed, tree)


async def decide(
    db: Db,
    desk: Desk,
    members: MemberList,
    report: UUID,
    choices: Sequence[Choice],
    *,
    unit: str,
    today: date,
) -> Outcome:
    """Ask for every release and keep every withholding that was chosen, in one transaction.

    Raises:
        NoSuchReportError: nothing here has that id.
        NotAMemberError: the analyst is no longer on the signed list.
    """
    members.member(desk.member.name)
    try:
        async with db.transaction():
            await store.lock(db, f"release of {report}")
            found = await case.case(db, desk, report)  # 1 load
            parties = {party.id: party for party in await request.parties(db, today)}
            _check(found, parties, choices, today)  # 2 decide
            for choice in choices:  # 3 store
                await _carry_out(db, desk, members, report, choice, unit=unit, today=today)
    except _StopError as stopped:
        return stopped.outcome
    return Done()


def _check(found: Case, parties: Mapping[str, Party], choices: Sequence[Choice], today: date) -> None:
    """It is deconflicted; every agency is proposed now, each once, for a purpose that is permitted now; else nothing is done."""
    if not request.deconflicted(found):
        raise _StopError(request.NotDeconflicted())
    if len({choice.agency for choice in choices}) != len(choices):
        raise _StopError(ChangedMeanwhile())
    for choice in choices:
        party = parties.get(choice.agency)
        one = None if party is None else stand(found, party, today)
        if one is None or not one.proposed:
            raise _StopError(ChangedMeanwhile())
        if isinstance(choice.decided, Purpose) and choice.decided not in one.purposes:
            raise _StopError(ChangedMeanwhile())


async def _carry_out(
    db: Db, desk: Desk, members: MemberList, report: UUID, choice: Choice, *, unit: str, today: date
) -> None:
    if isinstance(choice.decided, Withheld):
        left_out = LeftOut(choice.agency, choice.decided, desk.member.name, today)
        await withholdings.add(db, desk.vault, report, left_out)
        return
    wanted = request.Wanted(report, choice.agency, choice.decided)
    outcome = await request.ask(db, desk, members, wanted, unit=unit, today=today)
    if not isinstance(outcome, request.Requested | request.AskedAlready):
        raise _StopError(outcome)
