"""pure: sharing is the rule. What is proposed, what was left out and why, what nobody has decided, and the share of it all.

An agency that is not on the handler's list stands nowhere here, whatever else is known of it: it is never proposed, never
counts as left out, and moves no number. So whoever reads these pages reads the same in a world where it does not exist.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from handling.rules.agreements import Agreement, Purpose
from handling.rules.clocks import days_after
from handling.rules.facts import ReportFacts
from handling.rules.policy import evaluate
from handling.rules.recipient import Recipient

STATEMENT: Final = "tipline/sharing/v1"
"""The format of a statement for an oversight body."""
DECIDE_WITHIN_DAYS: Final = 7
"""Calendar days in which somebody decides about an agency that may receive a report.

Source: the longest time limit of Directive (EU) 2023/977, article 5(1)(c), for requests that are not urgent. What nobody
asked for has no limit of its own there, and should not wait longer than what somebody did.
"""


class Withheld(Enum):
    """Why a permitted agency was left out: a closed list, so that reasons can be counted and none names anybody.

    What is known against an agency or its people is none of these: that is an exclusion, and handlers decide it.
    """

    OPERATION = "operation"
    SOURCE = "source"
    DANGER = "danger"
    LAW = "law"
    ORIGINATOR = "originator"
    KNOWN = "known"
    NO_USE = "no-use"
    BREACH = "breach"


WITHHELD_LABELS: Final = {
    Withheld.OPERATION: "It would harm a live operation",
    Withheld.SOURCE: "It could lead back to the source",
    Withheld.DANGER: "It would put somebody in danger",
    Withheld.LAW: "A law, court or prosecutor does not allow it for now",
    Withheld.ORIGINATOR: "Whoever gave us part of it has not agreed",
    Withheld.KNOWN: "The agency has it already",
    Withheld.NO_USE: "The agency can do nothing with it",
    Withheld.BREACH: "The agency broke conditions of the agreement",
}


class Standing(Enum):
    """Where one report stands with one agency."""

    OUTSIDE = "outside"  # not permitted, or not on the handler's list
    RELEASED = "released"
    ASKED = "asked"
    REFUSED = "refused"
    WITHHELD = "withheld"
    OPEN = "open"
    OVERDUE = "overdue"


UNDECIDED: Final = frozenset({Standing.OPEN, Standing.OVERDUE})
UNDER_WAY: Final = frozenset({"waiting", "signed-once"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One release of the report that was asked for, with the state that the guard keeps of it."""

    state: str
    on: date


@dataclass(frozen=True, slots=True)
class Pair:
    """One report and one agency: all that a standing is drawn from.

    Attributes:
        named: whether the handler's list names the agency.
        permitted: whether its agreement permits a release today, for any purpose.
        since: the first day on which somebody could have decided.
        asked: every release that was asked for.
        withheld: the days on which it was left out.
    """

    named: bool
    permitted: bool
    since: date
    asked: tuple[Asked, ...] = ()
    withheld: tuple[date, ...] = ()


def permitted_purposes(
    facts: ReportFacts, agreement: Agreement | None, recipient: Recipient, today: date
) -> tuple[Purpose, ...]:
    """Return the purposes for which the report may go, in the order of the closed set: the first binds most."""
    if agreement is None:
        return ()
    return tuple(
        purpose
        for purpose in Purpose
        if purpose in agreement.purposes and evaluate(facts, agreement, recipient, purpose.value, today).permits
    )


def since(received_on: date, agreement: Agreement) -> date:
    """Return the first day on which somebody could decide: the report was here, and the agreement had begun."""
    return max(received_on, agreement.valid_from)


def decide_by(first: date) -> date:
    """Return the last day for a decision, or of a request for its signatures; it still counts."""
    return days_after(first, DECIDE_WITHIN_DAYS)


def waits_since(pair: Pair) -> date | None:
    """Return the day of the oldest request that is still without its signatures; None where none is, or one was released."""
    days = [asked.on for asked in pair.asked if asked.state in UNDER_WAY]
    released = any(asked.state == "released" for asked in pair.asked)
    return min(days) if pair.named and days and not released else None


def standing(pair: Pair, today: date) -> Standing:
    """Return where a pair stands. The newest decision counts, of one day that of a signer; what became void decides nothing."""
    if not pair.named:
        return Standing.OUTSIDE
    states = {asked.state for asked in pair.asked}
    if "released" in states:
        return Standing.RELEASED
    if states & UNDER_WAY:
        return Standing.ASKED
    if "refused" in states or pair.withheld:
        return _not_shared(pair)
    if not pair.permitted:
        return Standing.OUTSIDE
    return Standing.OVERDUE if today > decide_by(pair.since) else Standing.OPEN


def _not_shared(pair: Pair) -> Standing:
    refused = max((asked.on for asked in pair.asked if asked.state == "refused"), default=date.min)
    withheld = max(pair.withheld, default=date.min)
    return Standing.REFUSED if refused >= withheld else Standing.WITHHELD


@dataclass(frozen=True, slots=True)
class Rate:
    """How often what one agreement permitted was shared, in counts of reports."""

    released: int = 0
    asked: int = 0
    refused: int = 0
    withheld: int = 0
    open: int = 0
    overdue: int = 0

    @property
    def permitted(self) -> int:
        """Reports that could go, whatever became of them."""
        return self.released + self.asked + self.refused + self.withheld + self.open + self.overdue

    @property
    def percent(self) -> int | None:
        """Released of permitted, rounded down; None where nothing was permitted, since no share is not a share of none."""
        return self.released * 100 // self.permitted if self.permitted else None


def rate(standings: Iterable[Standing]) -> Rate:
    """Count standings with one agency."""
    count = Counter(standings)
    return Rate(**{one.value: count[one] for one in Standing if one is not Standing.OUTSIDE})
