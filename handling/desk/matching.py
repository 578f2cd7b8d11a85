"""pure: to whom may this report go, for one purpose? Every agency is answered, clause by clause, with what would change it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from handling.rules.agreements import Agreement, Purpose
from handling.rules.facts import ReportFacts
from handling.rules.policy import Decision, Verdict, evaluate, would_permit_if
from handling.rules.recipient import Recipient


@dataclass(frozen=True, slots=True)
class Party:
    """An enrolled agency with its key, and the agreement version in force with it, if there is one."""

    name: str
    recipient: Recipient
    agreement: Agreement | None
    parent: str | None = None  # id of the agency above it

    @property
    def id(self) -> str:
        """The agency's id."""
        return self.recipient.agency


@dataclass(frozen=True, slots=True)
class Match:
    """The decision on one agency."""

    party: Party
    decision: Decision

    @property
    def only_obstacle(self) -> Verdict | None:
        """The one clause whose change alone would permit, if there is exactly one."""
        return next(iter(would_permit_if(self.decision)), None)


def match(facts: ReportFacts, party: Party, purpose: Purpose, today: date) -> Match:
    """Decide on one agency."""
    return Match(party, evaluate(facts, party.agreement, party.recipient, purpose.value, today))


def match_all(facts: ReportFacts, parties: Iterable[Party], purpose: Purpose, today: date) -> tuple[Match, ...]:
    """Decide on every agency: those who may receive it first, then those who lack least."""
    found = (match(facts, party, purpose, today) for party in parties)
    return tuple(sorted(found, key=lambda m: (m.decision.outcome, len(m.decision.failing), m.party.name, m.party.id)))


def best(facts: ReportFacts, party: Party, purposes: Sequence[Purpose], today: date) -> tuple[Purpose, Match]:
    """Decide on one agency for each of *purposes*, at least one; the mildest answer is kept, of equal ones the first."""
    found = ((purpose, match(facts, party, purpose, today)) for purpose in purposes)
    return min(found, key=lambda one: (one[1].decision.outcome, len(one[1].decision.failing)))
