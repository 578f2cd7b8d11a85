"""pure: an agreement read from the bytes both sides signed. Guesses no missing key."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from handling.rules.agreements import (
    AGENCY_ID,
    Accountability,
    AgencyParty,
    Agreement,
    Channel,
    Codes,
    ContentLimits,
    Duties,
    Encrypted,
    Geography,
    MarkingLimits,
    Onward,
    OnwardRule,
    Purpose,
    ThreatToLife,
    UnitParty,
    Use,
)
from handling.rules.feedback import ASKABLE
from handling.rules.grading import Action, GradeError, GradeFloor, HandlingCode, Sanitisation, floor
from handling.rules.terms import (
    NOWHERE,
    WORLD,
    AgencyClass,
    Attribution,
    DataCategory,
    Encryption,
    Evidence,
    SpecialCategory,
    Termination,
    Tlp,
)
from handling.rules.toml_lines import line_of, lines
from handling.rules.toml_table import Problem, Table

_AGREEMENT_ID: Final = r"[a-z0-9-]{1,64}"
_COUNTRY_SAYS: Final = "must be the two capital letters of a country in ISO 3166"
_MOST_DAYS: Final = 36525  # a hundred years; keeps every date that follows from it a valid one
_FINGERPRINTS: Final[Mapping[Channel, str]] = {Channel.AGE: r"[0-9a-f]{64}", Channel.OPENPGP: r"[0-9A-F]{40}"}
_FINGERPRINT_SAYS: Final[Mapping[Channel, str]] = {
    Channel.AGE: "must be 64 small hexadecimal digits: the fingerprint that the agency reads out",
    Channel.OPENPGP: "must be the 40 capital hexadecimal digits of the OpenPGP key",
}


class AgreementError(ValueError):
    """The bytes are not an agreement; *problems* name each key path, or the line (else the file) that cannot be read."""

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
    agreement = read(root, codes, hashlib.sha256(data).hexdigest())
    if not problems:
        problems += _contradictions(agreement)
    if problems:
        where = lines(data.decode())
        raise AgreementError(tuple(replace(problem, line=line_of(problem.path, where)) for problem in problems))
    return agreement


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
    except ValueError:
        raise AgreementError((Problem("the file", "holds a number with thousands of digits"),)) from None


def _syntax_problem(said: str, data: bytes) -> Problem:
    """Turn the parser's own words, which end in the place, into a line and what is wrong there."""
    place = re.search(r" \(at line (\d+), column \d+\)$", said)
    if place is None:
        return Problem(f"line {data.count(bytes([10])) + 1}", re.sub(r" \(at end of document\)$", "", said))
    return Problem(f"line {place.group(1)}", said[: place.start()])


def read(root: Table, codes: Codes, sha256: str) -> Agreement:
    """Read every key of an agreement: the one place that says which there are. The schema is drawn from it."""
    subjects = root.codes("subjects", codes.subjects.scopes, "is not in the list of subjects")
    agreement = Agreement(
        id=root.text("id", pattern=_AGREEMENT_ID, says="must be 1 to 64 of a-z, 0-9 and -"),
        version=root.number("version", 1, 2**31 - 1),
        sha256=sha256,
        title=root.text("title"),
        unit=_unit(root.table("unit")),
        agency=_agency(root.table("agency"), codes),
        valid_from=root.day("valid_from"),
        review_by=root.day("review_by"),
        expires_on=root.day("expires_on"),
        suspended=root.truth("suspended"),
        suspended_since=root.day("suspended_since") if root.has("suspended_since") else None,
        purposes=root.choices("purposes", Purpose),
        subjects=subjects,
        covered=codes.subjects.covered(subjects),
        handling=root.choices("handling", HandlingCode),
        content=_content(root.table("content")),
        marking=_marking(root.table("marking")),
        grades=_floor(root.table("grading"), codes),
        geography=_geography(root.table("geography"), codes),
        use=_use(root.table("use")),
        encryption=_encryption(root.table("encryption")),
        onward=_onward(root.table("onward")),
        approver=_approver(root.table("approval")) if root.has("approval") else None,
        conditions=root.texts("conditions"),
        duties=_duties(root.table("duties")),
        threat_to_life=_threat_to_life(root.table("threat_to_life")),
        accountability=_accountability(root.table("accountability")),
    )
    root.finish()
    return agreement


