"""A request from a tip that not every handler may read does not exist at the guard for the others."""

from uuid import uuid4

import pytest

from handling.guard import phrases, reviews, service, store
from handling.guard.refusal import NoSuchRequestError
from handling.guard.service import today
from handling.rules.release import Kind
from tests.handling.guard.world import World


async def test_a_hidden_request_is_neither_listed_counted_nor_found(world: World) -> None:
    review, phrase = await world.ask_review(), await world.ask_phrase()
    for table in ("review", "phrase"):
        await world.owner.execute(f"UPDATE guard.{table} SET shown_to = '{{amina,clara}}'")

    async with world.guard.pool.acquire() as db:
        for who, waiting in (("ben", 0), ("amina", 1)):
            for queue in (await store.reviews(db, who), await store.phrases(db, who)):
                assert (len(queue.shown), queue.waiting) == (waiting, waiting)

    for kind, subject in ((Kind.REVIEW, review), (Kind.PHRASE, phrase)):
        for one in (subject, uuid4()):
            with pytest.raises(NoSuchRequestError):
                await service.look(world.guard, kind, one, "ben", today())
            with pytest.raises(NoSuchRequestError):
                await service.refuse(world.guard, kind, one, who="ben", reason="x", today=today())
    with pytest.raises(NoSuchRequestError):
        await reviews.open_(world.guard, review, world.hand("ben"), today())
    with pytest.raises(NoSuchRequestError):
        await phrases.look(world.guard, phrase, "ben", today())
    with pytest.raises(NoSuchRequestError):
        await phrases.sign(world.guard, phrase, world.hand("ben", "helped"), today())
    assert (await service.look(world.guard, Kind.PHRASE, phrase, "clara", today()))[0].may_sign
