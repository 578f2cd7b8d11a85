"""How a unit's grades were given and turned out, from what the session at work can open and from nothing else."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from handling.corridor import outcomes, reports, seen
from handling.corridor.document import Draft
from handling.corridor.store import items
from handling.rules.calibration import Line, Share, calibration, share, turned
from handling.rules.grading import Grade, Scheme
from handling.store.vault import OpenVault
from tipline.base.database import Db

OUTCOMES = 1_000
"""The newest outcomes that are held against grades."""


@dataclass(frozen=True, slots=True)
class Turnout:
    """Outcomes against grades, and how many items they are about."""

    lines: tuple[Line, ...]
    items: int


async def shares(db: Db, vault: OpenVault, scheme: Scheme) -> dict[str, Share]:
    """Return by author how many items they graded, each by its newest grade, and how many lie on the diagonal."""

    async def look(hidden: Sequence[UUID]) -> dict[str, Share]:
        counted: dict[str, dict[Grade, int]] = defaultdict(dict)
        for one in await items.graded(db, hidden):
            counted[one.author][one.grade] = one.items
        return {author: share(grades, scheme) for author, grades in sorted(counted.items())}

    return await seen.steadily(vault, look)


async def turnout(db: Db, vault: OpenVault, scheme: Scheme) -> Turnout:
    """Hold the newest outcomes against the grades that their reports' items had. An item counts once."""
    found = await outcomes.listing(db, vault, limit=OUTCOMES)
    links = [one.link for one in found if one.link is not None]
    written = {one.row.id: one.draft for one in await reports.some(db, vault, {link.report for link in links})}
    return await asyncio.to_thread(_held_against, links, written, scheme)


def _held_against(links: Sequence[outcomes.Link], written: Mapping[UUID, Draft], scheme: Scheme) -> Turnout:
    answers: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    grades: dict[UUID, Grade] = {}
    for link in links:
        for item in written[link.report].items if link.report in written else ():
            answers[item.item].append((link.stage, link.code))
            grades[item.item] = item.grade
    became = [(grades[item], turned(said)) for item, said in answers.items()]
    return Turnout(calibration(became, scheme), len(became))
