"""pure: what two people sign for one release. It names the report, the agency and every byte; nobody of the unit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from handling.rules.agreements import AGENCY_ID, Agreement, Purpose
from handling.rules.facts import ReportFacts
from handling.rules.grading import Scheme
from handling.rules.obligations import MATERIAL, TERMS
from handling.rules.package import MANIFEST, REPORT_JSON, are_names, hashes
from handling.rules.policy import Decision

FORMAT: Final = "tipline/manifest/v1"
_KEYS: Final = frozenset(
    {
        "format",
        "release",
        "report",
        "report_sha256",
        "agency",
        "purpose",
        "agreement",
        "rules",
        "members",
        "conditions",
        "terms",
        "delete_by",
        "feedback_due",
        "acknowledge_by",
        "day",
    }
)
_CONSENTS: Final = "consents"  # stands only where there are some
_SHA256: Final = r"[0-9a-f]{64}"
_URN: Final = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class ManifestError(ValueError):
    """The document is not a manifest, or says two different things."""

    def __init__(self) -> None:
        super().__init__("this is not the manifest of a release")


class NotPermittedError(Exception):
    """A manifest is made only from a decision that permits."""

    def __init__(self) -> None:
        super().__init__("the agreement does not permit this release")


@dataclass(frozen=True, slots=True)
class AgreementRef:
    """Which version of which agreement decided, by its bytes."""

    id: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One release of one report to one agency."""

    release: UUID
    report: str  # URN
    report_sha256: str
    agency: str
    purpose: str
    agreement: AgreementRef
    rules: tuple[str, ...]
    members: Mapping[str, str]  # SHA-256 in hex of every other member of the package, by name
    conditions: tuple[str, ...]
    terms: Mapping[str, Any]  # what the conditions say, for machines
    delete_by: date
    feedback_due: date
    acknowledge_by: date
    day: date
    consents: tuple[str, ...] = ()  # each agency's token that it rests on, by `consent.named`, in order

    def to_body(self) -> dict[str, Any]:
        """Return the manifest as a JSON value: manifest.json and the signed body are its canonical bytes."""
        return {
            "format": FORMAT,
            "release": str(self.release),
            "report": self.report,
            "report_sha256": self.report_sha256,
            "agency": self.agency,
            "purpose": self.purpose,
            "agreement": {
                "id": self.agreement.id,
                "version": self.agreement.version,
                "sha256": self.agreement.sha256,
            },
            "rules": list(self.rules),
            "members": dict(self.members),
            "conditions": list(self.conditions),
            "terms": dict(self.terms),
            "delete_by": self.delete_by.isoformat(),
            "feedback_due": self.feedback_due.isoformat(),
            "acknowledge_by": self.acknowledge_by.isoformat(),
            "day": self.day.isoformat(),
            **({_CONSENTS: list(self.consents)} if self.consents else {}),
        }

    @classmethod
    def from_body(cls, body: object) -> "Manifest":
        """Read a manifest from a JSON value with exactly the keys above.

        Raises:
            ManifestError: another key, a value of another shape, or a report hash that is not the report member's.
        """
        if not isinstance(body, Mapping) or set(body) - {_CONSENTS} != _KEYS or body["format"] != FORMAT:
            raise ManifestError
        manifest = cls(
            release=_uuid(body["release"]),
            report=_text(body["report"], _URN),
            report_sha256=_text(body["report_sha256"], _SHA256),
            agency=_text(body["agency"], AGENCY_ID),
            purpose=_text(body["purpose"], "|".join(purpose.value for purpose in Purpose)),
            agreement=_agreement(body["agreement"]),
            rules=_texts(body["rules"]),
            members=_members(body["members"]),
            conditions=_texts(body["conditions"]),
            terms=_terms(body["terms"]),
            delete_by=_day(body["delete_by"]),
            feedback_due=_day(body["feedback_due"]),
            acknowledge_by=_day(body["acknowledge_by"]),
            day=_day(body["day"]),
            consents=_consents(body),
        )
        if manifest.members[REPORT_JSON] != manifest.report_sha256:
            raise ManifestError
        return manifest

    def describes(self, members: Mapping[str, bytes]) -> bool:
        """Whether these are exactly the members of the package, byte for byte; the manifest itself is not compared."""
        return set(members) - {MANIFEST} == set(self.members) and hashes(members) == dict(self.members)


