"""The page on how grades were given and how they turned out, and the sentence about grades that always agree."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from handling import data
from handling.corridor import grading
from handling.corridor.pages import views
from handling.corridor.pages.common import corridor, handler
from handling.rules.calibration import ENOUGH, MANY, SMALLEST, Line, Share, Turned
from handling.store.members import MemberList
from tipline.base.staff import signed_in
from tipline.base.web import render


@dataclass(frozen=True, slots=True)
class AuthorView:
    """One author's grades; *share* is empty while too few are graded."""

    who: str
    graded: int
    share: str
    warning: str


@dataclass(frozen=True, slots=True)
class LineView:
    """One code and what became of items with it."""

    axis: str
    code: str
    label: str
    borne_out: str
    wrong: str
    open: str


@dataclass(frozen=True, slots=True)
class GradingPage:
    """Both tables."""

    template: ClassVar[str] = "corridor/grading.html"
    at: ClassVar[str] = "grading"
    scheme: str
    authors: tuple[AuthorView, ...]
    lines: tuple[LineView, ...]
    items: int
    enough: int
    smallest: int
    newest: int


@signed_in
async def show(request: web.Request) -> web.Response:
    """Show both tables."""
    person, scheme = handler(request), data.scheme()
    async with corridor(request).pool.acquire() as db:
        shares = await grading.shares(db, person.vault, scheme)
        turnout = await grading.turnout(db, person.vault, scheme)
    page = GradingPage(
        scheme=scheme.title,
        authors=tuple(_author(name, share, person.members) for name, share in shares.items()),
        lines=tuple(_line(line) for line in turnout.lines),
        items=turnout.items,
        enough=ENOUGH,
        smallest=SMALLEST,
        newest=grading.OUTCOMES,
    )
    return render(request, page)


def warnings(shares: Mapping[str, Share], members: MemberList, *, me: str = "") -> tuple[str, ...]:
    """Say of whom too many grades lie on the diagonal; with *me* of that person alone, and to them."""
    return tuple(
        _warning("You have" if name == me else f"{views.display(name, members)} has", share)
        for name, share in shares.items()
        if share.warns and me in {"", name}
    )


def _warning(who: str, share: Share) -> str:
    return (
        f"{who} graded {share.on} of {share.graded} items alike on both axes (as 1 A, 2 B, 3 C). "
        f"Above {MANY:.0%} one axis was probably judged by the other: a doubtful source can tell what is true, "
        "and a good one can be mistaken."
    )


def _author(name: str, share: Share, members: MemberList) -> AuthorView:
    enough = share.graded >= ENOUGH
    return AuthorView(
        who=views.display(name, members),
        graded=share.graded,
        share=f"{share.on / share.graded:.0%}" if enough else "",
        warning="above what independent axes give" if share.warns else "",
    )


def _line(line: Line) -> LineView:
    borne_out, wrong, still = (
        f"fewer than {SMALLEST}" if line.counts[one] is None else str(line.counts[one])
        for one in (Turned.BORNE_OUT, Turned.WRONG, Turned.OPEN)
    )
    return LineView(
        "Source" if line.axis == "source" else "Information", line.code, line.label, borne_out, wrong, still
    )
