"""pure: an agreement with one agency as a frozen value. Reads no document."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Final

from handling.rules.feedback import Stage
from handling.rules.grading import Action, GradeFloor, HandlingCode, Sanitisation, Scheme
from handling.rules.recipient import Recipient, RecipientKey, sealed_to
from handling.rules.subjects import Subjects
from handling.rules.terms import (
    CLASS_LABELS,
    AgencyClass,
    Attribution,
    DataCategory,
    Encryption,
    Evidence,
    SpecialCategory,
    Termination,
    Tlp,
)
from handling.rules.toml_table import Problem

AGENCY_ID: Final = r"[a-z0-9-]{1,32}"


class Purpose(Enum):
    """What an agency may use a report for: a closed set, and each release names one. Evidence in court is none of them."""

    INTELLIGENCE = "intelligence"
    INVESTIGATION = "investigation"
    SEIZURE = "seizure"
    PROTECTION = "protection"
    SAFEGUARDING = "safeguarding"
    COMPLIANCE = "compliance"


PURPOSE_LABELS: Final[Mapping[Purpose, str]] = {
    Purpose.INTELLIGENCE: "Intelligence: analysis, without action on this report alone",
    Purpose.INVESTIGATION: "Investigation: to open or further an inquiry",
    Purpose.SEIZURE: "Seizure: to stop, search or seize goods and conveyances",
    Purpose.PROTECTION: "Protection: to protect animals, plants, places and the staff who guard them",
    Purpose.SAFEGUARDING: "Safeguarding: to protect people in danger",
    Purpose.COMPLIANCE: "Compliance: a company or bank checks its own customers, cargo or staff",
}


class Channel(Enum):
    """What a package to the agency is sealed with."""

    AGE = "age"
    OPENPGP = "openpgp"


class Onward(Enum):
    """May the agency pass the report on?"""

    NEVER = "never"
    ASK = "ask"
    LISTED = "listed"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class Codes:
    """What an agreement may name: grading schemes by their name, subjects, and countries by their ISO 3166 code."""

    schemes: Mapping[str, Scheme]
    subjects: Subjects
    countries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UnitParty:
    """Our side."""

    id: str
    contact: str
    lawful_basis: str | None


@dataclass(frozen=True, slots=True)
class AgencyParty:
    """Their side, with the key that packages are sealed to pinned by its fingerprint."""

    id: str
    name: str
    agency_class: AgencyClass
    country: str  # where it keeps what it receives
    channel: Channel
    fingerprint: str
    key_expires_on: date | None  # the last day on which packages are sealed to that key
    contact: str
    lawful_basis: str | None


@dataclass(frozen=True, slots=True)
class ContentLimits:
    """What a report may hold about people."""

    data: frozenset[DataCategory]
    named_persons: bool
    special_categories: frozenset[SpecialCategory]
    minors: bool


@dataclass(frozen=True, slots=True)
class MarkingLimits:
    """How restricted a report may be, and the action and sanitisation codes it may carry under C."""

    maximum: Tlp
    actions: frozenset[Action]
    sanitisations: frozenset[Sanitisation]


@dataclass(frozen=True, slots=True)
class Geography:
    """Where a report may be about, and where it may be kept: country codes, or `WORLD`."""

    about: frozenset[str]
    transfer: frozenset[str]


@dataclass(frozen=True, slots=True)
class Use:
    """What the agency may do with a report beside its purpose."""

    evidence: Evidence
    attribution: Attribution


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Whether a report has to be encrypted on its way and where it is kept."""

    in_transit: Encryption
    at_rest: Encryption


@dataclass(frozen=True, slots=True)
class OnwardRule:
    """Whether and to whom the agency may pass the report on."""

    rule: Onward
    agencies: tuple[str, ...] = ()  # names, only with `LISTED`
    classes: frozenset[AgencyClass] = frozenset()  # only with `CLASS`

    def __str__(self) -> str:
        if self.rule is Onward.LISTED:
            return f"Do not pass this on, except to: {', '.join(self.agencies)}."
        if self.rule is Onward.CLASS:
            classes = ", ".join(label for one, label in CLASS_LABELS.items() if one in self.classes)
            return f"Do not pass this on, except to: {classes}."
        return _ONWARD_TEXT[self.rule]


_ONWARD_TEXT: Final[Mapping[Onward, str]] = {
    Onward.NEVER: "Do not pass this on to anyone outside your agency.",
    Onward.ASK: "Do not pass this on without our written consent for each recipient.",
}


@dataclass(frozen=True, slots=True)
class Duties:
    """What the agency owes for each package, in days from its release."""

    retention_days: int
    acknowledge_working_days: int
    feedback_days: int
    stages: frozenset[Stage]
    disposal_proof: bool  # it confirms to us that every copy is destroyed


@dataclass(frozen=True, slots=True)
class ThreatToLife:
    """Whether a report may go beyond some limits where somebody's life is in danger, and when both sides review that."""

    may_go: bool
    review_days: int


@dataclass(frozen=True, slots=True)
class Accountability:
    """What both sides owe each other whether or not anything is released."""

    rfi_working_days: int  # to answer a request for information
    reciprocity_days: int  # after which both compare what each has shared; never blocks
    dissemination_list: bool  # the agency may ask for the list of all that it was sent
    breach_hours: int
    termination: Termination


class Side(Enum):
    """Who signs an agreement."""

    UNIT = "unit"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of one agreement. Immutable: any change is a new version."""

    id: str
    version: int
    sha256: str  # hex, of the bytes it was read from
    title: str
    unit: UnitParty
    agency: AgencyParty
    valid_from: date
    review_by: date
    expires_on: date  # the last day that counts
    suspended: bool
    suspended_since: date | None
    purposes: frozenset[Purpose]
    subjects: frozenset[str]  # codes and groups as written
    covered: frozenset[str]  # the codes of today's list that those cover
    handling: frozenset[HandlingCode]
    content: ContentLimits
    marking: MarkingLimits
    grades: GradeFloor
    geography: Geography
    use: Use
    encryption: Encrypted
    onward: OnwardRule
    approver: str | None  # who must be asked before each release
    conditions: tuple[str, ...]
    duties: Duties
    threat_to_life: ThreatToLife
    accountability: Accountability
    signed: frozenset[Side] = frozenset()  # whose signature over the bytes was found good; no document says that

    def as_signed(self) -> "Agreement":
        """Return it for a dry run as if both sides had signed."""
        return replace(self, signed=frozenset(Side))

    def recipient(self) -> Recipient:
        """Return the agency as it was agreed, for a dry run: with the key that both sides named, whatever is enrolled."""
        return sealed_to(self.agency.id, RecipientKey(self.agency.channel.value, self.agency.fingerprint))

    def pins(self, channel: str, fingerprint: str) -> bool:
        """Whether a key is the one that both sides agreed on."""
        return channel == self.agency.channel.value and fingerprint == self.agency.fingerprint


def activation_problems(agreement: Agreement) -> tuple[Problem, ...]:
    """Return what is still missing before this version may be put into force: each side names its lawful basis."""
    parties = {"unit": agreement.unit.lawful_basis, "agency": agreement.agency.lawful_basis}
    return tuple(
        Problem(f"{party}.lawful_basis", "is missing: without it the agreement cannot be put into force")
        for party, basis in parties.items()
        if basis is None
    )
