"""pure: an agreement as a policy of the FIRST Information Exchange Policy 2.0, and the list of what that cannot carry.

Where IEP knows no value as strict as the agreement's, the stricter one is taken: an export never allows more.
Source: FIRST IEP 2.0 Framework and JSON Specification.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from handling.rules.agreement_text import document
from handling.rules.agreements import Agreement
from handling.rules.amendments import LABELS
from handling.rules.grading import Action, Scheme
from handling.rules.terms import Tlp

_NAMESPACE: Final = uuid.UUID("7e0a4f6e-6c0b-4f59-9d5c-5a1f6f3d2c11")  # ours, for the ids of exported policies
_ACTIONS: Final[Mapping[Action, str]] = {
    Action.A1: "contact-for-instruction",
    Action.A2: "externally-visible-indirect-actions",
    Action.A3: "externally-visible-direct-actions",
}
_TLP: Final[Mapping[Tlp, str]] = {
    Tlp.CLEAR: "white",
    Tlp.GREEN: "green",
    Tlp.AMBER: "amber",
    Tlp.AMBER_STRICT: "red",  # IEP 2.0 has TLP 1, in which amber lets the recipient pass it to clients
    Tlp.RED: "red",
}
_CARRIED: Final = frozenset(
    {
        *("id", "version", "title", "valid_from", "expires_on", "use.attribution"),
        *("encryption.in_transit", "marking.maximum", "marking.actions"),
    }
)


@dataclass(frozen=True, slots=True)
class NotCarried:
    """A clause of the agreement that the policy does not say, or says more strictly."""

    path: str
    value: Any

    def __str__(self) -> str:
        return f"{self.path}: {LABELS[self.path]}"


def policy(agreement: Agreement) -> dict[str, Any]:
    """Return the policy as the specification's JSON object; the same version always gets the same id."""
    strictest = min(agreement.marking.actions, key=list(Action).index)
    return {
        "id": str(uuid.uuid5(_NAMESPACE, f"{agreement.id} {agreement.version} {agreement.sha256}")),
        "name": f"{agreement.id}, version {agreement.version}",
        "description": f"{agreement.title}. The agreement itself binds; this policy says only a part of it.",
        "iep_version": 2.0,
        "start_date": _begin(agreement.valid_from),
        "end_date": f"{agreement.expires_on.isoformat()}T23:59:59Z",
        "encrypt_in_transit": agreement.encryption.in_transit.value,
        "permitted_actions": _ACTIONS[strictest],
        "affected_party_notifications": "must-not",
        "tlp": _TLP[agreement.marking.maximum],
        "attribution": agreement.use.attribution.value,
        "unmodified_resale": "must-not",
        "external_references": [f"urn:sha256:{agreement.sha256}"],
    }


def not_carried(agreement: Agreement, scheme: Scheme) -> tuple[NotCarried, ...]:
    """Return every clause that the policy leaves out, and those it narrows."""
    narrowed = set()
    if len(agreement.marking.actions) > 1:
        narrowed.add("marking.actions")
    if agreement.marking.maximum is Tlp.AMBER_STRICT:
        narrowed.add("marking.maximum")
    left = document(agreement, scheme).items()
    return tuple(NotCarried(path, value) for path, value in left if path not in _CARRIED or path in narrowed)


def _begin(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
