"""The part of a report's form in which its author decides about what could lead back to the source."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from handling.corridor.document import Draft
from handling.corridor.workbench import Decided, Noted

PUT, KEEP = "put", "keep"
_MOST: Final = 500  # findings that one form decides about
_FIELDS: Final[Mapping[str, str]] = {"title": "Title", "summary": "Summary"}
_PARTS: Final = 3


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding as its author reads it. *token* names it in the form; *why* is the reason it was kept with."""

    number: int
    token: str
    place: str
    label: str
    text: str
    reason: str
    act: str
    proposal: str
    may_put: bool
    kept: bool
    why: str


def views(noted: Sequence[Noted], draft: Draft) -> tuple[FindingView, ...]:
    """Return the findings of a draft, those that wait for a decision first."""
    places = {**_FIELDS} | {f"item-{item.item}": f"Item {number}" for number, item in enumerate(draft.items, 1)}
    places |= {listed.name: listed.name for listed in draft.listed()}
    fields = draft.fields()
    ordered = sorted(noted, key=lambda one: one.kept is not None)
    return tuple(
        FindingView(
            number=number,
            token=json.dumps([one.field, one.finding.residue.value, one.finding.text], ensure_ascii=False),
            place=places[one.field],
            label=one.finding.residue.value.replace("-", " ").capitalize(),
            text=one.finding.text,
            reason=one.finding.reason,
            act=one.finding.act.value,
            proposal=one.finding.proposal,
            may_put=one.field in fields,
            kept=one.kept is not None,
            why="" if one.kept is None else one.kept.reason,
        )
        for number, one in enumerate(ordered[:_MOST], 1)
    )


def decisions(form: Mapping[str, Sequence[str]]) -> tuple[Decided, ...]:
    """Read what was chosen; a choice that names no finding is passed over, and the finding stays undecided."""
    found = []
    for number in range(1, _MOST + 1):
        token = _one(form, f"found-{number}")
        if not token:
            break
        named = _named(token)
        if named is None:
            continue
        chosen = _one(form, f"do-{number}")
        if chosen == PUT:
            found.append(Decided(*named, instead=_one(form, f"instead-{number}").strip(), reason=""))
        else:
            why = _one(form, f"why-{number}") if chosen == KEEP else ""
            found.append(Decided(*named, instead=None, reason=why))
    return tuple(found)


def _one(form: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(form.get(name, ())), "")


def _named(token: str) -> tuple[str, str, str] | None:
    try:
        value = json.loads(token)
    except ValueError:
        return None
    if not isinstance(value, list) or len(value) != _PARTS or not all(isinstance(part, str) for part in value):
        return None
    field, residue, text = value
    return (field, residue, text) if text else None
