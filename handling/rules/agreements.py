"""pure: an agreement with one agency as a frozen value, read from the bytes both sides signed. Guesses no missing key."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from handling.rules.feedback import ASKABLE, Stage
from handling.rules.grading import GradeError, GradeFloor, HandlingCode, Scheme, floor
from handling.rules.subjects import Subjects
from handling.rules.toml_table import Problem, Table

AGENCY_ID: Final = r"[a-z0-9-]{1,32}"
_AGREEMENT_ID: Final = r"[a-z0-9-]{1,64}"
_MOST_DAYS: Final = 36525  # a hundred years; keeps every date that follows from it a valid one


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


_FINGERPRINTS: Final[Mapping[Channel, str]] = {Channel.AGE: r"[0-9a-f]{64}", Channel.OPENPGP: r"[0-9A-F]{40}"}
_FINGERPRINT_SAYS: Final[Mapping[Channel, str]] = {
    Channel.AGE: "must be 64 small hexadecimal digits: the fingerprint that the agency reads out",
    Channel.OPENPGP: "must be the 40 capital hexadecimal digits of the OpenPGP key",
}


class Onward(Enum):
    """May the agency pass the report on?"""

    NEVER = "never"
    ASK = "ask"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Codes:
    """What an agreement may name: grading schemes by their name, and subjects."""

    schemes: Mapping[str, Scheme]
    subjects: Subjects


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
    channel: Channel
    fingerprint: str
    contact: str
    lawful_basis: str | None


@dataclass(frozen=True, slots=True)
class OnwardRule:
    """Whether and to whom the agency may pass the report on."""

    rule: Onward
    agencies: tuple[str, ...]  # names, only with `LISTED`

    def __str__(self) -> str:
        if self.rule is Onward.LISTED:
            return f"Do not pass this on, except to: {', '.join(self.agencies)}."
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
    grades: GradeFloor
    onward: OnwardRule
    conditions: tuple[str, ...]
    duties: Duties

    def pins(self, channel: str, fingerprint: str) -> bool:
        """Whether a key is the one that both sides agreed on."""
        return channel == self.agency.channel.value and fingerprint == self.agency.fingerprint


class AgreementError(ValueError):
    """The bytes are not an agreement; *problems* name each key path, or the line that cannot be read."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("this is not a valid agreement")
        self.problems = problems


def parse(data: bytes, codes: Codes) -> Agreement:
    """Read an agreement (docs/agreements.md has every key).

    Raises:
        AgreementError: with all problems at once, or the one line where reading stopped.
    """
    problems: list[Problem] = []
    root = Table(_document(data), problems)
    agreement = _agreement(root, codes, hashlib.sha256(data).hexdigest())
    root.finish()
    if not problems:
        problems += _contradictions(agreement)
    if problems:
        raise AgreementError(tuple(problems))
    return agreement


def activation_problems(agreement: Agreement) -> tuple[Problem, ...]:
    """Return what is still missing before this version may decide anything: each side names its lawful basis."""
    parties = {"unit": agreement.unit.lawful_basis, "agency": agreement.agency.lawful_basis}
    return tuple(
        Problem(f"{party}.lawful_basis", "is missing: without it the agreement cannot be put into force")
        for party, basis in parties.items()
        if basis is None
    )


def _document(data: bytes) -> dict[str, object]:
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise AgreementError((Problem(f"line {line}", "is not UTF-8 text"),)) from None
    except tomllib.TOMLDecodeError as error:
        raise AgreementError((_syntax_problem(str(error), data),)) from None
    except RecursionError:
        raise AgreementError((Problem("line 1", "is nested too deeply"),)) from None


def _syntax_problem(said: str, data: bytes) -> Problem:
    """Turn the parser's own words, which end in the place, into a line and what is wrong there."""
    place = re.search(r" \(at line (\d+), column \d+\)$", said)
    if place is None:
        return Problem(f"line {data.count(bytes([10])) + 1}", re.sub(r" \(at end of document\)$", "", said))
    return Problem(f"line {place.group(1)}", said[: place.start()])


