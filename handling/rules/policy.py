"""pure: may this report go to that agency? Decided from values alone, clause by clause; the default is no.

A clause looks either at no report (`standing`) or at the report too (`clauses`). What stands is asked once for an agreement
and a day, so that deciding about many reports costs little; `evaluate` is both in one call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from handling.rules.agreements import Agreement, Purpose
from handling.rules.clauses import ALWAYS, OF_REPORT, spared
from handling.rules.clocks import days_after
from handling.rules.facts import ReportFacts
from handling.rules.obligations import Obligations, obligations
from handling.rules.recipient import Recipient
from handling.rules.resting import NOTHING_SENT, OF_MATERIAL, bound
from handling.rules.standing import STANDING, Standing
from handling.rules.verdicts import HANDLER_RESTRICTION, Answer, Verdict, deny

__all__ = ["CLAUSES", "HANDLER_RESTRICTION", "Answer", "Decision", "Verdict", "evaluate", "prepare", "would_permit_if"]

CLAUSES: Final = (*STANDING, *OF_REPORT)
_NO_AGREEMENT = deny("agreement/none", "There is no agreement with this agency.", "agency")


@dataclass(frozen=True, slots=True)
class Decision:
    """The worst answer with every verdict behind it. Obligations are None only where there is no agreement."""

    outcome: Answer
    verdicts: tuple[Verdict, ...]
    obligations: Obligations | None

    @property
    def permits(self) -> bool:
        """Whether the report may go as it is."""
        return self.outcome is Answer.PERMIT

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of every rule that spoke, as manifest and ledger name them."""
        return tuple(verdict.rule for verdict in self.verdicts)

    @property
    def failing(self) -> tuple[Verdict, ...]:
        """The verdicts that stand against it."""
        return tuple(verdict for verdict in self.verdicts if verdict.answer is not Answer.PERMIT)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The standing clauses with their answers; `decide` asks the others about one report after another."""

    standing: Standing
    verdicts: tuple[Verdict, ...]
    worst: Answer
    obligations: Obligations
    spares: bool  # whether the exception for a threat to life could apply

    def decide(self, facts: ReportFacts) -> Decision:
        """Ask every clause; the worst answer decides, and every verdict is kept."""
        standing, obliged, sent = self.standing, self.obligations, facts.material
        asked = [clause(standing, facts) for clause in ALWAYS]
        if sent != ():
            asked += [clause(standing, facts) for clause in OF_MATERIAL]
            obliged = bound(obliged, sent or (), standing.recipient.agency)
        if self.spares and facts.threat_to_life is True:
            asked = [spared(verdict) for verdict in asked]
            review_days = standing.agreement.threat_to_life.review_days
            obliged = obliged.under_exception(days_after(standing.today, review_days))
        outcome = self.worst
        for verdict in asked:
            answer = verdict.said.answer
            outcome = max(outcome, answer)
        if sent == ():
            asked += NOTHING_SENT
        return Decision(outcome, (*self.verdicts, *asked), obliged)


def evaluate(
    facts: ReportFacts, agreement: Agreement | None, recipient: Recipient, purpose: str, today: date
) -> Decision:
    """Ask every clause; the worst answer decides, and every verdict is kept.

    Args:
        facts: of the report as it would go.
        agreement: the version in force with this agency; None denies.
        recipient: the agency that would receive it, with the key it would be sealed to.
        purpose: what for, one of `Purpose` by value.
        today: the day of release, from which all days are counted.
    """
    if agreement is None:
        return without_agreement(recipient.agency)
    return prepare(agreement, recipient, purpose, today).decide(facts)


def prepare(agreement: Agreement, recipient: Recipient, purpose: str, today: date) -> Prepared:
    """Ask the clauses that look at no report."""
    standing = Standing(agreement, recipient, purpose, today)
    verdicts = tuple(clause(standing) for clause in STANDING)
    spares = agreement.threat_to_life.may_go and purpose == Purpose.SAFEGUARDING.value
    return Prepared(standing, verdicts, worst(verdicts), obligations(agreement, today), spares)


def without_agreement(agency: str) -> Decision:
    """Deny: there is no agreement with the agency."""
    return Decision(Answer.DENY, (Verdict(_NO_AGREEMENT, (agency,)),), None)


def worst(verdicts: Sequence[Verdict]) -> Answer:
    """Return the answer that decides; where nobody was asked, nothing is permitted."""
    return max((verdict.answer for verdict in verdicts), default=Answer.DENY)


def would_permit_if(decision: Decision) -> tuple[Verdict, ...]:
    """Return the one failing verdict whose clause alone stands in the way, or nothing."""
    return decision.failing if len(decision.failing) == 1 else ()
