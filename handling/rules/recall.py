"""pure: the closed lists of a recall and of a review: why copies are asked back, why not, what a review found. Decides nothing."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from handling.rules.copies import Fate

ASKED_LABELS: Final[Mapping[Fate, str]] = {
    Fate.DESTROYED: "Destroy every copy, and tell us",
    Fate.RETURNED: "Give every copy back to us, and tell us",
}
"""What a recall can ask for."""


class Reason(Enum):
    """Why every copy is asked back. It goes to the agency, so none tells anything of a source or an operation."""

    BREACH = "breach"
    ENDED = "ended"
    WRONG = "wrong"
    MISTAKE = "mistake"
    LAW = "law"
    CONSENT = "consent"
    CONDITIONS = "conditions"
    DANGER = "danger"


REASON_LABELS: Final[Mapping[Reason, str]] = {
    Reason.BREACH: "It was lost, or seen by others",
    Reason.ENDED: "The agreement has ended or is suspended",
    Reason.WRONG: "What it says has turned out to be wrong",
    Reason.MISTAKE: "It should not have been sent",
    Reason.LAW: "A law, court or prosecutor asks for it",
    Reason.CONSENT: "Whoever gave us part of it has taken their consent back",
    Reason.CONDITIONS: "Conditions were broken",
    Reason.DANGER: "It would put somebody in danger",
}


class Against(Enum):
    """Why nothing is recalled although a breach or the end of an agreement calls for it."""

    SEALED = "sealed"
    FOUND = "found"
    EVIDENCE = "evidence"
    LAW = "law"
    RENEWED = "renewed"


AGAINST_LABELS: Final[Mapping[Against, str]] = {
    Against.SEALED: "What was lost was sealed, and nobody else can open it",
    Against.FOUND: "It was found again, and nobody saw it",
    Against.EVIDENCE: "It is evidence in a case that goes on",
    Against.LAW: "A law or court wants it kept",
    Against.RENEWED: "The agreement is about to be renewed",
}


class Finding(Enum):
    """What a review of a release under the exception for a threat to life found."""

    RIGHT = "right"
    TOO_MUCH = "too-much"
    NO_THREAT = "no-threat"


FINDING_LABELS: Final[Mapping[Finding, str]] = {
    Finding.RIGHT: "Somebody's life was in danger, and no more went than was needed",
    Finding.TOO_MUCH: "Somebody's life was in danger, and more went than was needed",
    Finding.NO_THREAT: "Nobody's life was in danger",
}
