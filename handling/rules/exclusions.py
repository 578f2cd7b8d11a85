"""pure: who must not learn of a tip? People named by its source, and agencies with all that stand above them. Opens nothing."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

_BRACKETS = re.compile(r"\([^()]*\)|\[[^][]*\]")
WORD = 4  # letters: a shorter part of a name stands in too many other words of a report
ASKED_WORD = 2  # letters, in the field that only names people: Lee, Ali, Ng
_UNSPACED = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
)  # written without a blank around a name
_UNSPACED_LETTERS = 2  # a whole name in such a script
_UNSEEN = "Cf"  # soft hyphens, marks of direction: they stand inside a word and part nothing


class ExclusionError(ValueError):
    """The decision breaks a rule; the text says which, and a page shows it as it stands."""


# People ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """A member as a source may name them: by sign-in name, by the name that is shown, or by a part of that."""

    name: str
    shown: str

    @property
    def called(self) -> str:
        """The shown name without what stands in brackets: that is a note about a duty, and nobody's name."""
        return _BRACKETS.sub(" ", self.shown)


@dataclass(frozen=True, slots=True)
class Said:
    """What a source wrote in one message; *asked* is the field that says who must not learn."""

    asked: str
    text: str

    @property
    def asks(self) -> bool:
        """Whether the source named anybody at all."""
        return bool(self.asked.strip())


