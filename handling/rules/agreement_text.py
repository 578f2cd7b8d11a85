"""pure: an agreement as a document again: every key with its value, and one canonical TOML text of it."""

import json
from collections.abc import Collection, Mapping
from datetime import date
from enum import Enum
from typing import Any

from handling.rules.agreements import Agreement
from handling.rules.grading import Code, Scheme, Standing

Document = Mapping[str, Any]
"""Values by key path, such as ``agency.country``, in the order in which they are written."""


def document(agreement: Agreement, scheme: Scheme) -> Document:
    """Return every key that is given. Lists stand in one order, so equal terms give equal documents."""
    unit, agency, grades = agreement.unit, agreement.agency, agreement.grades
    values: dict[str, Any] = {
        "id": agreement.id,
        "version": agreement.version,
        "title": agreement.title,
        "valid_from": agreement.valid_from,
        "review_by": agreement.review_by,
        "expires_on": agreement.expires_on,
        "suspended": agreement.suspended,
        "suspended_since": agreement.suspended_since,
        "purposes": _codes(agreement.purposes),
        "subjects": sorted(agreement.subjects),
        "handling": _codes(agreement.handling),
        "conditions": list(agreement.conditions),
        "unit.id": unit.id,
        "unit.contact": unit.contact,
        "unit.lawful_basis": unit.lawful_basis,
        "agency.id": agency.id,
        "agency.name": agency.name,
        "agency.class": agency.agency_class.value,
        "agency.country": agency.country,
        "agency.channel": agency.channel.value,
        "agency.fingerprint": agency.fingerprint,
        "agency.key_expires_on": agency.key_expires_on,
        "agency.contact": agency.contact,
        "agency.lawful_basis": agency.lawful_basis,
        "content.data": _codes(agreement.content.data),
        "content.named_persons": agreement.content.named_persons,
        "content.special_categories": _codes(agreement.content.special_categories),
        "content.minors": agreement.content.minors,
        "marking.maximum": agreement.marking.maximum.value,
        "marking.actions": _codes(agreement.marking.actions),
        "marking.sanitisations": _codes(agreement.marking.sanitisations),
        "grading.scheme": grades.scheme,
        "grading.source_minimum": grades.source_minimum,
        "grading.information_minimum": grades.information_minimum,
        "grading.unknown_source_may_go": _unknown(scheme.source, grades.accepts_source),
        "grading.unknown_information_may_go": _unknown(scheme.information, grades.accepts_information),
        "grading.suspected_false_may_go": grades.suspected_false_may_go,
        "geography.about": sorted(agreement.geography.about),
        "geography.transfer": sorted(agreement.geography.transfer),
        "use.evidence": agreement.use.evidence.value,
        "use.attribution": agreement.use.attribution.value,
        "encryption.in_transit": agreement.encryption.in_transit.value,
        "encryption.at_rest": agreement.encryption.at_rest.value,
        "onward.rule": agreement.onward.rule.value,
        "onward.agencies": list(agreement.onward.agencies) or None,
        "onward.classes": _codes(agreement.onward.classes) or None,
        "approval.approver": agreement.approver,
        "duties.retention_days": agreement.duties.retention_days,
        "duties.acknowledge_working_days": agreement.duties.acknowledge_working_days,
        "duties.feedback_days": agreement.duties.feedback_days,
        "duties.stages": _codes(agreement.duties.stages),
        "duties.disposal_proof": agreement.duties.disposal_proof,
        "threat_to_life.may_go": agreement.threat_to_life.may_go,
        "threat_to_life.review_days": agreement.threat_to_life.review_days,
        "accountability.rfi_working_days": agreement.accountability.rfi_working_days,
        "accountability.reciprocity_days": agreement.accountability.reciprocity_days,
        "accountability.dissemination_list": agreement.accountability.dissemination_list,
        "accountability.breach_hours": agreement.accountability.breach_hours,
        "accountability.termination": agreement.accountability.termination.value,
    }
    return {path: value for path, value in values.items() if value is not None}


def write(agreement: Agreement, scheme: Scheme) -> bytes:
    """Return the canonical text. Reading it gives the same terms; it has other bytes than a text somebody else wrote."""
    text, inside = "", ""
    for path, value in document(agreement, scheme).items():
        table, _, key = path.rpartition(".")
        if table != inside:
            text, inside = f"{text}\n[{table}]\n", table
        text += f"{key} = {_toml(value)}\n"
    return text.encode()


def _codes(members: Collection[Enum]) -> list[str]:
    return sorted(str(member.value) for member in members)


def _unknown(axis: Collection[Code], accepted: Collection[str]) -> bool:
    """Whether the codes that say *unknown* are accepted; a ranked minimum alone never accepts them."""
    unknown = {code.code for code in axis if code.standing is Standing.UNKNOWN}
    return unknown <= set(accepted)


def _toml(value: Any) -> str:  # noqa: ANN401 - a value of TOML
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)  # a text without control characters reads the same in TOML and in JSON
