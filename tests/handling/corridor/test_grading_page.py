"""How grades were given and turned out, said to whoever grades and reviews, and only from what they may read."""

from uuid import uuid4

from crypto import age
from crypto.canonical import canonical
from handling.corridor import asking, items, outcomes, reports
from handling.corridor.session import Handler
from handling.data import scheme
from tests.handling.corridor.conftest import World
from tests.handling.corridor.sources import AT, TODAY, Source
from tests.journeys.browser import Browser


async def test_grades_that_always_agree_are_said_to_their_author_and_beside_the_items(
    world: World, browser: Browser, amina: Handler
) -> None:
    await world.collected(Source().tip(world.intake))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    empty = await browser.open("/grading")
    for number in range(10):
        await items.add(world.pool, amina, tip.row.id, f"Fact {number}.", AT)
    async with world.pool.acquire() as db:
        known = await items.of_tip(db, amina.vault, tip.row.id, tip.row.thread)
    for item in known:
        await items.grade(world.pool, amina, item.id, scheme(), source="1", information="A", reason="Known.", now=AT)

    grade = await browser.open(f"/items/{known[0].id}/grade")
    beside = await browser.open(f"/tips/{tip.row.id}/items")
    page = await browser.open("/grading")

    assert "Nothing is graded yet" in empty.text
    assert "You have graded 10 of 10 items alike on both axes" in grade.text
    assert "graded 10 of 10 items alike on both axes" in beside.text
    assert "100% – above what independent axes give" in page.text  # noqa: RUF001
    assert "No outcome has come back yet" in page.text

    async with world.pool.acquire() as db:
        apart = await asking.alike(db, amina.vault, "amina")
        amina.vault.unrestrict(tip.row.thread)
        told = await asking.alike(db, amina.vault, "amina"), await asking.alike(db, amina.vault, "ben")
    assert not apart, "a tip that only some may read tells the guard nothing, not even by a count"
    assert told == (True, False)


async def test_outcomes_are_held_against_grades_and_single_cases_are_not_shown(
    world: World, browser: Browser, amina: Handler
) -> None:
    await world.collected(Source().tip(world.intake))
    await world.resealer.run(amina)
    (tip,) = await world.tips(amina)
    for number in range(5):
        await items.add(world.pool, amina, tip.row.id, f"Fact {number}.", AT)
    async with world.pool.acquire() as db:
        known = await items.of_tip(db, amina.vault, tip.row.id, tip.row.thread)
    for number, item in enumerate(known):
        code = "C" if number else "D"
        await items.grade(world.pool, amina, item.id, scheme(), source="2", information=code, reason="Told.", now=AT)
    report = await reports.begin(world.pool, amina, tip.row.id, [item.id for item in known], TODAY)
    link = {"urn": f"urn:uuid:{report}", "stage": "outcome", "code": "seizure", "tell_source": True, "month": "2026-11"}
    await world.inside.execute(
        "INSERT INTO corridor.outcome (id, sealed, received_on, report) VALUES ($1, $2, $3, $4)",
        uuid4(),
        age.seal(canonical(link), [amina.members.corridor_vault]),
        TODAY,
        report,
    )
    await outcomes.reseal(world.pool, amina)

    page = await browser.open("/grading")

    assert "Source 2: Untested 5 0 0" in page.text
    assert "Information C: Known indirectly fewer than 5 0 0" in page.text
    assert "Source 1: Reliable 0 0 0" in page.text
