"""A report before it leaves the corridor: a draft as it is written, and the document, facts and list it becomes. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from handling.corridor.risk import NOT_ASSESSED, Typed
from handling.corridor.stating import NOTHING, YES, Stated
from handling.rules.attachments import Kind, Listed, name_of
from handling.rules.facts import ReportFacts
from handling.rules.grading import Grade, Handling, HandlingError, Scheme
from handling.rules.material import Piece
from handling.rules.resting import handled_wider_than, wider_than
from handling.rules.risk import Assessment, RiskFact, grounds
from handling.rules.subjects import Subjects
from handling.rules.terms import Tlp

FORMAT = "tipline/report/v1"
TITLE_LIMIT = 200  # characters
SUMMARY_LIMIT = 10_000
ITEM_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class DraftItem:
    """One item of a report: a text of its own, and the grade of the tip's item it rests on."""

    item: UUID
    text: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Kept:
    """Residue that its author leaves in a report: the class and words of the finding, and why."""

    residue: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A derived copy in a draft. *file*, *name*, *original* and *carried* are of the source's file and never leave the corridor.

    Attributes:
        id: of the row that holds its bytes.
        kind, size, sha256: of the copy.
        file: the source's file.
        name: that the source gave it.
        original: SHA-256 of the original, in hex.
        carried: metadata that was read in the original and is not in the copy.
        text: words that stand in it as text.
    """

    id: UUID
    kind: Kind
    size: int
    sha256: str
    file: UUID
    name: str
    original: str
    carried: Mapping[str, str]
    text: str

    def listed(self, number: int) -> Listed:
        """Return it as a report's document names it."""
        return Listed(name_of(number, self.kind), self.size, self.sha256)

    def to_body(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "id": str(self.id),
            "kind": self.kind.value,
            "size": self.size,
            "sha256": self.sha256,
            "file": str(self.file),
            "name": self.name,
            "original": self.original,
            "carried": dict(self.carried),
            "text": self.text,
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> "Attached":
        """Read what `to_body` returned."""
        given = {**body, "id": UUID(body["id"]), "kind": Kind(body["kind"]), "file": UUID(body["file"])}
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Draft:
    """All that the corridor holds of a report. *tip*, *thread* and the items' ids never leave it."""

    tip: UUID
    thread: UUID
    title: str
    summary: str
    items: tuple[DraftItem, ...]
    handling: str
    action: str
    sanitisation: str
    subjects: tuple[str, ...]
    agencies: tuple[str, ...]
    suspected_false: bool
    date: date
    kept: tuple[Kept, ...] = ()
    attached: tuple[Attached, ...] = ()
    stated: Stated = NOTHING
    risk: Typed = NOT_ASSESSED
    sum_of_knowledge: str = ""
    """Why it may leave although everything in it comes from one tip."""
    version_of: tuple[str, ...] = ()
    """URNs of the reports that it is a new version of, first one first: the corridor's, and no field of a form."""

    def to_body(self) -> dict[str, Any]:
        """Return the draft as a JSON value."""
        return {
            "tip": str(self.tip),
            "thread": str(self.thread),
            "title": self.title,
            "summary": self.summary,
            "items": [
                {
                    "item": str(item.item),
                    "text": item.text,
                    "scheme": item.grade.scheme,
                    "source": item.grade.source,
                    "information": item.grade.information,
                }
                for item in self.items
            ],
            "handling": self.handling,
            "action": self.action,
            "sanitisation": self.sanitisation,
            "subjects": list(self.subjects),
            "agencies": list(self.agencies),
            "suspected_false": self.suspected_false,
            "date": self.date.isoformat(),
            "kept": [{"class": kept.residue, "text": kept.text, "reason": kept.reason} for kept in self.kept],
            "attached": [one.to_body() for one in self.attached],
            "stated": self.stated.to_body(),
            "risk": self.risk.to_body(),
            "sum_of_knowledge": self.sum_of_knowledge,
            "version_of": list(self.version_of),
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> "Draft":
        """Read what `to_body` returned."""
        return cls(
            tip=UUID(body["tip"]),
            thread=UUID(body["thread"]),
            title=body["title"],
            summary=body["summary"],
            items=tuple(
                DraftItem(UUID(item["item"]), item["text"], Grade(item["scheme"], item["source"], item["information"]))
                for item in body["items"]
            ),
            handling=body["handling"],
            action=body["action"],
            sanitisation=body["sanitisation"],
            subjects=tuple(body["subjects"]),
            agencies=tuple(body["agencies"]),
            suspected_false=body["suspected_false"],
            date=date.fromisoformat(body["date"]),
            kept=tuple(Kept(kept["class"], kept["text"], kept["reason"]) for kept in body.get("kept", ())),
            attached=tuple(Attached.from_body(one) for one in body.get("attached", ())),
            stated=Stated.from_body(body.get("stated", {})),
            risk=Typed.from_body(body.get("risk", {})),
            sum_of_knowledge=body.get("sum_of_knowledge", ""),
            version_of=tuple(body.get("version_of", ())),
        )

    def fields(self) -> dict[str, str]:
        """Return everything that somebody wrote in it, by the field of the form."""
        return {"title": self.title, "summary": self.summary} | {f"item-{item.item}": item.text for item in self.items}

    def listed(self) -> tuple[Listed, ...]:
        """Return its attachments as the document names them, in their order."""
        return tuple(one.listed(number) for number, one in enumerate(self.attached, 1))

    def with_fields(self, texts: Mapping[str, str]) -> "Draft":
        """Return the draft with these texts in the fields of the form."""
        items = tuple(replace(item, text=texts[f"item-{item.item}"]) for item in self.items)
        return replace(self, title=texts["title"], summary=texts["summary"], items=items)


@dataclass(frozen=True, slots=True)
class Finished:
    """A draft that lacks nothing: the document that is hashed and reviewed, its facts, its positive list, what was kept and why.

    *risk* is for the reviewer alone and part of no document.
    """

    document: Mapping[str, Any]
    facts: ReportFacts
    agencies: tuple[str, ...]
    kept: tuple[Kept, ...]
    risk: Assessment | None
    sum_of_knowledge: str
    claims: tuple[tuple[int, str], ...] = ()
    """Items by number for which public-interest immunity is claimed, each with the reason; for the reviewer, as the risk."""
    version_of: tuple[str, ...] = ()
    """URNs of the reports that it is a new version of: signed with the review, and in no document."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Everything that is missing, at once, in words, by field; never empty."""

    reasons: tuple[tuple[str, str], ...]


def finish(
    draft: Draft,
    report: UUID,
    *,
    scheme: Scheme,
    subjects: Subjects,
    countries: Collection[str],
    enrolled: Collection[str],
    sent: Sequence[Piece] = (),
    today: date,
    claimed: Mapping[UUID, str],
) -> Finished | Unfinished:
    """Decide whether a draft may go to review, and what exactly goes.

    *sent* is the material that agencies sent and it can rest on. *claimed* are items for which public-interest immunity is
    claimed, with the reasons: who rests a report on one carries it.
    """
    claims = tuple((number, claimed[item.item]) for number, item in enumerate(draft.items, 1) if item.item in claimed)
    reasons = _texts(draft)
    handling = _handling(draft)
    if handling is None:
        reasons.append(("handling", "C needs one action code and one sanitisation code; P allows neither."))
    reasons += [*_subjects(draft, subjects), *draft.stated.problems(countries, enrolled), *_agencies(draft, enrolled)]
    rests_on = tuple(piece for piece in sent if piece.sha256 in draft.stated.material)
    reasons += _material(draft, rests_on, handling, today)
    grades = tuple(item.grade for item in draft.items)
    suspected = draft.suspected_false or any(scheme.is_suspected_false(grade) for grade in grades)
    assessed = draft.risk.assessment()
    if handling is not None:
        reasons += draft.risk.problems(
            grounds(
                handling=handling,
                grades=grades,
                suspected_false=suspected,
                threat_to_life=draft.stated.threat_to_life,
                minors=draft.stated.minors == YES,
            )
        )
    if reasons or handling is None:
        return Unfinished(tuple(reasons))
    facts = replace(
        draft.stated.facts(draft.agencies, rests_on),
        subjects=frozenset(draft.subjects),
        grades=grades,
        handling=handling,
        suspected_false=suspected,
        agencies=frozenset(draft.agencies),
        date=today,
        risk=RiskFact.NOT_NEEDED if assessed is None else RiskFact.ASSESSED,
        immunity=draft.risk.immunity or bool(claims),
    )
    document = _document(draft, report, handling, rests_on, today)
    return Finished(
        document,
        facts,
        tuple(sorted(draft.agencies)),
        draft.kept,
        assessed,
        draft.sum_of_knowledge,
        claims,
        draft.version_of,
    )


def _document(draft: Draft, report: UUID, handling: Handling, rests_on: Sequence[Piece], today: date) -> dict[str, Any]:
    listed = [one.to_body() for one in draft.listed()]
    return {
        **({"attachments": listed} if listed else {}),
        **({"material": [piece.listed() for piece in rests_on]} if rests_on else {}),
        "format": FORMAT,
        "urn": f"urn:uuid:{report}",
        "title": draft.title,
        "summary": draft.summary,
        "items": [
            {
                "text": item.text,
                "scheme": item.grade.scheme,
                "source": item.grade.source,
                "information": item.grade.information,
            }
            for item in draft.items
        ],
        "handling": handling.code.value,
        "action": None if handling.action is None else handling.action.value,
        "sanitisation": None if handling.sanitisation is None else handling.sanitisation.value,
        "subject": sorted(draft.subjects),
        "date": today.isoformat(),
    }


def _handling(draft: Draft) -> Handling | None:
    try:
        return Handling.of(draft.handling, draft.action or None, draft.sanitisation or None)
    except HandlingError:
        return None


def _material(draft: Draft, rests_on: Sequence[Piece], handling: Handling | None, today: date) -> list[tuple[str, str]]:
    """A report is marked no wider than the narrowest material that it rests on, and rests on none whose time is over."""
    reasons = []
    if len(rests_on) != len(set(draft.stated.material)):
        reasons.append(("material", "A piece of material that was ticked is not here any more. Tick again."))
    if any(piece.conditions.delete_by is not None and today > piece.conditions.delete_by for piece in rests_on):
        reasons.append(("material", "It rests on material that had to be deleted by now."))
    marking = next((tlp for tlp in Tlp if tlp.value == draft.stated.marking), None)
    stated = ReportFacts(marking=marking, handling=handling, material=tuple(rests_on))
    narrower = [one.conditions.marking for one in wider_than(stated) if one.conditions.marking is not None]
    if narrower:
        most = max(narrower, key=list(Tlp).index)
        reasons.append(("marking", f"It rests on material marked TLP:{most.value}: mark it so, or narrower."))
    narrow = handled_wider_than(stated)
    if narrow:
        codes = " and ".join(dict.fromkeys(str(one.conditions.handling) for one in narrow))
        reasons.append(("handling", f"It rests on material under {codes}: let its reader do no more."))
    return reasons


def _texts(draft: Draft) -> list[tuple[str, str]]:
    reasons = []
    if not draft.title or len(draft.title) > TITLE_LIMIT:
        reasons.append(("title", f"The report needs a title of at most {TITLE_LIMIT} characters."))
    if not draft.summary or len(draft.summary) > SUMMARY_LIMIT:
        reasons.append(("summary", f"The report needs a summary of at most {SUMMARY_LIMIT} characters."))
    for number, item in enumerate(draft.items, 1):
        if not item.text or len(item.text) > ITEM_LIMIT:
            reasons.append((f"item-{item.item}", f"Item {number} needs a text of at most {ITEM_LIMIT} characters."))
    if not draft.sum_of_knowledge:
        reasons.append(("sum_of_knowledge", "Everything in it comes from one tip: say why it may leave all the same."))
    return reasons


def _subjects(draft: Draft, subjects: Subjects) -> list[tuple[str, str]]:
    if draft.subjects and all(subjects.knows(code) for code in draft.subjects):
        return []
    return [("subjects", "Tick at least one subject: agreements are matched by it.")]


def _agencies(draft: Draft, enrolled: Collection[str]) -> list[tuple[str, str]]:
    if not draft.agencies:
        return [("agencies", "Tick at least one agency. A report that may go to nobody cannot be reviewed.")]
    if not set(draft.agencies) <= set(enrolled):
        return [("agencies", "One of the agencies is not enrolled any more. Look through the list again.")]
    return []