def folded(text: str) -> str:
    """Return the words of *text* without case, accents, signs and what is not seen, each between two blanks."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    kept = (one for one in plain if not unicodedata.combining(one) and unicodedata.category(one) != _UNSEEN)
    words = "".join(letter if letter.isalnum() else " " for letter in kept).split()
    return f" {' '.join(words)} "


def named(people: Iterable[Person], said: Said) -> frozenset[str]:
    """Sign-in names of those whom the source names.

    Where the source asks that somebody must not learn, a sign-in name, a shown name or one word of it (`WORD` letters or
    more) anywhere in the message counts, and in that field itself a word of `ASKED_WORD` letters and a name with an
    ending: too many are left out rather than one too few. Elsewhere only the whole shown name counts, so that a lake or
    a rose in a text locks nobody out.
    """
    text, asked = folded(f"{said.asked} {said.text}"), folded(said.asked)
    hints = _hints if said.asks else _whole
    return frozenset(
        person.name
        for person in people
        if any(hint in text for hint in hints(person)) or any(hint in asked for hint in _asked_hints(person))
    )


def named_under_seal(people: Iterable[Person], text: str) -> frozenset[str]:
    """Sign-in names of those whom a text names that the source had sealed by itself.

    Such a text has no field for who must not learn of it, and nobody saw it before, so that it is read as one that asks: a
    sign-in name, a shown name or one word of it (`WORD` letters or more) counts.
    """
    words = folded(text)
    return frozenset(person.name for person in people if any(hint in words for hint in _hints(person)))


def first_readers(people: Collection[Person], appointed: Collection[str], out: Collection[str]) -> tuple[str, ...]:
    """Who reads a tip first: the appointed whom it does not name, else any other handler whom it does not name.

    Args:
        people: every handler.
        appointed: the first readers of the member list.
        out: sign-in names of those whom the tip names.

    Returns:
        Sign-in names in their order; nobody when every handler is named, and the tip is then for recovery alone.
    """
    left = sorted(person.name for person in people if person.name not in out)
    return tuple(name for name in left if name in appointed) or tuple(left)


def _whole(person: Person) -> tuple[str, ...]:
    shown = _anywhere(folded(person.called))  # only blanks where everything stands in brackets
    least = WORD if shown.startswith(" ") else _UNSPACED_LETTERS
    return (shown,) if len(shown.strip()) >= least else ()


def _hints(person: Person) -> tuple[str, ...]:
    words = {f" {word} " for word in folded(person.called).split() if len(word) >= WORD}
    hints = {folded(person.name), folded(person.called), *words}
    return tuple(_anywhere(hint) for hint in hints if hint.strip())


def _asked_hints(person: Person) -> tuple[str, ...]:
    words = [word for word in folded(person.called).split() if len(word) >= ASKED_WORD]
    return tuple(_anywhere(f" {word} ") if len(word) < WORD else f" {word}" for word in words)


def _anywhere(hint: str) -> str:
    """Leave out the blank at an end whose script puts none there: what follows a name is written on to it."""
    letters = hint.strip()
    if not letters:
        return hint
    left, right = ("" if unicodedata.name(end, "").startswith(_UNSPACED) else " " for end in (letters[0], letters[-1]))
    return f"{left}{letters}{right}"


# Agencies -------------------------------------------------------------------------------------------------------


class Cause(Enum):
    """Why an agency cannot be ticked; shown to those who may read the tip and to nobody else."""

    EXCLUDED = "excluded"
    KNOWN = "known"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Blocked:
    """One agency that a report must not go to. *below* is the excluded agency that it stands above."""

    cause: Cause
    below: str


def blocked(
    tree: Mapping[str, str | None], excluded: Collection[str], narrowed: Mapping[str, str]
) -> Mapping[str, Blocked]:
    """Return every agency that an exclusion covers: the excluded themselves, and all above them unless narrowed.

    Args:
        tree: each agency's parent, None at a top. A parent that is not enrolled ends the way up; a circle is walked once.
        excluded: ids that the handler excluded.
        narrowed: ids above them that may receive it all the same, each with its reason. An excluded agency itself is
            never narrowed away, and an empty reason narrows nothing.
    """
    found = {agency: Blocked(Cause.EXCLUDED, agency) for agency in sorted(excluded)}
    for agency in sorted(excluded):
        for above in ancestors(tree, agency):
            if not narrowed.get(above, "").strip():
                found.setdefault(above, Blocked(Cause.ABOVE, agency))
    return found


def blocked_with(
    tree: Mapping[str, str | None], decision: "Decision", barred: Collection[str]
) -> Mapping[str, Blocked]:
    """Return what a decision covers, and what people whom a tip names bar since: that nothing narrows before it is decided on.

    Args:
        tree: as in `blocked`.
        decision: that holds.
        barred: ids of agencies of which the tip names somebody.
    """
    undecided = blocked(tree, set(barred) - set(decision.excluded), {})
    known = {
        agency: Blocked(Cause.KNOWN, agency) if one.cause is Cause.EXCLUDED else one
        for agency, one in undecided.items()
    }
    return {**known, **blocked(tree, decision.excluded, decision.narrowed)}


def ancestors(tree: Mapping[str, str | None], agency: str) -> tuple[str, ...]:
    """Return the agencies above *agency*, the nearest first."""
    way: list[str] = []
    above = tree.get(agency)
    while above is not None and above in tree and above not in way and above != agency:
        way.append(above)
        above = tree.get(above)
    return tuple(way)


def agencies_named(agencies: Mapping[str, str], said: Said) -> frozenset[str]:
    """Ids of agencies that the source may mean: a suggestion to a first reader, never a decision.

    Args:
        agencies: the shown name by id.
        said: what the source wrote; only what was asked counts.
    """
    text = folded(said.asked)
    return frozenset(agency for agency, name in agencies.items() if any(h in text for h in _agency_hints(agency, name)))


def _agency_hints(agency: str, name: str) -> tuple[str, ...]:
    return tuple(f" {word} " for word in {*folded(agency).split(), *folded(name).split()} if len(word) >= WORD)


# Decisions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decision:
    """Who may work with a tip and which agencies must not learn of it. *readers* None is everybody in the corridor."""

    readers: tuple[str, ...] | None
    excluded: tuple[str, ...]
    narrowed: Mapping[str, str]
    reason: str


def recused(decider: str, readers: Collection[str]) -> tuple[str, ...]:
    """Return who still reads once *decider*, one of them, has declared a conflict of interest.

    Raises:
        ExclusionError: nobody would be left.
    """
    left = tuple(sorted(set(readers) - {decider}))
    if not left:
        raise ExclusionError("Nobody else could read it then. Another handler has to be let in, or to join, first.")
    return left


def let_in_again(decision: Decision, conflicted: Collection[str], *, by: str, first: Collection[str]) -> frozenset[str]:
    """Return those of the *conflicted* whom a decision lets in again.

    Args:
        decision: who is to read; everybody is the conflicted too.
        conflicted: sign-in names of those who have a conflict of interest with it.
        by: who decides.
        first: who reads it first once the conflicted are left out. Nobody else lets one of them in again.

    Raises:
        ExclusionError: it is not theirs to decide.
    """
    back = frozenset(conflicted) if decision.readers is None else frozenset(conflicted) & set(decision.readers)
    if back and (by in conflicted or by not in first):
        raise ExclusionError(
            "One of them has a conflict of interest. Only a first reader lets them in again: leave them out."
        )
    return back


def check(decision: Decision, handlers: Collection[str], tree: Mapping[str, str | None]) -> Decision:
    """Return the decision in its one order, or raise `ExclusionError`.

    Raises:
        ExclusionError: no reader, a reader who is no handler, an agency that is not enrolled, or a narrowing that is
            not above an excluded agency.
    """
    if decision.readers is not None:
        if not decision.readers:
            raise ExclusionError("Choose at least one handler, or everybody. A tip that nobody may open helps nobody.")
        if not set(decision.readers) <= set(handlers):
            raise ExclusionError("One of them is no handler on today's member list. Look through the list again.")
    if not set(decision.excluded) <= set(tree):
        raise ExclusionError("One of the agencies is not enrolled any more. Look through the list again.")
    covered = {above for agency in decision.excluded for above in ancestors(tree, agency)} - set(decision.excluded)
    if not set(decision.narrowed) <= covered or not all(reason.strip() for reason in decision.narrowed.values()):
        raise ExclusionError("Only an agency above an excluded one can be let in again, and only with a reason.")
    return Decision(
        readers=None if decision.readers is None else tuple(sorted(set(decision.readers))),
        excluded=tuple(sorted(set(decision.excluded))),
        narrowed=dict(sorted(decision.narrowed.items())),
        reason=decision.reason.strip(),
    )
