"""A recall leaves after one officer's signature and ends the handing out; a desk that lies recalls nothing of anybody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from crypto import age
from crypto.canonical import parse
from crypto.secret import Secret
from handling.guard.refusal import GuardError, RefusedError
from handling.guard.service import today
from handling.rules.notices import Notice, NoticeKind
from tests.handling.guard.noticed import Asking, ask, sign
from tests.handling.guard.world import CUSTOMS, PARKS, World

_LETS_OUT = """
    INSERT INTO exchange.package (id, agency, channel, sealed, signature, "check", released_on, acknowledge_by,
                                  feedback_due, delete_by)
    VALUES ($1, $2, 'age', '', '', $3, $4, $4, $4, $5)
"""


async def let_out(world: World, agency: str = CUSTOMS) -> UUID:
    """A package that lies at the exchange."""
    release = uuid4()
    await world.owner.execute(_LETS_OUT, release, agency, bytes(32), today(), today() + timedelta(days=90))
    return release


def recall_of(release: UUID, **changes: Any) -> Asking:
    """What a desk asks for: customs' copies back."""

    def notice(body: dict[str, Any]) -> None:
        about = {"release": str(release), "reason": "breach", "asked": "destroyed"}
        body.update({"kind": "recall", "reference": release.urn, "words": "", "about": about, **changes})

    return replace(Asking(), notice=notice)


async def package(world: World, release: UUID) -> asyncpg.Record:
    return await world.owner.fetchrow("SELECT recalled_on, delete_by FROM exchange.package WHERE id = $1", release)


async def test_one_officers_signature_sends_a_recall_and_ends_the_handing_out(world: World) -> None:
    release = await let_out(world)
    notice = await ask(world, recall_of(release))
    before = await package(world, release)

    await sign(world, notice)

    row = await world.owner.fetchrow("SELECT agency, sealed FROM exchange.notice WHERE id = $1", notice)
    key = (world.settings.data / "practice" / CUSTOMS / "key.txt").read_text().strip()
    text = age.open_(row["sealed"], [age.Identity.parse(Secret(key.encode()))]).decode()
    read = Notice.from_body(parse(text.splitlines()[-1].encode()))
    assert before["recalled_on"] is None
    assert tuple(await package(world, release)) == (today(), read.day)
    assert (row["agency"], read.kind) == (CUSTOMS, NoticeKind.RECALL)
    assert "It was lost, or seen by others" in text
    assert str(release) in text


async def test_a_recall_never_moves_the_last_day_back(world: World) -> None:
    release = await let_out(world)
    soon = today() + timedelta(days=2)
    await world.owner.execute("UPDATE exchange.package SET delete_by = $2 WHERE id = $1", release, soon)

    await sign(world, await ask(world, recall_of(release)))

    assert tuple(await package(world, release)) == (today(), soon)


@pytest.mark.parametrize("lie", ["another agency's package", "no package"])
async def test_a_recall_of_what_was_not_released_to_this_agency_is_refused_and_changes_nothing(
    world: World, lie: str
) -> None:
    theirs = await let_out(world, PARKS)
    notice = await ask(world, recall_of(theirs if lie.startswith("another") else uuid4()))

    with pytest.raises(RefusedError) as refused:
        await sign(world, notice)

    assert refused.value.refused.reasons == ("No package with this number was released to this agency.",)
    assert (await package(world, theirs))["recalled_on"] is None
    assert await world.owner.fetchval("SELECT count(*) FROM exchange.notice") == 0


async def test_a_recall_whose_reviewer_has_left_still_leaves_since_nothing_of_the_report_does(world: World) -> None:
    release = await let_out(world)
    stranger = await world.signing_key("clara")

    notice = await ask(world, replace(recall_of(release), reviewer=stranger))
    await sign(world, notice)

    assert (await package(world, release))["recalled_on"] == today()


@pytest.mark.parametrize(
    "changes",
    [
        {"words": "Meet the boat at nine."},
        {"reference": uuid4().urn},
        {"about": {"release": str(uuid4()), "reason": "boat", "asked": "destroyed"}},
    ],
)
async def test_a_recall_with_other_words_than_the_closed_lists_is_no_notice(
    world: World, changes: dict[str, Any]
) -> None:
    notice = await ask(world, recall_of(await let_out(world), **changes))

    with pytest.raises(GuardError):
        await sign(world, notice)

    assert await world.owner.fetchval("SELECT count(*) FROM exchange.notice") == 0


async def test_the_same_recall_leaves_once(world: World) -> None:
    notice = await ask(world, recall_of(await let_out(world)))
    await sign(world, notice)

    with pytest.raises(GuardError):
        await sign(world, notice)

    assert await world.owner.fetchval("SELECT count(*) FROM exchange.notice") == 1