def _countries(codes: Codes) -> frozenset[str]:
    """Countries in which something can be kept."""
    return frozenset(codes.countries) - NOWHERE


def _unit(table: Table) -> UnitParty:
    party = UnitParty(
        id=table.text("id", pattern=AGENCY_ID, says="must be 1 to 32 of a-z, 0-9 and -"),
        contact=table.text("contact"),
        lawful_basis=table.optional_text("lawful_basis"),
    )
    table.finish()
    return party


def _agency(table: Table, codes: Codes) -> AgencyParty:
    channel = table.choice("channel", Channel)
    party = AgencyParty(
        id=table.text("id", pattern=AGENCY_ID, says="must be 1 to 32 of a-z, 0-9 and -"),
        name=table.text("name"),
        agency_class=table.choice("class", AgencyClass),
        country=table.code("country", _countries(codes), _COUNTRY_SAYS),
        channel=channel,
        fingerprint=table.text_for("fingerprint", channel, _FINGERPRINTS, _FINGERPRINT_SAYS),
        key_expires_on=table.day("key_expires_on") if table.has("key_expires_on") else None,
        contact=table.text("contact"),
        lawful_basis=table.optional_text("lawful_basis"),
    )
    table.finish()
    return party


def _content(table: Table) -> ContentLimits:
    limits = ContentLimits(
        data=table.choices("data", DataCategory, least=0),
        named_persons=table.truth("named_persons"),
        special_categories=table.choices("special_categories", SpecialCategory, least=0),
        minors=table.truth("minors"),
    )
    table.finish()
    return limits


def _marking(table: Table) -> MarkingLimits:
    limits = MarkingLimits(
        maximum=table.choice("maximum", Tlp),
        actions=table.choices("actions", Action),
        sanitisations=table.choices("sanitisations", Sanitisation),
    )
    table.finish()
    return limits


def _geography(table: Table, codes: Codes) -> Geography:
    says = f'{_COUNTRY_SAYS}, or "{WORLD}"'
    about, transfer = {WORLD, *codes.countries}, {WORLD, *_countries(codes)}
    geography = Geography(
        about=table.codes("about", about, says),
        transfer=table.codes("transfer", transfer, says),
    )
    table.finish()
    return geography


def _use(table: Table) -> Use:
    use = Use(evidence=table.choice("evidence", Evidence), attribution=table.choice("attribution", Attribution))
    table.finish()
    return use


def _encryption(table: Table) -> Encrypted:
    encrypted = Encrypted(
        in_transit=table.choice("in_transit", Encryption), at_rest=table.choice("at_rest", Encryption)
    )
    table.finish()
    return encrypted


def _approver(table: Table) -> str:
    approver = table.text("approver")
    table.finish()
    return approver


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
    for key, needed in (("agencies", Onward.LISTED), ("classes", Onward.CLASS)):
        if table.has(key) is not (rule is needed):
            table.note(key, f'is given when the rule is "{needed.value}", and only then')
    agencies = table.texts("agencies", least=1) if table.has("agencies") else ()
    classes = table.choices("classes", AgencyClass) if table.has("classes") else frozenset()
    table.finish()
    return OnwardRule(rule, agencies, classes)


def _duties(table: Table) -> Duties:
    duties = Duties(
        retention_days=table.number("retention_days", 1, _MOST_DAYS),
        acknowledge_working_days=table.number("acknowledge_working_days", 1, 250),
        feedback_days=table.number("feedback_days", 1, _MOST_DAYS),
        stages=table.choices("stages", ASKABLE),
        disposal_proof=table.truth("disposal_proof"),
    )
    table.finish()
    return duties


def _threat_to_life(table: Table) -> ThreatToLife:
    threat = ThreatToLife(may_go=table.truth("may_go"), review_days=table.number("review_days", 1, 90))
    table.finish()
    return threat


def _accountability(table: Table) -> Accountability:
    owed = Accountability(
        rfi_working_days=table.number("rfi_working_days", 1, 250),
        reciprocity_days=table.number("reciprocity_days", 1, _MOST_DAYS),
        dissemination_list=table.truth("dissemination_list"),
        breach_hours=table.number("breach_hours", 1, 720),
        termination=table.choice("termination", Termination),
    )
    table.finish()
    return owed


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
