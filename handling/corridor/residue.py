"""Words that a report shares with the tip it came from. Pure; it finds, a person judges."""

import re

RUN = 6  # words in a row: shorter runs are ordinary language (design, "Sanitising")

_WORD = re.compile(r"\w+")


def shared_runs(report: str, tip: str, *, run: int = RUN) -> tuple[str, ...]:
    """Return every run of at least *run* words that both texts hold, longest stretches, in the report's order."""
    words = _WORD.findall(report)
    folded = [word.casefold() for word in words]
    theirs = [word.casefold() for word in _WORD.findall(tip)]
    known = {tuple(theirs[start : start + run]) for start in range(len(theirs) - run + 1)}
    found: list[str] = []
    start = 0
    while start <= len(folded) - run:
        if tuple(folded[start : start + run]) not in known:
            start += 1
            continue
        end = start + run
        while end < len(folded) and tuple(folded[end - run + 1 : end + 1]) in known:
            end += 1
        found.append(" ".join(words[start:end]))
        start = end
    return tuple(found)
