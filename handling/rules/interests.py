"""pure: what is known ahead of tips: conflicts of interest, and people of agencies. Whom and what do a text's words touch? Opens nothing.

Names are found as those that a source names (`handling.rules.exclusions`); a telephone number by its last digits.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from handling.rules import exclusions
from handling.rules.exclusions import Person, Said

NAME_LIMIT = 100  # characters of one name
NAMES_LIMIT = 20  # of one person
REASON_LIMIT = 500  # characters

_DIGITS = 7  # the last of a number: country and area codes are written in many ways, or not at all
_NUMBER = re.compile(r"\d(?:[ ().\-/\u2010-\u2015]{0,3}\d)+")
_TWO = 2


class InterestError(ValueError):
    """What was typed cannot be kept; the text says why, and a page shows it as it stands."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Who ended an entry, and on which day."""

    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Conflict:
    """A member's conflict of interest with a person, an agency, or both.

    Attributes:
        member: sign-in name of whoever has it.
        called: the person's names, aliases, handles and telephone numbers.
        agency: an agency's id, or None.
        until: the last day on which it holds; None is for good.
        by: who said so, the member or a first reader.
    """

    id: str
    member: str
    called: tuple[str, ...]
    agency: str | None
    until: date | None
    reason: str
    by: str
    on: date
    ended: Ended | None = None

    def holds(self, today: date) -> bool:
        """Whether it counts for what is heard today."""
        return self.ended is None and (self.until is None or today <= self.until)

    def is_shown_to(self, name: str, *, first: bool) -> bool:
        """Whether somebody may read and end it: who said it, and first readers whom it is not about."""
        return self.by == name or (first and self.member != name)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody of an agency, by names, aliases, handles and telephone numbers."""

    id: str
    agency: str
    called: tuple[str, ...]
    by: str
    on: date
    ended: Ended | None = None


@dataclass(frozen=True, slots=True)
class Interests:
    """All entries, also those that ended."""

    conflicts: tuple[Conflict, ...] = ()
    people: tuple[KnownPerson, ...] = ()

    def ending(self, entry: str, ended: Ended) -> "Interests":
        """Return them with one entry ended; one that has ended stays as it is."""
        return Interests(
            tuple(replace(one, ended=one.ended or ended) if one.id == entry else one for one in self.conflicts),
            tuple(replace(one, ended=one.ended or ended) if one.id == entry else one for one in self.people),
        )


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The agencies as they stand: shown names, and for each the one above it."""

    names: Mapping[str, str]
    tree: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Met:
    """What a text touches: ids of entries, members with a conflict, agencies whose people it names."""

    entries: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()

    def __or__(self, other: "Met") -> "Met":
        return Met(self.entries | other.entries, self.members | other.members, self.agencies | other.agencies)


def met(interests: Interests, said: Said, enrolled: Enrolled, today: date) -> Met:
    """Return what the words touch.

    Somebody with a conflict with an agency has it with those below too, whether a text names the agency or one of its
    people.
    """
    open_ = [one for one in interests.people if one.ended is None]
    holding = [one for one in interests.conflicts if one.holds(today)]
    all_: tuple[Conflict | KnownPerson, ...] = (*open_, *holding)
    found = _found({name for one in all_ for name in one.called}, said)
    people = [one for one in open_ if not found.isdisjoint(one.called)]
    of_people = {one.agency for one in people}
    spoken_of = of_people | _agencies(enrolled, said)
    touched = spoken_of | {above for agency in spoken_of for above in exclusions.ancestors(enrolled.tree, agency)}
    conflicts = [one for one in holding if one.agency in touched or not found.isdisjoint(one.called)]
    return Met(
        frozenset({one.id for one in people} | {one.id for one in conflicts}),
        frozenset(one.member for one in conflicts),
        frozenset(of_people),
    )


def heard(
    interests: Interests, said: Iterable[Said], members: Iterable[Person], enrolled: Enrolled, today: date
) -> Met:
    """Return what several texts touch, and the agencies that know these *members* as their own people."""
    texts = tuple(said)
    plain = Said("", "\n".join(one.text for one in texts if not one.asks))  # together: each name is looked for once
    found = met(interests, plain, enrolled, today)
    for one in texts:
        found = found | met(interests, one, enrolled, today) if one.asks else found
    out = [Said("", one.called) for one in members]
    theirs = [one for one in interests.people if one.ended is None and any(is_named(one.called, name) for name in out)]
    return found | Met(frozenset(one.id for one in theirs), frozenset(), frozenset(one.agency for one in theirs))


