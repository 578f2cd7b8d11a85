"""Material that a report rests on at the guard: shown to whoever signs, held against the report, and enforced once more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handling.guard import fact_words, reviews
from handling.guard.asked import ReviewAsked, contradictions
from handling.guard.refusal import RefusedError
from handling.guard.service import today
from handling.rules.facts import ReportFacts
from handling.rules.material import PassOn, Piece
from handling.rules.terms import Tlp
from tests.handling.guard.world import CUSTOMS, PARKS, Edit, Forgery, World, facts_of, rest_on
from tests.handling.materials import a_piece

LAST = today() + timedelta(days=5)
LET = a_piece(
    PARKS,
    pass_on=PassOn.MAY,
    agencies=frozenset({CUSTOMS}),
    delete_by=LAST,
    marking=Tlp.AMBER,
    lines=("Name no ranger of ours.",),
)


def resting(*sent: Piece) -> Edit:
    def edit(asked: dict[str, Any]) -> None:
        rest_on(asked["report"], sent)
        asked["facts"] = facts_of(asked["report"], CUSTOMS, sent)

    return edit


async def shown(world: World, edit: Edit) -> ReviewAsked:
    review = await world.ask_review(edit=edit)
    return (await reviews.open_(world.guard, review, world.hand("ben"), today())).asked


async def test_a_reviewer_reads_each_piece_with_its_agency_hash_and_conditions(world: World) -> None:
    asked = await shown(world, resting(LET))

    lines = dict(fact_words.lines(asked.facts))

    told = lines[f"Material 1, of {PARKS}"]
    assert all(words in told for words in (*LET.conditions.words(), LET.sha256))
    assert lines["Rests on material of"] == PARKS
    assert contradictions(asked.report, asked.facts, asked.agencies) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda facts: replace(facts, material=()), "pieces of material"),
        (lambda facts: replace(facts, material=None), "pieces of material"),
        (
            lambda facts: replace(facts, material=(replace(LET, conditions=a_piece().conditions),)),
            "pieces of material",
        ),
        (lambda facts: replace(facts, originators=frozenset()), "do not name among its originators"),
    ],
    ids=["left out", "not stated", "under other conditions", "of an agency that is not named"],
)
async def test_facts_that_say_less_of_material_than_the_report_are_not_signed(
    world: World, change: Callable[[ReportFacts], ReportFacts], words: str
) -> None:
    def edit(asked: dict[str, Any]) -> None:
        resting(LET)(asked)
        asked["facts"] = change(ReportFacts.from_body(asked["facts"])).to_body()

    review = await world.ask_review(edit=edit)

    with pytest.raises(RefusedError) as caught:
        await world.sign_review(review)

    assert any(words in reason for reason in caught.value.refused.reasons)
    assert await world.state("review", review) == "waiting"


async def test_what_may_go_leaves_under_the_conditions_of_its_material(world: World) -> None:
    content = await world.release_content(Forgery(sent=(LET,)))
    release = await world.ask_release(content=content)

    for name in ("ben", "clara"):
        await world.sign_release(release, name)

    manifest = content["manifest"]
    assert await world.packages() == 1
    assert manifest["delete_by"] == LAST.isoformat()
    assert manifest["terms"]["material"] == [LET.listed()]
    assert manifest["terms"]["onward"]["rule"] in {"ask", "never"}
    assert any("Name no ranger of ours." in line for line in manifest["conditions"])
    assert PARKS not in str(manifest)


FORGED: dict[str, tuple[Forgery, str]] = {
    "its agency says never": (
        Forgery(
            sent=(LET,),
            review=lambda body: body["facts"].update(
                material=[replace(LET, conditions=replace(a_piece().conditions, pass_on=PassOn.NEVER)).to_body()]
            ),
        ),
        "passing-on/never",
    ),
    "its agency wants to be asked": (
        Forgery(sent=(LET,), review=lambda body: body["facts"].update(by_hand=[PARKS])),
        "originator/ask",
    ),
    "the review says nothing of material": (
        Forgery(sent=(LET,), review=lambda body: body["facts"].update(material=None)),
        "passing-on/not-stated",
    ),
    "the report lists none": (
        Forgery(sent=(LET,), report=lambda document: document.pop("material")),
        "pieces of material",
    ),
    "it is kept for longer": (
        Forgery(sent=(LET,), manifest=lambda body: body.update(delete_by=(LAST + timedelta(days=1)).isoformat())),
        "not those that follow",
    ),
    "its line is left out": (
        Forgery(
            sent=(LET,),
            manifest=lambda body: body.update(conditions=[line for line in body["conditions"] if "ranger" not in line]),
        ),
        "not those that follow",
    ),
    "its terms are left out": (
        Forgery(sent=(LET,), manifest=lambda body: body["terms"].pop("material")),
        "not those that follow",
    ),
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_desk_that_forgets_a_condition_gets_nothing_out(world: World, how: str) -> None:
    forged, words = FORGED[how]
    release = await world.ask_release(forged)

    with pytest.raises(RefusedError) as caught:
        await world.sign_release(release, "ben")

    assert any(words in reason for reason in caught.value.refused.reasons), caught.value.refused.reasons
    assert await world.packages() == 0
