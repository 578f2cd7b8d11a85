"""pure: what binds an agency once it has a package, as days, as sentences and as codes. Decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from handling.rules.agreements import Agreement, OnwardRule
from handling.rules.clocks import days_after, working_days_after
from handling.rules.facts import ReportFacts
from handling.rules.feedback import Stage
from handling.rules.terms import WORLD, Attribution, Encryption, Evidence, Termination


@dataclass(frozen=True, slots=True)
class Obligations:
    """What binds the agency once it has the package; each day is the last that counts."""

    delete_by: date
    acknowledge_by: date
    feedback_due: date
    stages: frozenset[Stage]
    onward: OnwardRule
    conditions: tuple[str, ...]  # of the agreement, then its terms as sentences
    agreed: Mapping[str, Any]  # the terms for machines, before a report's own codes narrow them
    material: tuple[Mapping[str, Any], ...] = ()  # of other agencies, that the report rests on, with its conditions
    exception_review_by: date | None = None  # where limits were lifted because a life is in danger

    def under_exception(self, review_by: date) -> "Obligations":
        """Return them with what the exception for a threat to life adds."""
        review = (
            f"Sent because somebody's life is in danger: both sides review this release by {review_by.isoformat()}."
        )
        return replace(self, conditions=(*self.conditions, review), exception_review_by=review_by)

    def terms(self, facts: ReportFacts) -> dict[str, Any]:
        """Return what the conditions say, for machines."""
        action = None if facts.handling is None else facts.handling.action
        return {
            **self.agreed,
            **({MATERIAL: [dict(one) for one in self.material]} if self.material else {}),
            "marking": None if facts.marking is None else facts.marking.value,
            "actions": self.agreed["actions"] if action is None else [action.value],
            "exception_review_by": None if self.exception_review_by is None else self.exception_review_by.isoformat(),
        }


DUTIES: Final = ("delete_by", "acknowledge_by", "feedback_due", "stages", "onward", "conditions")
"""What of it people compare between two agreements."""


def obligations(agreement: Agreement, today: date) -> Obligations:
    """Return what would bind the agency from *today*."""
    duties = agreement.duties
    return Obligations(
        delete_by=days_after(today, duties.retention_days),
        acknowledge_by=working_days_after(today, duties.acknowledge_working_days),
        feedback_due=days_after(today, duties.feedback_days),
        stages=duties.stages,
        onward=agreement.onward,
        conditions=(*agreement.conditions, *_sentences(agreement)),
        agreed=_terms(agreement),
    )


def _terms(agreement: Agreement) -> dict[str, Any]:
    onward, owed = agreement.onward, agreement.accountability
    return {
        "actions": sorted(one.value for one in agreement.marking.actions),
        "evidence": agreement.use.evidence.value,
        "attribution": agreement.use.attribution.value,
        "onward": {
            "rule": onward.rule.value,
            "agencies": sorted(onward.agencies),
            "classes": sorted(one.value for one in onward.classes),
        },
        "encrypt_in_transit": agreement.encryption.in_transit.value,
        "encrypt_at_rest": agreement.encryption.at_rest.value,
        "countries": sorted(agreement.geography.transfer),
        "disposal_proof": agreement.duties.disposal_proof,
        "breach_hours": owed.breach_hours,
        "termination": owed.termination.value,
        "rfi_working_days": owed.rfi_working_days,
        "dissemination_list": owed.dissemination_list,
    }


TERMS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "marking": str,
    "actions": list,
    "evidence": str,
    "attribution": str,
    "onward": dict,
    "encrypt_in_transit": str,
    "encrypt_at_rest": str,
    "countries": list,
    "disposal_proof": bool,
    "breach_hours": int,
    "termination": str,
    "rfi_working_days": int,
    "dissemination_list": bool,
    "exception_review_by": (str, type(None)),
}
"""What `Obligations.terms` says, each key with the type of its value."""

MATERIAL: Final = "material"
"""One key more, a list, where the report rests on material of other agencies."""

_EVIDENCE: Final[Mapping[Evidence, str]] = {
    Evidence.NEVER: "Never use it as evidence in court.",
    Evidence.ASK: "Do not use it as evidence in court without our written consent (H1).",
    Evidence.MAY: "You may use it as evidence in court.",
}
_ATTRIBUTION: Final[Mapping[Attribution, tuple[str, ...]]] = {
    Attribution.MUST: ("Name us as its origin wherever you use it.",),
    Attribution.MAY: (),
    Attribution.MUST_NOT: ("Tell nobody where it came from.",),
}
_TERMINATION: Final[Mapping[Termination, str]] = {
    Termination.DESTROY: "destroy every copy when the agreement ends",
    Termination.RETURN: "give every copy back when the agreement ends",
    Termination.KEEP: "when the agreement ends, these conditions go on",
}


def _sentences(agreement: Agreement) -> tuple[str, ...]:
    """The terms of an agreement as its recipient reads them, on few lines: they stand on one printed sheet."""
    owed = agreement.accountability
    actions = ", ".join(sorted(action.value for action in agreement.marking.actions))
    return (
        str(agreement.onward),
        f"{_EVIDENCE[agreement.use.evidence]} Action codes agreed: {actions}.",
        *_ATTRIBUTION[agreement.use.attribution],
        _keeping(agreement),
        f"Tell us within {owed.breach_hours} hours if it is lost or seen by others; {_TERMINATION[owed.termination]}.",
        f"We answer your questions within {owed.rfi_working_days} working days"
        + (", and give you the list of all that we sent you." if owed.dissemination_list else "."),
    )


def _keeping(agreement: Agreement) -> str:
    """Where and how copies are kept, and what is owed when they go."""
    countries = agreement.geography.transfer
    encrypted = "encrypted" if agreement.encryption.at_rest is Encryption.MUST else "safe"
    where = "" if WORLD in countries else f" and only in: {', '.join(sorted(countries))}"
    proof = " Confirm to us that every copy is destroyed." if agreement.duties.disposal_proof else ""
    return f"Keep it {encrypted}{where}.{proof}"