def is_named(called: Iterable[str], said: Said) -> bool:
    """Whether a text has one of these names or numbers in it."""
    return bool(_found(called, said))


def _found(called: Iterable[str], said: Said) -> frozenset[str]:
    """Return those of the names and numbers that stand in a text; the text is looked at once for all of them."""
    orders = {name: _orders(name) for name in called if not _is_number(name)}
    ends = {name: _digits(name)[-_DIGITS:] for name in called if _is_number(name)}
    hits = exclusions.named((Person(one, one) for one in {one for all_ in orders.values() for one in all_}), said)
    runs = _runs(_all(said)) if ends else ()
    return frozenset(name for name, all_ in orders.items() if not hits.isdisjoint(all_)) | frozenset(
        name for name, end in ends.items() if any(end in run for run in runs)
    )


def names_of(typed: str) -> tuple[str, ...]:
    """Return the names that were typed one to a line.

    Raises:
        InterestError: none, too many, one too long, or one that no text would ever be searched for.
    """
    return checked(line for line in typed.replace("\r\n", "\n").split("\n"))


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names once each, as `names_of` does."""
    found = tuple(dict.fromkeys(name for name in (" ".join(one.split()) for one in names) if name))
    if not found:
        raise InterestError("Write at least one name.")
    if len(found) > NAMES_LIMIT:
        raise InterestError(f"One person has at most {NAMES_LIMIT} names here. Enter two people.")
    if any(len(one) > NAME_LIMIT for one in found):
        raise InterestError(f"Each name has at most {NAME_LIMIT} characters.")
    short = [one for one in found if not _is_findable(one)]
    if short:
        raise InterestError(
            f"“{short[0]}” would be found in no text: write a name of {exclusions.WORD} letters or more, with the first "
            f"name where it is shorter, or a number of {_DIGITS} digits or more."
        )
    return found


def may_end(entry: Conflict | KnownPerson, name: str, *, first: bool) -> bool:
    """Whether somebody may end an entry: nothing widens but by a first reader, or by whoever declared it."""
    return entry.is_shown_to(name, first=first) if isinstance(entry, Conflict) else first


def free_again(
    excluded: Collection[str], barred: Collection[str], *, by: str, first: Collection[str]
) -> frozenset[str]:
    """Return the agencies that stood excluded for their people, and by a decision do no more.

    Raises:
        ExclusionError: there are some, and it is not theirs to decide.
    """
    free = frozenset(barred) - set(excluded)
    if free and by not in first:
        raise exclusions.ExclusionError(
            "It names somebody who is known to be of an agency that you left unticked. Only a first reader lets that agency "
            "learn of it: leave it ticked."
        )
    return free


def _agencies(enrolled: Enrolled, said: Said) -> frozenset[str]:
    """Agencies that a text names in full, or that the source may mean where it says who must not learn."""
    whole = exclusions.named((Person(agency, name) for agency, name in enrolled.names.items()), Said("", _all(said)))
    words = exclusions.folded(_all(said))
    short = {agency for agency, name in enrolled.names.items() if exclusions.folded(name) in words}
    return whole | short | exclusions.agencies_named(enrolled.names, said)


def _all(said: Said) -> str:
    return f"{said.asked}\n{said.text}"


def _orders(name: str) -> tuple[str, ...]:
    """A name as it was typed, and with its last word first."""
    words = name.replace(",", " ").split()
    return (
        (name,) if len(words) < _TWO else (name, " ".join([words[-1], *words[:-1]]), " ".join([*words[1:], words[0]]))
    )


def _is_findable(name: str) -> bool:
    return _is_number(name) or is_named((name,), Said("", name))


def _is_number(name: str) -> bool:
    return len(_digits(name)) >= _DIGITS and not any(letter.isalpha() for letter in name)


def _digits(text: str) -> str:
    return "".join(str(int(letter)) for letter in text if letter.isdecimal())


def _runs(text: str) -> tuple[str, ...]:
    return tuple(_digits(run) for run in _NUMBER.findall(text))