def _agreement(root: Table, codes: Codes, sha256: str) -> Agreement:
    subjects = root.codes("subjects", codes.subjects.scopes, "is not in the list of subjects")
    return Agreement(
        id=root.text("id", pattern=_AGREEMENT_ID, says="must be 1 to 64 of a-z, 0-9 and -"),
        version=root.number("version", 1, 2**31 - 1),
        sha256=sha256,
        title=root.text("title"),
        unit=_unit(root.table("unit")),
        agency=_agency(root.table("agency")),
        valid_from=root.day("valid_from"),
        review_by=root.day("review_by"),
        expires_on=root.day("expires_on"),
        suspended=root.truth("suspended"),
        suspended_since=root.day("suspended_since") if root.has("suspended_since") else None,
        purposes=root.choices("purposes", Purpose),
        subjects=subjects,
        covered=codes.subjects.covered(subjects),
        handling=root.choices("handling", HandlingCode),
        grades=_floor(root.table("grading"), codes),
        onward=_onward(root.table("onward")),
        conditions=root.texts("conditions"),
        duties=_duties(root.table("duties")),
    )


def _unit(table: Table) -> UnitParty:
    party = UnitParty(
        id=table.text("id", pattern=AGENCY_ID, says="must be 1 to 32 of a-z, 0-9 and -"),
        contact=table.text("contact"),
        lawful_basis=table.optional_text("lawful_basis"),
    )
    table.finish()
    return party


def _agency(table: Table) -> AgencyParty:
    channel = table.choice("channel", Channel)
    party = AgencyParty(
        id=table.text("id", pattern=AGENCY_ID, says="must be 1 to 32 of a-z, 0-9 and -"),
        name=table.text("name"),
        channel=channel,
        fingerprint=table.text("fingerprint", pattern=_FINGERPRINTS[channel], says=_FINGERPRINT_SAYS[channel]),
        contact=table.text("contact"),
        lawful_basis=table.optional_text("lawful_basis"),
    )
    table.finish()
    return party


def _floor(table: Table, codes: Codes) -> GradeFloor:
    name = table.one_of("scheme", codes.schemes)
    scheme = codes.schemes[name] if name else next(iter(codes.schemes.values()))
    axes = {"source": scheme.source, "information": scheme.information}
    minimums = {
        axis: table.one_of(f"{axis}_minimum", [code.code for code in ranked if code.rank is not None])
        for axis, ranked in axes.items()
    }
    may_go = {
        key: table.truth(key)
        for key in ("unknown_source_may_go", "unknown_information_may_go", "suspected_false_may_go")
    }
    table.finish()
    try:
        return floor(scheme, source=minimums["source"], information=minimums["information"], **may_go)
    except GradeError:  # already noted above
        nothing: frozenset[str] = frozenset()
        return GradeFloor(scheme.name, "", "", nothing, nothing, nothing, suspected_false_may_go=False)


def _onward(table: Table) -> OnwardRule:
    rule = table.choice("rule", Onward)
    agencies = table.texts("agencies") if table.has("agencies") else ()
    if (rule is Onward.LISTED) is not bool(agencies):
        table.note("agencies", 'names at least one when the rule is "listed", and is left out otherwise')
    table.finish()
    return OnwardRule(rule, agencies)


def _duties(table: Table) -> Duties:
    duties = Duties(
        retention_days=table.number("retention_days", 1, _MOST_DAYS),
        acknowledge_working_days=table.number("acknowledge_working_days", 1, 250),
        feedback_days=table.number("feedback_days", 1, _MOST_DAYS),
        stages=table.choices("stages", ASKABLE),
    )
    table.finish()
    return duties


def _contradictions(agreement: Agreement) -> list[Problem]:
    """What is well formed and still cannot be meant."""
    said = []
    if not agreement.valid_from <= agreement.review_by <= agreement.expires_on:
        said.append(Problem("review_by", "must lie between valid_from and expires_on"))
    if agreement.suspended is not (agreement.suspended_since is not None):
        said.append(Problem("suspended_since", "is given when, and only when, suspended is true"))
    if agreement.unit.id == agreement.agency.id:
        said.append(Problem("agency.id", "must not be the unit itself"))
    return said
