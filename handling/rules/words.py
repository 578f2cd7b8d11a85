"""pure: residue that words give away: who speaks, kinship, roles, how few know, times, days, places, names. Never complete.

The words themselves are a unit's data (`handling/data/residue.toml`). Accents and the kinds of apostrophe make no difference.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Final

from handling.rules.folded import Folded
from handling.rules.residue import Act, Detector, Found, Residue

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)
_ACTS: Final[Mapping[Residue, tuple[Act, str]]] = MappingProxyType(
    {
        Residue.FIRST_PERSON: (Act.REPHRASE, "Say it from outside: who did what, without the one who tells."),
        Residue.KINSHIP: (Act.GENERALISE, "a person"),
        Residue.ROLE: (Act.GENERALISE, "a person"),
        Residue.FEW_KNOW: (Act.REMOVE, ""),
        Residue.TIME: (Act.GENERALISE, "at night, or by day"),
        Residue.DATE: (Act.GENERALISE, "in the week of …"),
        Residue.PLACE: (Act.GENERALISE, "in the district of …"),
        Residue.NAME: (Act.REMOVE, "a person"),
    }
)
_BY_SECTION: Final[Mapping[str, Residue]] = MappingProxyType(
    {
        "first-person": Residue.FIRST_PERSON,
        "kinship": Residue.KINSHIP,
        "role": Residue.ROLE,
        "few-know": Residue.FEW_KNOW,
        "time": Residue.TIME,
        "date": Residue.DATE,
        "place": Residue.PLACE,
        "place-cased": Residue.PLACE,
        "name-cased": Residue.NAME,
    }
)
_CASED: Final = "-cased"
_SLOT: Final = re.compile(r"\{(few|clock|month|weekday)\}")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_CAPITALISED: Final = re.compile(r"(?<![\w-])[A-Z][a-z]+(?!\w)")
_NAME_ROW: Final = re.compile(
    r"(?<![\w\u2019-])[A-Z][a-z\u2019]+(?:-[A-Z][a-z\u2019]+)?"
    r"(?: (?:(?:bin|binti|van|von|de|da|do|dos|du|del|la|al|el|ole|wa|ya) )?[A-Z][a-z\u2019]+(?:-[A-Z][a-z\u2019]+)?)+(?![\w\u2019])"
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of a unit, ready to search with."""

    patterns: tuple[tuple[Residue, re.Pattern[str], bool], ...]
    given: frozenset[str]
    not_names: frozenset[str]
    openers: frozenset[str]
    lookalikes: Mapping[str, str]

    def detectors(self) -> tuple[Detector, ...]:
        """Return one detector for each class, and one for names that stand in a row."""
        return (_dates, self._words, self._names)

    def _words(self, folded: Folded) -> Iterator[Found]:
        for residue, pattern, cased in self.patterns:
            act, proposal = _ACTS[residue]
            for match in pattern.finditer(folded.plain if cased else folded.lower):
                yield Found(residue, match.start(), match.end(), act, proposal)

    def _names(self, folded: Folded) -> Iterator[Found]:
        """Names that many people have, and two or more capitalised words in a row that are no known others."""
        act, proposal = _ACTS[Residue.NAME]
        for match in _CAPITALISED.finditer(folded.plain):
            if match[0] in self.given:
                yield Found(Residue.NAME, match.start(), match.end(), act, proposal)
        for match in _NAME_ROW.finditer(folded.plain):
            row = match[0].split(" ")
            while row and row[0].lower() in self.openers:
                del row[0]
            name = " ".join(row)
            if len(row) > 1 and not any(word.lower() in self.not_names for word in re.split(r"[ -]", name)):
                yield Found(Residue.NAME, match.end() - len(name), match.end(), act, proposal)


def lexicon_of(table: Mapping[str, Any]) -> Lexicon:
    """Build the lexicon from its data file as parsed.

    Raises:
        KeyError, ValueError, re.error: the file is none. It ships with the product, or a unit changed it.
    """
    patterns = []
    for section, residue in _BY_SECTION.items():
        forms = [_filled(form, table, language) for language, listed in table[section].items() for form in listed]
        pattern = re.compile(rf"(?<![\w-])(?:{_by_first_letter(forms)})(?!\w)")
        patterns.append((residue, pattern, section.endswith(_CASED)))
    looks = table["lookalikes"]
    lookalikes = dict(zip(looks["letters"], looks["latin"], strict=True))
    given, not_names, openers = (frozenset(table[section]["any"]) for section in ("given", "not-names", "openers"))
    return Lexicon(tuple(patterns), given, not_names, openers, MappingProxyType(lookalikes))


def _filled(form: str, table: Mapping[str, Any], language: str) -> str:
    """Put the language's own numbers, months or weekdays into a form's slots; every language's where it names none."""

    def words(match: re.Match[str]) -> str:
        by_language: Mapping[str, Sequence[str]] = table[match[1]]
        return "(?:" + "|".join(by_language[language]) + ")"

    return _SLOT.sub(words, form)


def _by_first_letter(forms: Sequence[str]) -> str:
    """Join *forms*, those that begin with the same letter behind that letter: half the time of one long row."""
    rests: dict[str, list[str]] = {}
    others = []
    for form in forms:
        if re.match(r"[a-z](?![?*+{])", form):
            rests.setdefault(form[0], []).append(form[1:])
        else:
            others.append(form)
    return "|".join([*others, *(f"{letter}(?:{'|'.join(rest)})" for letter, rest in rests.items())])


def _dates(folded: Folded) -> Iterator[Found]:
    """Propose the week for a day that is written in figures."""
    for pattern in (_ISO, _DAY_FIRST):
        for match in pattern.finditer(folded.text):
            day = _day(match, year_first=pattern is _ISO)
            if day is not None:
                yield Found(Residue.DATE, match.start(), match.end(), Act.GENERALISE, week_of(day))


def _day(match: re.Match[str], *, year_first: bool) -> date | None:
    first, month, last = (int(part) for part in match.groups())
    year, day = (first, last) if year_first else (last, first)
    try:
        return date(year if year > 99 else 2000 + year, month, day)  # noqa: PLR2004 - a year of two figures
    except ValueError:
        return None


def week_of(day: date) -> str:
    """Return the week a day lies in, Monday to Sunday, in words."""
    monday = day - timedelta(days=day.weekday())
    sunday = monday + timedelta(days=6)
    month = f" {MONTHS[monday.month - 1]}" if monday.month != sunday.month else ""
    year = f" {monday.year}" if monday.year != sunday.year else ""
    return f"in the week of {monday.day}{month}{year} to {sunday.day} {MONTHS[sunday.month - 1]} {sunday.year}"
