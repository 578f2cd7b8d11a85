"""pure: to whom does a report matter most, and who will then know of it? A ranking that explains itself, and a count."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from handling.rules.agreements import Agreement, Onward, OnwardRule, Purpose
from handling.rules.exclusions import ancestors
from handling.rules.facts import ReportFacts

_NAMED, _COVERED, _ACTS = 3, 1, 2
"""Points for a subject that the agreement names itself, for one that it covers through a group, and for a purpose to act."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """How much a report matters to an agency, with every reason: the points are their sum.

    Attributes:
        country: of the agency, where the report is about it; else empty.
        agreed: countries that the report is about and the agreement names, as it names no other.
    """

    points: int
    reasons: tuple[tuple[int, str], ...]
    country: str = ""
    agreed: frozenset[str] = frozenset()

    @property
    def rank(self) -> tuple[int, bool, int]:
        """The most relevant first; of equals who is where the report is about, then whose agreement names the place."""
        return -self.points, not self.country, -len(self.agreed)


def relevance(facts: ReportFacts, agreement: Agreement, purposes: Collection[Purpose]) -> Relevance:
    """Weigh what the report is about and what the agency may do with it.

    Args:
        facts: of the report.
        agreement: in force with the agency.
        purposes: for which the report may go to it.
    """
    subjects = facts.subjects or frozenset()
    named = len(subjects & agreement.subjects)
    covered = len((subjects & agreement.covered) - agreement.subjects)
    acts = len(set(purposes) - {Purpose.INTELLIGENCE})
    found = (
        (named * _NAMED, f"The agreement names {_of(named, len(subjects))} itself"),
        (covered * _COVERED, f"The agreement covers {_of(covered, len(subjects))} through a group"),
        (acts * _ACTS, f"The agency may act on it: {_number(acts, 'purpose')} beyond analysis"),
    )
    reasons = tuple(reason for reason in found if reason[0])
    about, country = facts.about or frozenset(), agreement.agency.country
    return Relevance(
        points=sum(points for points, _ in reasons),
        reasons=reasons,
        country=country if country in about else "",
        agreed=about & agreement.geography.about,
    )


@dataclass(frozen=True, slots=True)
class Circle:
    """Who knows of a report, and who will.

    Attributes:
        people: members of the unit who can read it.
        now: agencies that have it, or for which signatures are under way.
        then: those, and all that are proposed.
        above: agencies above them in the tree that are not among them.
        onward: agencies that some of them may pass it on to, as is listed.
    """

    people: int
    now: int
    then: int
    above: int
    onward: int


def circle(
    people: Collection[str],
    has: Collection[str],
    proposed: Mapping[str, OnwardRule],
    tree: Mapping[str, str | None],
) -> Circle:
    """Count the circle; nobody counts twice.

    Args:
        people: names of members.
        has: ids of agencies that have it or soon will.
        proposed: ids of agencies that are proposed, each with the rule on passing on that would bind it.
        tree: every enrolled agency's parent.
    """
    then = {*has, *proposed}
    above = {one for agency in then for one in ancestors(tree, agency)} - then
    onward = {name for rule in proposed.values() if rule.rule is Onward.LISTED for name in rule.agencies}
    return Circle(len(set(people)), len(set(has)), len(then), len(above), len(onward))


def _of(some: int, all_: int) -> str:
    return f"{some} of {_number(all_, 'subject')}"


def _number(count: int, word: str) -> str:
    return f"1 {word}" if count == 1 else f"{count} {word}s"
