"""What stands in the finished documents beside the reviewed report is found, and leaves only where something explains it."""

import html
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.canonical import canonical
from crypto.digest import sha256
from handling.data import scheme, subjects
from handling.desk import documents, reports
from handling.guard import finished
from handling.guard.asked import Report
from handling.guard.refusal import RefusedError
from handling.guard.scan import Scanned, scan
from handling.rules.agreements import Purpose
from handling.rules.attachments import Kind
from handling.rules.facts import ReportFacts
from handling.rules.manifest import Manifest, manifest_of
from handling.rules.material import Conditions, PassOn, Piece
from handling.rules.package import MANIFEST, READ_FIRST, REPORT_HTML, REPORT_JSON, pack
from handling.rules.policy import evaluate
from handling.rules.residue import Residue
from handling.rules.terms import AgencyClass
from tests.handling.guard.world import Forgery, World, a_report, attach
from tests.handling.rules.samples import AGREEMENT, FACTS, PURPOSE, TODAY

UNIT = "Lake Wildlife Unit"
LEAKY = [json.loads(line)["text"] for line in Path("tests/handling/residue/leaky.jsonl").read_text().splitlines()]


def _looked(
    document: dict[str, Any],
    *,
    add: str = "",
    to: str = REPORT_HTML,
    at: str = "</main>",
    facts: ReportFacts = FACTS,
) -> finished.Looked:
    """What the guard finds in the package of *document*, with *add* put before *at* into one of its pages."""
    report, (manifest, scanned) = Report.read(document), _package(document, add, to, at, facts)
    return finished.look(scanned, report, manifest, AGREEMENT, UNIT)


def _package(document: dict[str, Any], add: str, to: str, at: str, facts: ReportFacts) -> tuple[Manifest, Scanned]:
    decision = evaluate(facts, AGREEMENT, AGREEMENT.recipient(), PURPOSE, TODAY)
    assert decision.obligations
    written = documents.document_of(
        reports.Report.parse(document),
        AGREEMENT,
        decision.obligations,
        purpose=Purpose(PURPOSE),
        marking=facts.marking,
        unit=UNIT,
        scheme=scheme(),
        subjects=subjects(),
    )
    pages = {READ_FIRST: documents.read_first(written), REPORT_HTML: documents.whole_report(written)}
    pages[to] = pages[to].replace(at.encode(), add.encode() + at.encode(), 1)
    files = {**pages, REPORT_JSON: canonical(document)}
    manifest = manifest_of(
        decision,
        AGREEMENT,
        release=UUID(int=1),
        report=document["urn"],
        purpose=PURPOSE,
        facts=facts,
        scheme=scheme(),
        members=files,
        day=TODAY,
    )
    scanned = scan(pack({**files, MANIFEST: canonical(manifest.to_body())}), ())
    assert isinstance(scanned, Scanned)
    return manifest, scanned


texts = st.sampled_from(LEAKY) | st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80
).filter(str.strip)


attached = st.tuples(st.sampled_from(Kind), st.binary(min_size=1, max_size=4000))


@settings(max_examples=20, deadline=None)
@given(texts, texts, st.lists(texts, min_size=1, max_size=9), st.lists(attached, max_size=3))
def test_whatever_the_reviewed_report_says_its_documents_may_say_too(
    title: str, summary: str, items: list[str], copies: list[tuple[Kind, bytes]]
) -> None:
    graded = [{"text": text, "scheme": "3x5x2", "source": "2", "information": "D"} for text in items]

    document = a_report()
    attach(document, copies)

    looked = _looked({**document, "title": title[:200], "summary": summary, "items": graded})

    assert looked.unexplained == ()


def test_a_title_that_ends_as_a_plate_begins_takes_no_number_from_the_date_behind_it() -> None:
    document = {**a_report(), "title": "Manejaba un camión placa"}

    assert _looked(document).unexplained == ()
    assert "“25”" in str(_looked(document, add="<p>un camión placa 25 May 2031</p>").unexplained)


def test_what_the_agreement_the_unit_and_the_days_say_is_shown_with_its_reason_and_the_reports_own_words_are_not() -> (
    None
):
    document = {**a_report(), "summary": "Call +254 722 494 131 about it."}

    looked = _looked(document)

    said = {(one.text, one.because) for one in looked.explained}
    assert ("apart from the", finished.AGREED) in said
    assert {because for _, because in said} <= {finished.AGREED, finished.DAY, finished.UNIT, finished.TOGETHER}
    assert all("722" not in one.text for one in looked.explained)
    assert any(one.because == finished.DAY and one.residue is Residue.DATE for one in looked.explained)


def test_what_another_agency_wrote_among_its_conditions_is_not_said_to_be_agreed() -> None:
    conditions = Conditions(PassOn.MAY, classes=frozenset(AgencyClass), lines=("First call +254 722 494 131.",))
    piece = Piece("aa" * 32, "port-police", conditions)
    document = {**a_report(), "material": [piece.listed()]}
    facts = replace(FACTS, material=(piece,), originators=frozenset({"port-police"}), by_hand=frozenset())

    looked = _looked(document, facts=facts)

    assert looked.unexplained == ()
    assert {one.because for one in looked.explained if "722" in one.text} == {finished.CONDITION}


@pytest.mark.parametrize("to", [READ_FIRST, REPORT_HTML])
@pytest.mark.parametrize(
    "added",
    [
        "<p>His number is +254 722 494 131.</p>",
        "<p>My cousin tallies cargo there.</p>",
        '<p title="+254 722 494 131">Two crates.</p>',
        "<style>/* +254 722 494 131 */</style>",
        "<p>Two\u200b crates.</p>",
        "<p>Seen on 3 March 2026.</p>",
    ],
)
def test_what_neither_report_nor_agreement_has_stops_it_and_is_named(added: str, to: str) -> None:
    looked = _looked(a_report(), add=added, to=to)

    assert looked.unexplained
    assert all(reason.startswith(to) for reason in looked.unexplained)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([text for text in LEAKY if "+" in text]))
def test_a_number_that_nobody_decided_about_never_passes_by_accident(leaky: str) -> None:
    assert _looked(a_report(), add=f"<p>{html.escape(leaky)}</p>").unexplained


async def test_a_desk_that_writes_more_into_a_page_gets_nothing_out_though_every_hash_fits(world: World) -> None:
    manifest: dict[str, Any] = {}

    def write(files: dict[str, Any]) -> None:
        files[REPORT_HTML] = files[REPORT_HTML].replace(b"</main>", b"<p>Ask +254 722 494 131.</p></main>")
        manifest["members"] = manifest["members"] | {REPORT_HTML: sha256(files[REPORT_HTML]).hex()}
        files[MANIFEST] = canonical(manifest)

    content = await world.release_content(Forgery(manifest=manifest.update, members=write))
    release = await world.ask_release(content={**content, "manifest": manifest})

    with pytest.raises(RefusedError) as refused:
        await world.sign_release(release, "ben")
    (reason,) = refused.value.refused.reasons
    assert "722 494 131" in reason
