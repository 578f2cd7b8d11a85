"""Reports over HTTP: a new text from graded items, an explicit list of agencies, and a review by somebody else."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestServer

from crypto import age
from crypto.canonical import canonical
from crypto.errors import NoMatchError
from crypto.secret import Secret
from handling.corridor.document import Draft, DraftItem, Finished, Unfinished, finish
from handling.corridor.risk import Typed
from handling.corridor.stating import Stated
from handling.data import countries, scheme, subjects
from handling.rules.facts import ReportFacts
from handling.rules.grading import Grade
from handling.rules.risk import Axis, RiskFact
from handling.rules.terms import DataCategory, Tlp
from handling.store import members
from tests.handling.corridor.conftest import World, sign_in
from tests.handling.corridor.sources import TODAY
from tests.journeys.answers import ANSWERED
from tests.journeys.browser import Browser, Page
from tests.lists import root_signs, without
from tipline.base import accounts

GOOD = {
    "title": "Ivory in a warehouse",
    "summary": "Ivory is stored near the harbour.",
    "subject": ["goods.ivory"],
    "agency": ["river-parks"],
    **ANSWERED,
    "sum_of_knowledge": "Several people know each part of it.",
}
RISK = {
    name: value
    for axis in Axis
    for name, value in ((f"risk-{axis.value}", "low"), (f"risk-words-{axis.value}", f"Nothing on {axis.value}."))
}


async def test_a_draft_starts_with_nothing_ticked_and_the_sources_exclusion_beside_the_list(draft: Page) -> None:
    ticked = [name for name, _ in draft.form(draft.path).fields if name == "agency"]

    assert ticked == []
    assert "Harbour Customs Service" in draft.text
    assert "River Parks Authority" in draft.text
    assert draft.text.index("Customs officer Marek") < draft.text.index("Tick every agency")


async def test_parts_of_the_form_are_folded_until_they_hold_an_answer_or_a_fault_and_say_where_they_stand(
    browser: Browser, draft: Page
) -> None:
    opened = re.compile(r'<details class="part" id="(\w+)" open>')
    assert opened.findall(draft.body.decode()) == ["residue"] * ("wait for a decision" in draft.text)
    for words in (
        "Sum of knowledge Not answered yet",
        "Subjects 0 ticked",
        "0 of 7 questions answered",
        "Risk Not assessed",
    ):
        assert words in draft.text

    refused = await browser.submit(
        draft.path, act="queue", status=400, **{**GOOD, "subject": [], "risk-public": "high"}
    )
    saved = await browser.submit(draft.path, act="save", **{**GOOD, "subject": ["goods.ivory"]})

    assert {"subjects", "risk", "sum", "facts"} <= set(opened.findall(refused.body.decode()))
    assert "Subjects Something is missing here" in refused.text
    anchors = {href.partition("#")[2] for href, _ in refused.links if "#" in href} - {"main"}
    assert {"subjects", "risk"} <= anchors
    assert all(f'id="{anchor}"' in refused.body.decode() for anchor in anchors), "each fault leads to where it is"
    assert {"subjects", "sum", "facts"} <= set(opened.findall(saved.body.decode()))
    assert "7 of 7 questions answered" in saved.text
    assert dict(saved.form(draft.path).fields)["sum_of_knowledge"] == GOOD["sum_of_knowledge"]


async def test_a_draft_is_saved_sealed_under_a_record_key_of_its_own(
    world: World, browser: Browser, draft: Page
) -> None:
    saved = await browser.submit(draft.path, act="save", **GOOD)
    row = await world.inside.fetchrow("SELECT id, sealed, state FROM corridor.report")

    assert "The draft is saved" in saved.text
    assert "Ivory in a warehouse" in saved.text or "Ivory in a warehouse" in saved.body.decode()
    assert row["state"] == "draft"
    assert b"Ivory" not in row["sealed"]
    keys = world.settings.inside / "corridor" / "keyring"
    assert (keys / "restricted" / f"{row['id']}.age").exists()  # as its tip, which names somebody


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"agency": []}, "Tick at least one agency"),
        ({"subject": []}, "Tick at least one subject"),
        ({"title": " "}, "needs a title"),
        ({"summary": ""}, "needs a summary"),
        ({"handling": "C"}, "C needs one action code"),
        ({"marking": ""}, "Choose a marking"),
        ({"data": []}, "Tick what kinds of data"),
        ({"data": ["none", "trade"]}, "Tick what kinds of data"),
        ({"named_persons": []}, "whether it names a person"),
        ({"special": []}, "specially protected data it holds"),
        ({"minors": []}, "anybody under 18"),
        ({"about": ""}, "two letters"),
        ({"about": "KE QQ"}, "Not a country's code: QQ"),
        ({"originator": []}, "whose material came another way"),
        ({"originator": ["nobody-here"]}, "whose material came another way"),
        (
            {"handling": "C", "action_code": "A1", "sanitisation_code": "S2"},
            "because it is shared under conditions (C)",
        ),
        ({"minors": "yes"}, "because a child is concerned"),
        ({"threat_to_life": "yes", **dict(list(RISK.items())[1:])}, "because somebody's life is threatened"),
        ({"risk-public": "high"}, "it was begun"),
        ({"agency": ["nobody-here"]}, "not enrolled any more"),
        ({"sum_of_knowledge": " "}, "Everything in it comes from one tip: say why it may leave all the same."),
    ],
)
async def test_a_report_that_lacks_something_is_not_queued_and_keeps_what_was_written(
    world: World, browser: Browser, draft: Page, missing: Mapping[str, Any], words: str
) -> None:
    refused = await browser.submit(draft.path, act="queue", status=400, **{**GOOD, **missing})

    assert words in refused.text
    assert "Ivory is stored near the harbour." in refused.body.decode() or "summary" in missing
    assert await world.inside.fetchval("SELECT count(*) FROM guard.review") == 0


async def test_a_queued_report_opens_for_the_other_handler_alone_and_holds_document_facts_and_list(
    world: World, browser: Browser, draft: Page
) -> None:
    queued = await browser.submit(
        draft.path, act="queue", handling="C", action_code="A1", sanitisation_code="S2", **RISK, **GOOD
    )

    row = await world.inside.fetchrow("SELECT id, sealed, requested_by FROM guard.review")
    asked = json.loads(age.open_(row["sealed"], [await _release(world, "ben")]))
    assert "Waits for review" in queued.text
    assert row["requested_by"] == "amina"
    assert asked["author"] == "amina"
    assert asked["agencies"] == ["river-parks"]
    assert asked["report"]["urn"] == f"urn:uuid:{row['id']}"
    assert asked["report"]["items"] == [
        {"text": "Tusks are stored in a warehouse.", "scheme": "3x5x2", "source": "2", "information": "C"}
    ]
    facts = ReportFacts.from_body(asked["facts"])
    assert str(facts.handling) == "C A1 S2"
    assert facts.agencies == {"river-parks"}
    assert facts.suspected_false is False
    assert (facts.marking, facts.about) == (Tlp.AMBER, {"KE"})
    assert (facts.named_persons, facts.minors, facts.data) == (False, False, {DataCategory.TRADE})
    assert facts.reviewed is None
    assert (facts.risk, facts.immunity) == (RiskFact.ASSESSED, False)
    assert asked["risk"]["technique"] == {"level": "low", "words": "Nothing on technique."}
    assert "Nothing on" not in json.dumps([asked["report"], asked["facts"]])
    for name in ("amina", "clara"):
        with pytest.raises(NoMatchError):
            age.open_(row["sealed"], [await _release(world, name)])


async def test_a_claim_of_immunity_for_an_item_is_carried_by_whatever_rests_on_it_and_is_never_lost(
    world: World, browser: Browser, draft: Page
) -> None:
    await browser.submit(draft.path, act="queue", **GOOD)
    item = await world.inside.fetchval("SELECT id FROM corridor.item")
    page = await browser.open(f"/items/{item}/grade")

    refused = await browser.submit("/immunity", status=400, why=" ")
    await browser.open(page.path)
    claimed = await browser.submit("/immunity", why="It would lay open how the yard is watched.")

    assert "Say why it is claimed" in refused.text
    assert "Public-interest immunity is claimed" in claimed.text
    again = await browser.open(draft.path)
    assert "Draft" in again.text, "what waited for review without the claim is a draft again"
    assert await world.inside.fetchval("SELECT count(*) FROM guard.review") == 0
    assert "Public-interest immunity is claimed for this item." in again.text
    await browser.submit(draft.path, act="queue")  # with the report's own box not ticked
    row = await world.inside.fetchrow("SELECT sealed FROM guard.review")
    asked = json.loads(age.open_(row["sealed"], [await _release(world, "ben")]))
    assert asked["facts"]["immunity"] is True
    assert asked["claims"] == [{"item": 1, "reason": "It would lay open how the yard is watched."}]
    await browser.open(draft.path)
    second = await browser.submit("/again")
    assert "Public-interest immunity is claimed for this item." in second.text
    with pytest.raises(Exception, match="this record is never changed"):
        await world.inside.execute("DELETE FROM corridor.immunity")


async def test_author_and_reviewer_are_told_what_all_of_it_together_tells_and_how_often_the_tip_was_used(
    world: World, browser: Browser, draft: Page
) -> None:
    await browser.submit(draft.path, act="queue", **GOOD)
    await browser.open(draft.path)
    second = await browser.submit("/again")
    assert "Everything in this report comes from one tip." in second.text
    assert "go to the same agencies" not in second.text
    assert dict(second.form(second.path).fields)["sum_of_knowledge"] == "", "a new version is thought about anew"

    await browser.submit(second.path, act="save", **GOOD)
    page = await browser.open(second.path)
    await browser.submit(second.path, act="queue", **GOOD)

    assert "go to the same agencies: River Parks Authority : 1" in page.text
    rows = await world.inside.fetch("SELECT id, sealed FROM guard.review")
    release = await _release(world, "ben")
    asked = {str(row["id"]): json.loads(age.open_(row["sealed"], [release])) for row in rows}
    told = {id_: one["sum_of_knowledge"] for id_, one in asked.items()}
    reason = GOOD["sum_of_knowledge"]
    assert told[draft.path.rsplit("/", 1)[1]] == {"earlier": {}, "reason": reason}
    assert told[second.path.rsplit("/", 1)[1]] == {"earlier": {"river-parks": 1}, "reason": reason}


async def test_a_new_version_says_to_the_reviewer_alone_which_reports_it_was_begun_from(
    world: World, browser: Browser, draft: Page
) -> None:
    await browser.submit(draft.path, act="queue", **GOOD)
    await browser.open(draft.path)
    second = await browser.submit("/again")
    await browser.submit(second.path, act="save", **GOOD)
    await browser.open(second.path)
    await browser.submit(second.path, act="queue", **GOOD)
    await browser.open(second.path)
    third = await browser.submit("/again")
    await browser.submit(third.path, act="queue", **GOOD)

    rows = await world.inside.fetch("SELECT id, sealed FROM guard.review")
    release = await _release(world, "ben")
    asked = {str(row["id"]): json.loads(age.open_(row["sealed"], [release])) for row in rows}
    ids = [page.path.rsplit("/", 1)[1] for page in (draft, second, third)]
    urns = [f"urn:uuid:{id_}" for id_ in ids]
    assert [asked[id_].get("version_of") for id_ in ids] == [None, urns[:1], urns[:2]]
    assert urns[0] not in json.dumps(asked[ids[2]]["report"])


async def test_nothing_that_is_queued_names_tip_thread_or_source(world: World, browser: Browser, draft: Page) -> None:
    await browser.submit(draft.path, act="queue", **GOOD)

    row = await world.inside.fetchrow("SELECT sealed FROM guard.review")
    opened = age.open_(row["sealed"], [await _release(world, "ben")]).decode()
    ids = await world.inside.fetchrow(
        "SELECT tip.id AS tip, tip.thread, item.id AS item FROM corridor.tip, corridor.item"
    )
    for secret in (*(str(value) for value in ids.values()), "neighbour", "Marek", "blue warehouse"):
        assert secret not in opened


async def test_a_unit_with_one_handler_cannot_queue_a_review(world: World, browser: Browser, draft: Page) -> None:
    await root_signs(world.settings, world.inside, without("ben"))

    refused = await browser.submit(draft.path, act="queue", status=400, **GOOD)

    assert "Nobody else in this unit may review it" in refused.text
    assert await world.inside.fetchval("SELECT state FROM corridor.report") == "draft"


async def test_only_its_author_changes_a_draft(world: World, draft: Page, site: TestServer) -> None:
    async with Browser(str(site.make_url("/"))) as ben:
        await sign_in(world, ben, "ben")
        seen = await ben.open(draft.path)
        token = dict(seen.form("/sign-out").fields)["csrf"]
        async with ben._session.post(draft.url, data={"csrf": token, "act": "save", "title": "Mine"}) as answer:
            status = answer.status

    assert "Only its author changes it" in seen.text
    assert status == 400


async def test_a_refusal_shows_its_reason_and_a_new_version_has_its_own_reference(
    world: World, browser: Browser, draft: Page
) -> None:
    await browser.submit(draft.path, act="queue", **GOOD)
    async with world.pool.acquire() as db:
        listed = await members.load(db, members.trust(world.settings.inside, "tests"), datetime.now(UTC).date())
    reason = age.seal(b"The place leads back to somebody.", [listed.corridor_vault])
    await world.inside.execute("UPDATE guard.review SET state = 'refused', reason = $1", reason)

    refused = await browser.open(draft.path)
    again = await browser.submit("/again")

    assert "Refused in review" in refused.text
    assert "The place leads back to somebody." in refused.text
    assert again.path != draft.path
    assert "Ivory is stored near the harbour." in again.body.decode()
    assert [name for name, _ in again.form(again.path).fields if name == "agency"] == []


async def test_a_signed_review_shows_and_a_queued_report_is_not_changed_any_more(
    world: World, browser: Browser, draft: Page
) -> None:
    token = dict(draft.form(draft.path).fields)["csrf"]
    await browser.submit(draft.path, act="queue", **GOOD)
    await world.inside.execute("UPDATE guard.review SET state = 'signed'")

    reviewed = await browser.open(draft.path)
    async with browser._session.post(draft.url, data={"csrf": token, "act": "save", "title": "Changed"}) as answer:
        status = answer.status

    assert "Reviewed: the desk has it" in reviewed.text
    assert status == 400
    assert "Reviewed" in (await browser.open("/reports")).text


async def test_words_of_the_tip_wait_for_a_decision_before_review(world: World, browser: Browser, draft: Page) -> None:
    shared = {**GOOD, "summary": "Boxes with tusks stand in the blue warehouse."}
    refused = await browser.submit(draft.path, act="queue", status=400, **shared)

    assert "Decide about everything that was found" in refused.text
    assert "2 of 2 wait for a decision" in refused.text  # the words, and where it was
    assert "Boxes with tusks stand in the blue warehouse" in refused.text
    assert await world.inside.fetchval("SELECT count(*) FROM guard.review") == 0


async def test_a_proposal_goes_into_the_text_wherever_the_words_stand(browser: Browser, draft: Page) -> None:
    leaky = {**GOOD, "summary": "Call +254 722 123456. The number +254 722 123456 answers at night."}
    await browser.submit(draft.path, act="save", **leaky)
    await browser.submit(draft.path, act="save", **leaky, **{"do-1": "put", "instead-1": "a phone"})
    page = await browser.open(draft.path)

    assert dict(page.form(draft.path).fields)["summary"] == "Call a phone. The number a phone answers at night."
    assert "Nothing was found in the draft" in page.text


async def test_what_stays_goes_to_the_reviewer_with_its_reason_and_is_forgotten_with_the_words(
    world: World, browser: Browser, draft: Page
) -> None:
    leaky = {**GOOD, "summary": "The brother of the owner pays."}
    await browser.submit(draft.path, act="save", **leaky)
    kept = {"do-1": "keep", "why-1": "The trade register names him."}
    await browser.submit(draft.path, act="save", **leaky, **kept)
    assert "All 1 are decided" in (await browser.open(draft.path)).text
    await browser.submit(draft.path, act="queue", **leaky, **kept)

    row = await world.inside.fetchrow("SELECT sealed FROM guard.review")
    asked = json.loads(age.open_(row["sealed"], [await _release(world, "ben")]))
    assert asked["kept"] == [{"class": "kinship", "text": "brother", "reason": "The trade register names him."}]


async def test_a_reason_that_is_empty_decides_nothing(browser: Browser, draft: Page) -> None:
    leaky = {**GOOD, "summary": "The brother of the owner pays."}
    await browser.submit(draft.path, act="save", **leaky)

    await browser.submit(draft.path, act="queue", status=400, **leaky, **{"do-1": "keep", "why-1": "  "})
    assert "1 of 1 wait" in (await browser.open(draft.path)).text


async def test_a_reason_goes_with_the_words_it_was_for(browser: Browser, draft: Page) -> None:
    leaky = {**GOOD, "summary": "The brother of the owner pays."}
    await browser.submit(draft.path, act="save", **leaky)
    await browser.submit(draft.path, act="save", **leaky, **{"do-1": "keep", "why-1": "Public."})
    await browser.submit(draft.path, act="queue", **{**GOOD, "summary": "A person pays."})

    assert "Waits for review" in (await browser.open(draft.path)).text


def test_an_item_graded_as_suspected_false_makes_the_report_so() -> None:
    risk = Typed(axes={axis.value: ("low", "Little.") for axis in Axis})
    draft = replace(_draft(Grade("3x5x2", "2", "E")), risk=risk)

    finished = finish(
        draft,
        UUID(int=7),
        scheme=scheme(),
        subjects=subjects(),
        countries=countries(),
        enrolled={"a"},
        today=TODAY,
        claimed={},
    )

    assert isinstance(finished, Finished)
    assert finished.facts.suspected_false is True
    assert Draft.from_body(json.loads(canonical(draft.to_body()))) == draft


def test_everything_that_is_missing_is_said_at_once() -> None:
    bare = Draft.from_body({**_draft(Grade("3x5x2", "2", "D")).to_body(), "title": "", "subjects": [], "agencies": []})

    unfinished = finish(
        bare,
        UUID(int=7),
        scheme=scheme(),
        subjects=subjects(),
        countries=countries(),
        enrolled={"a"},
        today=TODAY,
        claimed={},
    )

    assert isinstance(unfinished, Unfinished)
    assert [field for field, _ in unfinished.reasons] == ["title", "subjects", "agencies"]


def _draft(grade: Grade) -> Draft:
    return Draft(
        tip=UUID(int=1),
        thread=UUID(int=2),
        title="t",
        summary="s",
        items=(DraftItem(UUID(int=3), "fact", grade),),
        handling="P",
        action="",
        sanitisation="",
        subjects=("goods.ivory",),
        agencies=("a",),
        suspected_false=False,
        date=date(2026, 11, 23),
        stated=Stated.of_form(ANSWERED),
        sum_of_knowledge="Several people know each part of it.",
    )


async def _release(world: World, name: str) -> age.Identity:
    content = await accounts.unlock(world.inside, "guard", name, world.practice.passphrase("guard", name))
    return age.Identity.parse(Secret(content["release_identity"].encode()))