def manifest_of(
    decision: Decision,
    agreement: Agreement,
    *,
    release: UUID,
    report: str,
    purpose: str,
    facts: ReportFacts,
    scheme: Scheme,
    members: Mapping[str, bytes],
    day: date,
) -> Manifest:
    """Make the manifest that follows from a permitting decision; the guard makes it again and compares.

    Args:
        decision: of `policy.evaluate` for this agency and purpose on this *day*.
        agreement: the version that decided.
        release: a random id, the same for package, ledger and acknowledgement.
        report: the report's URN.
        purpose: as evaluated.
        facts: of the report, as evaluated; the conditions of its handling code come first.
        scheme: where the wording of those conditions stands.
        members: every member of the package but the manifest.
        day: of the request.

    Raises:
        NotPermittedError: the decision does not permit.
        ManifestError: a member is missing or has another name.
    """
    if not decision.permits or decision.obligations is None or facts.handling is None:
        raise NotPermittedError
    due = decision.obligations
    listed = hashes(members)
    return Manifest.from_body(
        Manifest(
            release=release,
            report=report,
            report_sha256=listed.get(REPORT_JSON, ""),
            agency=agreement.agency.id,
            purpose=purpose,
            agreement=AgreementRef(agreement.id, agreement.version, agreement.sha256),
            rules=decision.rules,
            members=listed,
            conditions=(*scheme.conditions(facts.handling), *due.conditions),
            terms=due.terms(facts),
            delete_by=due.delete_by,
            feedback_due=due.feedback_due,
            acknowledge_by=due.acknowledge_by,
            day=day,
            consents=_rests_on(facts, agreement.agency.id, purpose, day),
        ).to_body()
    )


def _rests_on(facts: ReportFacts, recipient: str, purpose: str, day: date) -> tuple[str, ...]:
    """The tokens without which it could not go."""
    needed = (facts.originators or frozenset()) - {recipient}
    held = (one for one in facts.consents or () if one.originator in needed and one.holds(recipient, purpose, day))
    return tuple(sorted(one.sha256 for one in held))


def _consents(body: Mapping[str, Any]) -> tuple[str, ...]:
    if _CONSENTS not in body:
        return ()
    found = tuple(_text(one, _SHA256) for one in _texts(body[_CONSENTS]))
    if not found or list(found) != sorted(set(found)):
        raise ManifestError
    return found


def _text(value: object, pattern: str = r"[^\x00-\x1f\x7f]+") -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ManifestError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ManifestError
    return tuple(_text(entry) for entry in value)


def _uuid(value: object) -> UUID:
    return UUID(_text(value, _URN.removeprefix("urn:uuid:")))


def _day(value: object) -> date:
    text = _text(value, r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ManifestError from None


def _agreement(value: object) -> AgreementRef:
    if not isinstance(value, Mapping) or set(value) != {"id", "version", "sha256"}:
        raise ManifestError
    version = value["version"]
    if type(version) is not int or version < 1:
        raise ManifestError
    return AgreementRef(_text(value["id"], r"[a-z0-9-]{1,64}"), version, _text(value["sha256"], _SHA256))


def _terms(value: object) -> Mapping[str, Any]:
    """Terms are compared whole with those that follow from the agreement; here they only have to be what they are."""
    if not isinstance(value, Mapping) or set(value) - {MATERIAL} != set(TERMS):
        raise ManifestError
    if not isinstance(value.get(MATERIAL, []), list) or not all(
        isinstance(value[key], kind) for key, kind in TERMS.items()
    ):
        raise ManifestError
    return value


def _members(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or MANIFEST in value or not are_names({*value, MANIFEST}):
        raise ManifestError
    return {name: _text(digest, _SHA256) for name, digest in value.items()}
