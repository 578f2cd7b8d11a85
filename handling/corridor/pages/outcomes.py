"""Pages of outcomes: what became of a report, and the decision whether and how its source hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web

from handling.corridor import outcomes, words
from handling.corridor.errors import CorridorError, NotThereError
from handling.corridor.outcomes import Case, Link
from handling.corridor.pages import views
from handling.corridor.pages.common import NO_PROBLEM, Problem, corridor, current, now, record_id, refresh
from handling.corridor.pages.items import ItemView, item_view
from handling.corridor.store.outcomes import OutcomeState
from handling.rules import phrases
from handling.store.members import MemberList
from tipline.base.staff import signed_in
from tipline.base.web import read_form, render, see_other

STATE: Mapping[OutcomeState, str] = {
    OutcomeState.RECEIVED: "Wants a decision",
    OutcomeState.PROPOSED: "A phrase waits for signatures",
    OutcomeState.TOLD: "The source is told",
    OutcomeState.KEPT: "Kept: the source is told nothing",
}
_SIGNATURES = {
    "waiting": "Nobody has signed it yet.",
    "signed-once": "One signature is there; the other duty must sign as well.",
    "approved": "The guard calls it approved. It goes out once both signatures verify against the member list.",
    "refused": "It was refused on the guard's page. Propose another phrase, or keep it and say why.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One outcome in the list."""

    path: str
    what: str
    month: str
    state: str
    age: str
    received_on: str


@dataclass(frozen=True, slots=True)
class OutcomesPage:
    """The list."""

    template: ClassVar[str] = "corridor/outcomes.html"
    at: ClassVar[str] = "outcomes"
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """One outcome with its report, items and thread, and the decision."""

    template: ClassVar[str] = "corridor/outcome.html"
    at: ClassVar[str] = "outcomes"
    path: str
    state: str
    received_on: str
    link: Link | None
    since: str
    report_path: str
    report_title: str
    tip_path: str
    items: tuple[ItemView, ...]
    may_decide: bool
    may_keep: bool
    fitting: tuple[phrases.Phrase, ...]
    others: tuple[phrases.Phrase, ...]
    proposed: str
    proposed_by: str
    signatures: str
    signers: tuple[str, ...]
    refusal: str
    kept_by: str
    problem: Problem


@signed_in
async def listing(request: web.Request) -> web.Response:
    """Show the list; phrases that two people have signed meanwhile are sent first."""
    person = await refresh(request)
    async with corridor(request).pool.acquire() as db:
        found = await outcomes.listing(db, person.vault)
    today = now().date()
    page = OutcomesPage(
        tuple(
            Row(
                path=f"/outcomes/{one.row.id}",
                what="Cannot be opened" if one.link is None else one.link.label,
                month="" if one.link is None else words.month(one.link.month),
                state=STATE[one.row.state],
                age=words.age(one.row.received_on, today),
                received_on=words.day(one.row.received_on),
            )
            for one in found
        )
    )
    return render(request, page)


@signed_in
async def show(request: web.Request) -> web.Response:
    """Show one outcome."""
    await refresh(request)
    return await _outcome(request, NO_PROBLEM)


@signed_in
async def propose(request: web.Request) -> web.Response:
    """Ask for the two signatures on a phrase."""
    form = await read_form(request)
    person = await current(request)
    try:
        await outcomes.propose(corridor(request).pool, person, record_id(request), form.get("phrase", ""), now().date())
    except NotThereError:
        raise
    except CorridorError as error:
        return await _outcome(request, Problem("propose", str(error), form))
    return see_other(f"/outcomes/{record_id(request)}")


@signed_in
async def keep(request: web.Request) -> web.Response:
    """Decide that the source is told nothing of this."""
    form = await read_form(request)
    person = await current(request)
    try:
        await outcomes.keep(corridor(request).pool, person, record_id(request), form.get("reason", ""))
    except NotThereError:
        raise
    except CorridorError as error:
        return await _outcome(request, Problem("keep", str(error), form))
    return see_other(f"/outcomes/{record_id(request)}")


async def _outcome(request: web.Request, problem: Problem) -> web.Response:
    person = await current(request)
    async with corridor(request).pool.acquire() as db:
        case = await outcomes.case(db, person, record_id(request))
    return render(request, _page(case, person.members, problem), 400 if problem.words else 200)


def _page(case: Case, members: MemberList, problem: Problem) -> OutcomePage:
    row, link, report, proposal = case.outcome.row, case.outcome.link, case.report, case.proposal
    fitting = link.proposed if link is not None else ()
    refused = row.state is OutcomeState.PROPOSED and proposal is not None and proposal.state == "refused"
    waits = row.state is OutcomeState.RECEIVED or refused
    return OutcomePage(
        path=f"/outcomes/{row.id}",
        state=STATE[row.state],
        received_on=words.day(row.received_on),
        link=link,
        since="" if link is None else words.month(link.month),
        report_path="" if report is None else f"/reports/{report.row.id}",
        report_title="" if report is None else report.draft.title,
        tip_path="" if report is None else f"/tips/{report.draft.tip}",
        items=tuple(item_view(item, members) for item in case.items),
        may_decide=waits and report is not None,
        may_keep=link is not None and waits,
        fitting=fitting,
        others=tuple(phrase for phrase in phrases.PHRASES if phrase not in fitting),
        proposed="" if proposal is None else _words(proposal.phrase),
        proposed_by="" if proposal is None else views.display(proposal.requested_by, members),
        signatures="" if proposal is None else _SIGNATURES.get(proposal.state, proposal.state),
        signers=tuple(views.display(name, members) for name in case.signers),
        refusal=case.refusal,
        kept_by="" if link is None or not link.kept_by else views.display(link.kept_by, members),
        problem=problem,
    )


def _words(code: str) -> str:
    try:
        return phrases.phrase(code).text
    except phrases.NoSuchPhraseError:
        return code
