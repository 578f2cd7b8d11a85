"""pure: what in a draft could lead back to a source. It finds and proposes; a person decides about each.

Source of the classes: docs/architecture.md, "Sanitising". Identifiers that need a library's check digits come from
`handling/identifiers.py`; all else is found here and in the modules beside this one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from handling.rules.folded import Folded, fold


class Residue(Enum):
    """Why a stretch of text may point to a source or a person."""

    SHARED = "shared"
    FIRST_PERSON = "first-person"
    KINSHIP = "kinship"
    ROLE = "role"
    FEW_KNOW = "few-know"
    TIME = "time"
    DATE = "date"
    PLACE = "place"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    HANDLE = "handle"
    ADDRESS = "network-address"
    PLATE = "plate"
    VESSEL = "vessel"
    AIRCRAFT = "aircraft"
    CONTAINER = "container"
    WAYBILL = "waybill"
    ACCOUNT = "account"
    CARD = "card"
    WALLET = "wallet"
    COORDINATES = "coordinates"
    DOCUMENT = "identity-document"
    DEVICE = "device"
    REFERENCE = "reference"
    INVISIBLE = "invisible"
    LOOKALIKE = "lookalike"
    SPACING = "spacing"
    ATTACHMENT = "attachment"


class Act(Enum):
    """What to do about a finding."""

    REMOVE = "remove"
    GENERALISE = "generalise"
    REPHRASE = "rephrase"


STRUCTURED: Final = frozenset(
    {
        *(Residue.PHONE, Residue.EMAIL, Residue.URL, Residue.HANDLE, Residue.ADDRESS, Residue.PLATE, Residue.VESSEL),
        *(Residue.AIRCRAFT, Residue.CONTAINER, Residue.WAYBILL, Residue.ACCOUNT, Residue.CARD, Residue.WALLET),
        *(Residue.COORDINATES, Residue.DOCUMENT, Residue.DEVICE, Residue.REFERENCE),
    }
)
"""Identifiers with a form of their own; the other classes are found by words and are never found completely."""

_ORDER: Final = {residue: place for place, residue in enumerate(Residue)}

REASONS: Final[Mapping[Residue, str]] = MappingProxyType(
    {
        Residue.SHARED: "These words stand in the tip in the same order: whoever knows how the source writes recognises them.",
        Residue.FIRST_PERSON: "A first person speaks here: a report is written from outside.",
        Residue.KINSHIP: "A family tie or friendship narrows down who can have known.",
        Residue.ROLE: "Only somebody with this job or place can have seen it.",
        Residue.FEW_KNOW: "It says how few know: each of them can count the others.",
        Residue.TIME: "An exact time tells who was there then.",
        Residue.DATE: "An exact day tells who was there then.",
        Residue.PLACE: "An exact place tells who was there.",
        Residue.NAME: "A name points to a person.",
        Residue.PHONE: "A phone number is one person's.",
        Residue.EMAIL: "An e-mail address is one person's.",
        Residue.URL: "An address on the web can carry a name, and who opens it is seen.",
        Residue.HANDLE: "A name on a network is one person's.",
        Residue.ADDRESS: "An address of a machine leads to a place or person.",
        Residue.PLATE: "A number plate is one vehicle's; who saw it is a short list.",
        Residue.VESSEL: "A vessel's name or number: who was near it is a short list.",
        Residue.AIRCRAFT: "An aircraft's mark or flight: who was near it is a short list.",
        Residue.CONTAINER: "A container's number: who handled it is a short list.",
        Residue.WAYBILL: "A waybill or tracking number: who has seen it is a short list.",
        Residue.ACCOUNT: "An account number is one person's or firm's.",
        Residue.CARD: "A card number is one person's.",
        Residue.WALLET: "A wallet is one person's.",
        Residue.COORDINATES: "A position to the metre tells who was there.",
        Residue.DOCUMENT: "A number of a passport or card is one person's.",
        Residue.DEVICE: "A device's number leads to its owner.",
        Residue.REFERENCE: "A number of some kind that is no amount and no date: it can belong to one person or thing.",
        Residue.INVISIBLE: "Characters that nobody sees can mark a copy, or hide words from a check.",
        Residue.LOOKALIKE: "Letters of two scripts in one word can mark a copy, or hide a word from a check.",
        Residue.SPACING: "Unusual blanks can mark a copy.",
        Residue.ATTACHMENT: "What is seen or heard in it, and the angle it was taken from, can tell who was there. Look at all of it.",
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One stretch of a text, *start* and *end* in characters of it, with what is proposed in its place."""

    residue: Residue
    start: int
    end: int
    text: str
    act: Act
    proposal: str

    @property
    def reason(self) -> str:
        """Why it matters, for the person who decides."""
        return REASONS[self.residue]


Detector = Callable[[Folded], Iterable["Found"]]
"""Searches folded text; places are those of the folded text."""

Look = Callable[[str], Iterable["Found"]]
"""Searches a text as it was written."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector found in folded text."""

    residue: Residue
    start: int
    end: int
    act: Act = Act.REMOVE
    proposal: str = ""


def scan(
    text: str, *, lookalikes: Mapping[str, str], detectors: Sequence[Detector], whole: Sequence[Look] = ()
) -> tuple[Finding, ...]:
    """Find everything in *text*, in its order; where findings of one class overlap, one finding covers them.

    Args:
        text: one text as it was written.
        lookalikes: see `handling.rules.folded.fold`.
        detectors: search the text as a reader sees it.
        whole: search the text as it was written, invisible characters included.
    """
    folded = fold(text, lookalikes)
    found = [_placed(folded, one) for detector in detectors for one in detector(folded) if one.start < one.end]
    found += [_finding(text, one.start, one.end, one) for look in whole for one in look(text)]
    return _merged(text, found)


def _placed(folded: Folded, one: Found) -> Finding:
    start, end = folded.span(one.start, one.end)
    return _finding(folded.original, start, end, one)


def _finding(text: str, start: int, end: int, one: Found) -> Finding:
    return Finding(one.residue, start, end, text[start:end], one.act, one.proposal)


def _merged(text: str, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Let one finding cover those of its class that overlap, identifiers all being one class; a known form names it."""
    kept: list[Finding] = []
    last: dict[Residue | None, int] = {}
    for one in sorted(found, key=lambda finding: (finding.start, -finding.end, _ORDER[finding.residue])):
        kind = None if one.residue in STRUCTURED else one.residue
        at = last.get(kind)
        if at is None or kept[at].end <= one.start:
            last[kind] = len(kept)
            kept.append(one)
            continue
        before = kept[at]
        named = one if before.residue is Residue.REFERENCE else before
        kept[at] = _finding(text, before.start, max(before.end, one.end), _as_found(named))
    return tuple(kept)


def _as_found(finding: Finding) -> Found:
    return Found(finding.residue, finding.start, finding.end, finding.act, finding.proposal)
