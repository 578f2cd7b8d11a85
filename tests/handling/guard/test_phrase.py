"""A phrase is approved by one handler and one officer, two different people, over the same code."""

import pytest

from crypto.statement import Signed, Statement
from handling.guard.refusal import ChangedError, NotNowError, RefusedError
from handling.guard.store import State
from tests.handling.guard.world import World


@pytest.mark.parametrize("order", [("ben", "clara"), ("clara", "ben"), ("amina", "clara")])
async def test_a_handler_and_an_officer_approve_in_either_order(world: World, order: tuple[str, str]) -> None:
    outcome = await world.ask_phrase()

    assert await world.sign_phrase(outcome, order[0]) is State.SIGNED_ONCE
    assert await world.sign_phrase(outcome, order[1]) is State.APPROVED

    assert await world.signed_by(outcome) == sorted(order)


async def test_both_signatures_verify_for_the_corridor(world: World) -> None:
    outcome = await world.ask_phrase()
    await world.sign_phrase(outcome, "ben")
    await world.sign_phrase(outcome, "clara")

    rows = await world.corridor.fetch("SELECT signer, signature FROM guard.signature WHERE subject = $1", outcome)
    statement = Statement.make("tipline/phrase/v1", {"outcome": str(outcome), "phrase": "helped"})
    for row in rows:
        statement = statement.with_signed(Signed(world.listed.member(row["signer"]).signing, row["signature"]))
    public = [world.listed.member(name).signing for name in ("ben", "clara")]
    assert statement.verify("tipline/phrase/v1", public, needed=2)["phrase"] == "helped"


@pytest.mark.parametrize("second", ["ben", "amina"])
async def test_two_handlers_or_one_person_twice_approve_nothing(world: World, second: str) -> None:
    outcome = await world.ask_phrase()
    await world.sign_phrase(outcome, "ben")

    with pytest.raises(NotNowError):
        await world.sign_phrase(outcome, second)

    assert await world.state("phrase", outcome) == "signed-once"


async def test_a_phrase_that_is_not_on_the_list_is_never_signed(world: World) -> None:
    outcome = await world.ask_phrase("customs-raid-in-march")

    with pytest.raises(RefusedError):
        await world.sign_phrase(outcome, "ben", "customs-raid-in-march")

    assert await world.signed_by(outcome) == []


async def test_a_phrase_changed_after_it_was_shown_is_not_signed(world: World) -> None:
    outcome = await world.ask_phrase("received")

    with pytest.raises(ChangedError):
        await world.sign_phrase(outcome, "ben", "helped")


async def test_a_phrase_changed_between_two_signatures_is_void(world: World) -> None:
    outcome = await world.ask_phrase("received")
    await world.sign_phrase(outcome, "ben", "received")
    await world.owner.execute("UPDATE guard.phrase SET phrase = 'helped' WHERE id = $1", outcome)

    with pytest.raises(RefusedError) as raised:
        await world.sign_phrase(outcome, "clara")

    assert "void" in raised.value.refused.reasons[0]
    assert await world.state("phrase", outcome) == "signed-once"
