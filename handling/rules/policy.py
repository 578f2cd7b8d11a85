"""pure: may this report go to that agency? Decided from values alone, clause by clause; the default is no.

A clause looks either at no fact of the report (`STANDING`) or at the report too (`OF_REPORT`). What stands is asked once
for an agreement and a day, so that deciding about many reports costs little; `evaluate` is both in one call.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from handling.rules.agreements import Agreement, Purpose, Side, activation_problems
from handling.rules.clocks import days_after
from handling.rules.facts import ReportFacts
from handling.rules.obligations import Obligations, obligations
from handling.rules.recipient import Recipient
from handling.rules.terms import WORLD, Encryption, Removable
from handling.rules.verdicts import HANDLER_RESTRICTION, Answer, Rule, Verdict, ask, deny, permit, sanitise

__all__ = ["CLAUSES", "HANDLER_RESTRICTION", "Answer", "Decision", "Verdict", "evaluate", "prepare", "would_permit_if"]


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
class Standing:
    """All that a decision looks at beside the report: one agreement, whoever would receive, what for, and the day."""

    agreement: Agreement
    recipient: Recipient
    purpose: str
    today: date


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
        standing, obliged = self.standing, self.obligations
        asked = [clause(standing, facts) for clause in OF_REPORT]
        if self.spares and facts.threat_to_life is True:
            asked = [_spared(verdict) for verdict in asked]
            review_days = standing.agreement.threat_to_life.review_days
            obliged = obliged.under_exception(days_after(standing.today, review_days))
        outcome = self.worst
        for verdict in asked:
            answer = verdict.said.answer
            outcome = max(outcome, answer)
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


# Standing clauses: agreement, agency and day ---------------------------------------------------------------------------

_NO_AGREEMENT = deny("agreement/none", "There is no agreement with this agency.", "agency")

_PARTY = permit("agency/party", "The agency is the party of the agreement.", "agency")
_NOT_PARTY = deny("agency/not-party", "The agreement is with another agency.", "agency")


def _party(standing: Standing) -> Verdict:
    """The agreement is with the agency that would receive, and with nobody else."""
    agency = standing.recipient.agency
    return Verdict(_PARTY if agency == standing.agreement.agency.id else _NOT_PARTY, (agency,))


_NOT_YET = deny("dates/not-yet-valid", "The agreement is not valid yet.", "valid_from")
_EXPIRED = deny("dates/expired", "The agreement has expired.", "expires_on")
_PAST_REVIEW = permit(
    "dates/past-review",
    "The agreement is past its review day. It still holds; review it with the agency.",
    "review_by",
    warning=True,
)
_IN_FORCE = permit("dates/in-force", "The agreement is in force.", "expires_on")


def _validity(standing: Standing) -> Verdict:
    """The first and the last day count; past review the agreement still holds, with a warning."""
    agreement, today = standing.agreement, standing.today
    if today < agreement.valid_from:
        return Verdict(_NOT_YET, (agreement.valid_from,))
    if today > agreement.expires_on:
        return Verdict(_EXPIRED, (agreement.expires_on,))
    if today > agreement.review_by:
        return Verdict(_PAST_REVIEW, (agreement.review_by,))
    return Verdict(_IN_FORCE, (agreement.expires_on,))


_SUSPENDED = deny("suspension/suspended", "The agreement is suspended.", "since")
_NOT_SUSPENDED = Verdict(permit("suspension/none", "The agreement is not suspended."))


def _suspension(standing: Standing) -> Verdict:
    agreement = standing.agreement
    return Verdict(_SUSPENDED, (agreement.suspended_since,)) if agreement.suspended else _NOT_SUSPENDED


_SIGNED = Verdict(permit("signatures/both", "Both sides have signed these bytes."))
_UNSIGNED = deny("signatures/missing", "A side has not signed these bytes.", "missing")


def _signatures(standing: Standing) -> Verdict:
    """An agreement is one only when each side has signed exactly its bytes."""
    missing = frozenset(Side) - standing.agreement.signed
    return Verdict(_UNSIGNED, (missing,)) if missing else _SIGNED


_BASIS = Verdict(permit("basis/stated", "Both sides have stated their lawful basis."))
_NO_BASIS = deny("basis/missing", "A lawful basis is missing in the agreement.", "missing")


def _lawful_basis(standing: Standing) -> Verdict:
    """Each side has written down by which law it shares."""
    missing = activation_problems(standing.agreement)
    return Verdict(_NO_BASIS, (frozenset(problem.path for problem in missing),)) if missing else _BASIS


_PURPOSE = permit("purpose/agreed", "The purpose is agreed.", "purpose")
_OTHER_PURPOSE = deny("purpose/not-agreed", "The agreement does not cover this purpose.", "purpose", "agreed")


def _purpose(standing: Standing) -> Verdict:
    """One purpose of the closed set, and one that was agreed; use for another needs new consent."""
    purposes = standing.agreement.purposes
    if any(standing.purpose == purpose.value for purpose in purposes):
        return Verdict(_PURPOSE, (standing.purpose,))
    return Verdict(_OTHER_PURPOSE, (standing.purpose, purposes))


_KEY = permit("key/pinned", "The agency's key is the one that both sides agreed on.", "fingerprint")
_NO_KEY = Verdict(deny("key/unknown", "No key of the agency is known, so nothing can be sealed to it."))
_OTHER_KEY = deny(
    "key/not-pinned", "The agency's key is not the one that the agreement pins by its fingerprint.", "fingerprint"
)
_KEY_EXPIRED = deny("key/expired", "The agency's key has expired.", "expired_on")


def _key(standing: Standing) -> Verdict:
    """The enrolled key is known, is the agreed one, and neither it nor the agreement says that its time is over."""
    key, party = standing.recipient.key, standing.agreement.agency
    if key is None:
        return _NO_KEY
    if not standing.agreement.pins(key.channel, key.fingerprint):
        return Verdict(_OTHER_KEY, (key.fingerprint,))
    ends = [day for day in (key.expires_on, party.key_expires_on) if day is not None]
    if ends and standing.today > min(ends):
        return Verdict(_KEY_EXPIRED, (min(ends),))
    return Verdict(_KEY, (key.fingerprint,))


_ENCRYPTED = Verdict(permit("encryption/kept", "The way to the agency keeps it encrypted as agreed."))
_IN_CLEAR = deny("encryption/missing", "The way to the agency does not keep it encrypted as agreed.", "missing")


def _encryption(standing: Standing) -> Verdict:
    """Where encryption is a duty, the way must be known to keep it, in transit and at rest."""
    agreed, recipient = standing.agreement.encryption, standing.recipient
    missing = []
    if agreed.in_transit is Encryption.MUST and recipient.in_transit is not True:
        missing.append("in transit")
    if agreed.at_rest is Encryption.MUST and recipient.at_rest is not True:
        missing.append("at rest")
    return Verdict(_IN_CLEAR, (frozenset(missing),)) if missing else _ENCRYPTED


_TRANSFER = permit("transfer/inside", "The agency keeps it in a country that was agreed.", "country")
_ABROAD = deny("transfer/outside", "The agency would keep it in a country that was not agreed.", "country", "agreed")


def _transfer(standing: Standing) -> Verdict:
    """The country in which the agency keeps what it receives is one of those agreed."""
    country, agreed = standing.agreement.agency.country, standing.agreement.geography.transfer
    if WORLD in agreed or country in agreed:
        return Verdict(_TRANSFER, (country,))
    return Verdict(_ABROAD, (country, agreed))


# Clauses about the report ----------------------------------------------------------------------------------------------

_LISTED = Verdict(permit("list/named", "The handler's list names this agency."))
_RESTRICTED = Verdict(deny("list/handler-restriction", HANDLER_RESTRICTION))


def _positive_list(standing: Standing, facts: ReportFacts) -> Verdict:
    """A handler named the agencies this report may go to. Why others are absent is never said."""
    allowed = facts.agencies
    return _LISTED if allowed is not None and standing.recipient.agency in allowed else _RESTRICTED


_INSIDE = permit("subject/inside", "All subjects lie in the agreement's scope.", "subjects")
_OUTSIDE = deny("subject/outside", "The report is about something outside the agreement's scope.", "outside")
_NO_SUBJECT = Verdict(deny("subject/not-stated", "The report does not say what it is about."))


def _subject(standing: Standing, facts: ReportFacts) -> Verdict:
    """Every subject of the report lies in scope; a report about nothing is about anything."""
    subjects = facts.subjects
    if not subjects:
        return _NO_SUBJECT
    outside = subjects - standing.agreement.covered
    return Verdict(_OUTSIDE, (outside,)) if outside else Verdict(_INSIDE, (subjects,))


_HANDLING = permit("handling/agreed", "The agreement covers the handling code and its conditions.", "handling")
_NO_HANDLING = Verdict(deny("handling/not-stated", "The report carries no handling code."))
_OTHER_HANDLING = deny("handling/not-agreed", "The agreement does not cover this handling code.", "handling")
_HANDLING_FIRST = sanitise(
    "handling/sanitise-first",
    "The agreement does not cover this handling code; a stricter version could go.",
    "handling",
)


def _handling(standing: Standing, facts: ReportFacts) -> Verdict:
    """The code is agreed, and under C its action and its sanitisation code too."""
    handling = facts.handling
    if handling is None:
        return _NO_HANDLING
    agreement = standing.agreement
    if handling.code in agreement.handling and (
        handling.action is None
        or (handling.action in agreement.marking.actions and handling.sanitisation in agreement.marking.sanitisations)
    ):
        return Verdict(_HANDLING, (handling,))
    return Verdict(_HANDLING_FIRST if _removable(facts, Removable.MARKING) else _OTHER_HANDLING, (handling,))


_MARKING = permit("marking/within", "The marking is at most the agreed one.", "marking")
_NO_MARKING = Verdict(deny("marking/not-stated", "The report carries no marking."))
_ABOVE = deny("marking/above", "The marking is above the agreed one.", "marking", "maximum")
_MARKING_FIRST = sanitise(
    "marking/sanitise-first",
    "The marking is above the agreed one; a version with a lower one could go.",
    "marking",
    "maximum",
)


def _marking(standing: Standing, facts: ReportFacts) -> Verdict:
    marking, maximum = facts.marking, standing.agreement.marking.maximum
    if marking is None:
        return _NO_MARKING
    if marking.within(maximum):
        return Verdict(_MARKING, (marking,))
    return Verdict(_MARKING_FIRST if _removable(facts, Removable.MARKING) else _ABOVE, (marking, maximum))


_GRADES = permit("grade/met", "Every grade meets the agreement's minimum.", "grades", "minimum")
_NO_GRADES = deny("grade/not-stated", "The report carries no grades.", "minimum")
_BELOW = deny("grade/below", "A grade does not meet the agreement's minimum ({minimum}): {below}.", "below", "minimum")


def _grades(standing: Standing, facts: ReportFacts) -> Verdict:
    """Every item meets the minimum on both axes; the grade is shown."""
    grades, minimum = facts.grades, standing.agreement.grades
    if not grades:
        return Verdict(_NO_GRADES, (minimum,))
    for grade in grades:
        if not minimum.met_by(grade):
            below = tuple(f"item {n}: {one}" for n, one in enumerate(grades, 1) if not minimum.met_by(one))
            return Verdict(_BELOW, (below, minimum))
    return Verdict(_GRADES, (grades, minimum))


_NOT_FALSE = Verdict(permit("false/none", "Nothing in it is suspected to be false."))
_FALSE_AGREED = Verdict(
    permit("false/agreed", "Part of it is suspected to be false; the agreement accepts that.", warning=True)
)
_FALSE = Verdict(deny("false/suspected", "Part of it is suspected to be false."))
_FALSE_UNKNOWN = Verdict(deny("false/not-stated", "Nobody has stated whether anything in it is suspected to be false."))


def _suspected_false(standing: Standing, facts: ReportFacts) -> Verdict:
    """What is suspected to be false, by grade or by mark, goes only where that was agreed, and says so."""
    minimum = standing.agreement.grades
    if facts.suspected_false is None:
        return _FALSE_UNKNOWN
    if not facts.suspected_false and not any(grade.information in minimum.suspected for grade in facts.grades or ()):
        return _NOT_FALSE
    return _FALSE_AGREED if minimum.suspected_false_may_go else _FALSE


_DATA = permit("data/agreed", "All kinds of data in it are agreed.", "data")
_NO_DATA = Verdict(deny("data/not-stated", "Nobody has stated which kinds of data about people it holds."))
_OTHER_DATA = deny("data/not-agreed", "It holds kinds of data about people that were not agreed.", "outside")
_DATA_FIRST = sanitise(
    "data/sanitise-first", "It holds kinds of data that were not agreed; a version without them could go.", "outside"
)


def _data(standing: Standing, facts: ReportFacts) -> Verdict:
    data = facts.data
    if data is None:
        return _NO_DATA
    outside = data - standing.agreement.content.data
    if not outside:
        return Verdict(_DATA, (data,))
    return Verdict(_DATA_FIRST if _removable(facts, Removable.DATA) else _OTHER_DATA, (outside,))


_NO_PERSONS = Verdict(permit("persons/none", "It names no person."))
_PERSONS = Verdict(permit("persons/agreed", "It names persons; the agreement accepts that."))
_PERSONS_UNKNOWN = Verdict(deny("persons/not-stated", "Nobody has stated whether it names persons."))
_PERSONS_DENIED = Verdict(deny("persons/not-agreed", "It names persons, which was not agreed."))
_PERSONS_FIRST = Verdict(
    sanitise("persons/sanitise-first", "It names persons, which was not agreed; a version without names could go.")
)


def _persons(standing: Standing, facts: ReportFacts) -> Verdict:
    if facts.named_persons is None:
        return _PERSONS_UNKNOWN
    if not facts.named_persons:
        return _NO_PERSONS
    if standing.agreement.content.named_persons:
        return _PERSONS
    return _PERSONS_FIRST if _removable(facts, Removable.PERSONS) else _PERSONS_DENIED


_SPECIAL = permit("special/agreed", "All specially protected data in it are agreed.", "special_categories")
_NO_SPECIAL = Verdict(deny("special/not-stated", "Nobody has stated which specially protected data it holds."))
_OTHER_SPECIAL = deny("special/not-agreed", "It holds specially protected data that were not agreed.", "outside")
_SPECIAL_FIRST = sanitise(
    "special/sanitise-first",
    "It holds specially protected data that were not agreed; a version without them could go.",
    "outside",
)


def _special(standing: Standing, facts: ReportFacts) -> Verdict:
    special = facts.special_categories
    if special is None:
        return _NO_SPECIAL
    outside = special - standing.agreement.content.special_categories
    if not outside:
        return Verdict(_SPECIAL, (special,))
    return Verdict(_SPECIAL_FIRST if _removable(facts, Removable.SPECIAL) else _OTHER_SPECIAL, (outside,))


_NO_MINORS = Verdict(permit("minors/none", "It concerns no minor."))
_MINORS = Verdict(permit("minors/agreed", "It concerns minors; the agreement accepts that."))
_MINORS_UNKNOWN = Verdict(deny("minors/not-stated", "Nobody has stated whether it concerns minors."))
_MINORS_DENIED = Verdict(deny("minors/not-agreed", "It concerns minors, which was not agreed."))
_MINORS_FIRST = Verdict(
    sanitise("minors/sanitise-first", "It concerns minors, which was not agreed; a version without that could go.")
)


def _minors(standing: Standing, facts: ReportFacts) -> Verdict:
    if facts.minors is None:
        return _MINORS_UNKNOWN
    if not facts.minors:
        return _NO_MINORS
    if standing.agreement.content.minors:
        return _MINORS
    return _MINORS_FIRST if _removable(facts, Removable.MINORS) else _MINORS_DENIED


_ABOUT = permit("geography/inside", "The places it is about lie in the agreed countries.", "about")
_NO_PLACE = Verdict(deny("geography/not-stated", "Nobody has stated which countries it is about."))
_ELSEWHERE = deny("geography/outside", "It is about places outside the agreed countries.", "outside")


def _geography(standing: Standing, facts: ReportFacts) -> Verdict:
    """Every country that it is about is agreed; a report about nowhere is about anywhere."""
    about, agreed = facts.about, standing.agreement.geography.about
    if not about:
        return _NO_PLACE
    outside = frozenset[str]() if WORLD in agreed else about - agreed
    return Verdict(_ELSEWHERE, (outside,)) if outside else Verdict(_ABOUT, (about,))


_OURS = Verdict(permit("originator/ours", "It rests on nothing that another agency gave us."))
_CONSENTED = permit("originator/consented", "The agencies whose material it rests on have consented.", "originators")
_ORIGIN_UNKNOWN = Verdict(
    deny("originator/not-stated", "Nobody has stated whether it rests on material of another agency.")
)
_ASK_ORIGINATOR = ask(
    "originator/ask",
    Answer.ASK_ORIGINATOR,
    "It rests on material of another agency, which has to consent first.",
    "originators",
)


def _originator(standing: Standing, facts: ReportFacts) -> Verdict:
    """What an agency gave us goes to another one only with its consent; back to itself it may go."""
    originators = facts.originators
    if originators is None:
        return _ORIGIN_UNKNOWN
    if not originators:
        return _OURS
    missing = originators - (facts.consents or frozenset()) - {standing.recipient.agency}
    return Verdict(_ASK_ORIGINATOR, (missing,)) if missing else Verdict(_CONSENTED, (originators,))


_NO_APPROVER = Verdict(permit("approval/not-needed", "The agreement names nobody who must be asked first."))
_APPROVED = permit("approval/given", "Whoever must be asked first has approved.", "approver")
_ASK_APPROVER = ask(
    "approval/ask", Answer.ASK_APPROVER, "The agreement names somebody who must be asked first.", "approver"
)


def _approval(standing: Standing, facts: ReportFacts) -> Verdict:
    """The approver that the agreement names has said yes to this report for this agency."""
    approver = standing.agreement.approver
    if approver is None:
        return _NO_APPROVER
    approved = facts.approvals is not None and standing.recipient.agency in facts.approvals
    return Verdict(_APPROVED if approved else _ASK_APPROVER, (approver,))


_REVIEWED = Verdict(permit("review/done", "A second handler has reviewed it against the tip."))
_UNREVIEWED = Verdict(deny("review/missing", "No second handler has reviewed it against the tip."))


def _review(_: Standing, facts: ReportFacts) -> Verdict:
    return _REVIEWED if facts.reviewed is True else _UNREVIEWED


_DATED = permit("report-date/stated", "The report is dated.", "date")
_UNDATED = Verdict(deny("report-date/not-stated", "The report carries no date."))
_FUTURE = deny("report-date/future", "The report is dated after today.", "date")


def _report_date(standing: Standing, facts: ReportFacts) -> Verdict:
    day = facts.date
    if day is None:
        return _UNDATED
    return Verdict(_FUTURE if day > standing.today else _DATED, (day,))


def _removable(facts: ReportFacts, what: Removable) -> bool:
    return facts.removable is not None and what in facts.removable


STANDING: Final[tuple[Callable[[Standing], Verdict], ...]] = (
    _party,
    _validity,
    _suspension,
    _signatures,
    _lawful_basis,
    _purpose,
    _key,
    _encryption,
    _transfer,
)
OF_REPORT: Final[tuple[Callable[[Standing, ReportFacts], Verdict], ...]] = (
    _positive_list,
    _subject,
    _handling,
    _marking,
    _grades,
    _suspected_false,
    _data,
    _persons,
    _special,
    _minors,
    _geography,
    _originator,
    _approval,
    _review,
    _report_date,
)
CLAUSES: Final = (*STANDING, *OF_REPORT)


# The exception for a threat to life ------------------------------------------------------------------------------------


def _exception(clause: str, text: str) -> Rule:
    return permit(f"{clause}/threat-to-life", f"{text}; somebody's life is in danger.", "said", warning=True)


_SPARED_SUBJECT = _exception("subject", "It is outside the agreement's scope")
_SPARED_GRADE = _exception("grade", "A grade does not meet the agreement's minimum")
_SPARED_DATA = _exception("data", "It holds data that were not agreed")
_SPARED_PERSONS = _exception("persons", "It names persons, which was not agreed")
_SPARED_SPECIAL = _exception("special", "It holds specially protected data that were not agreed")
_SPARED_MINORS = _exception("minors", "It concerns minors, which was not agreed")
_SPARED_GEOGRAPHY = _exception("geography", "It is about places outside the agreed countries")
_SPARED_APPROVAL = _exception("approval", "Whoever must be asked first is told afterwards")

SPARED: Final[Mapping[Rule, Rule]] = {
    _OUTSIDE: _SPARED_SUBJECT,
    _BELOW: _SPARED_GRADE,
    _OTHER_DATA: _SPARED_DATA,
    _DATA_FIRST: _SPARED_DATA,
    _PERSONS_DENIED.said: _SPARED_PERSONS,
    _PERSONS_FIRST.said: _SPARED_PERSONS,
    _OTHER_SPECIAL: _SPARED_SPECIAL,
    _SPECIAL_FIRST: _SPARED_SPECIAL,
    _MINORS_DENIED.said: _SPARED_MINORS,
    _MINORS_FIRST.said: _SPARED_MINORS,
    _ELSEWHERE: _SPARED_GEOGRAPHY,
    _ASK_APPROVER: _SPARED_APPROVAL,
}
"""What the exception lifts. A fact that nobody stated, an exclusion, a marking, a key or a date is never lifted."""


def _spared(verdict: Verdict) -> Verdict:
    lifted = SPARED.get(verdict.said)
    return verdict if lifted is None else Verdict(lifted, (verdict.said.id,))
