"""Whatever is known of an agency that a report is not for, every page and count of sharing is that of a world without it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.secret import Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from handling.desk import overview, share, share_pages, whatif_page
from handling.desk.case import Case
from handling.desk.matching import Party
from handling.desk.overview import Overview, Tally
from handling.desk.reports import REVIEW, Report, Review, Reviewed
from handling.desk.whatif import Replay
from handling.desk.withholdings import LeftOut
from handling.rules import whatif
from handling.rules.agreements import Agreement
from handling.rules.deconfliction import Answer, Deconfliction
from handling.rules.sharing import Rate, Withheld
from tests.handling.desk.conftest import a_document, facts_of
from tests.handling.rules.samples import AGENCY, AGREEMENT, RECIPIENT, TODAY

HIDDEN = "river-parks"
SIGNER = SigningKey.from_seed(Secret(b"s" * 32))
DOCUMENT = a_document(
    urn=f"urn:uuid:{UUID(int=1)}",
    subject=["goods.ivory"],
    date=TODAY.isoformat(),
    handling="P",
    action=None,
    sanitisation=None,
)
CUSTOMS = Party("Harbour Customs Service", RECIPIENT, AGREEMENT)
THEIRS = replace(AGREEMENT, id="parks", agency=replace(AGREEMENT.agency, id=HIDDEN, name="River Parks Authority"))

agreements = st.sampled_from([None, THEIRS, replace(THEIRS, suspended=True), replace(THEIRS, covered=frozenset())])
left_out = st.lists(st.builds(LeftOut, st.just(HIDDEN), st.sampled_from(Withheld), st.just("amina"), st.just(TODAY)))
days = st.integers(0, 30).map(lambda number: TODAY + timedelta(days=number))


def the_case(*extra: LeftOut, named: frozenset[str] = frozenset({AGENCY})) -> Case:
    report = Report.parse(DOCUMENT)
    statement = Statement.make(REVIEW, {}, SIGNER)
    facts = replace(facts_of(DOCUMENT), agencies=named)
    review = Review(report.sha256, report.urn, facts, "amina", TODAY, "ben", statement)
    clear = Deconfliction("centre", Answer.CLEAR, "amina", TODAY)
    return Case(Reviewed(report, review, TODAY), (), tuple(extra), (clear,))


def counted(case: Case, parties: list[Party], today: date) -> Overview:
    tally = Tally(parties, today)
    tally.add([case])
    return tally.total()


def rates(found: Overview, agency: str) -> list[Rate]:
    return [rate for party, rate in found.rates if party.id == agency]


@settings(deadline=None)
@given(agreements, left_out, days)
def test_pages_and_counts_are_those_of_a_world_without_the_agency(
    agreement: Agreement | None, forged: list[LeftOut], today: date
) -> None:
    with_it, without = (
        [CUSTOMS, Party("River Parks Authority", THEIRS.recipient(), agreement, parent=AGENCY)],
        [CUSTOMS],
    )
    case = the_case(*forged)

    assert share.stands(case, with_it, today) == share.stands(the_case(), without, today)
    assert share_pages.waiting(case, share.stands(case, with_it, today)) == share_pages.waiting(
        the_case(), share.stands(the_case(), without, today)
    )
    here, there = counted(case, with_it, today), counted(the_case(), without, today)
    assert rates(here, AGENCY) == rates(there, AGENCY)
    assert (len(here.overdue), len(here.not_shared)) == (len(there.overdue), len(there.not_shared))
    assert {line.stand.party.id for line in (*here.overdue, *here.not_shared)} <= {AGENCY}
    assert all(rate == Rate() for rate in rates(here, HIDDEN))
    assert HIDDEN not in str(overview.statement(here, {}, (), (), unit="unit", today=today)["overdue"])


@given(agreements.filter(bool), agreements)
def test_no_draft_tells_of_a_report_that_is_not_for_its_agency(draft: Agreement, current: Agreement | None) -> None:
    facts = the_case().reviewed.review.facts

    assert whatif.changes(facts, current, draft, TODAY) == ()
    nothing = Replay(draft, current, TODAY, TODAY, 0, (), 0)
    assert whatif_page.result(nothing, "").reports == ()


def test_the_same_case_with_the_agency_on_its_list_is_told_apart() -> None:
    """The comparison above can fail: it does where the handler's list names the agency."""
    parties = [CUSTOMS, Party("River Parks Authority", THEIRS.recipient(), THEIRS)]

    found = counted(the_case(named=frozenset({AGENCY, HIDDEN})), parties, TODAY)

    assert [(party.id, rate.permitted) for party, rate in found.rates] == [(AGENCY, 1), (HIDDEN, 1)]
