"""The guard killed before each thing that lasts while somebody signs: both signature and what it lets out, or neither."""

from uuid import UUID

from crypto import age
from handling.guard import releases, reviews
from handling.guard.main import app
from handling.guard.pages import GUARD
from handling.guard.service import Hand, today
from handling.guard.store import State
from handling.rules.package import NAMES, unpack
from tests.crashing import each_point
from tests.handling.guard.world import World
from tipline.base import database
from tipline.base.settings import Settings

_PARTS = """
    SELECT state, octet_length(sealed) AS kept,
           (SELECT count(*) FROM guard.signature WHERE subject = release.id) AS signatures,
           (SELECT count(*) FROM exchange.package WHERE id = release.id) AS packages
      FROM guard.release
     WHERE id = $1
"""
_REVIEWED = """
    SELECT state, (SELECT count(*) FROM guard.signature WHERE subject = review.id) AS signatures,
           (SELECT count(*) FROM desk.inbox WHERE id = review.id) AS reports
      FROM guard.review
     WHERE id = $1
"""


async def release_signed(settings: Settings, release: UUID, name: str, passphrase: str) -> None:
    """A guard of its own: read a release and sign it."""
    guard = app(settings, await database.pool(database.dsn_for(settings, "tipline_guard")))[GUARD]
    view = await releases.open_(guard, release, Hand(name, passphrase), today())
    await releases.sign(guard, release, Hand(name, passphrase, view.seen), today())


async def review_signed(settings: Settings, review: UUID, name: str, passphrase: str) -> None:
    """A guard of its own: read a report and sign its review."""
    guard = app(settings, await database.pool(database.dsn_for(settings, "tipline_guard")))[GUARD]
    view = await reviews.open_(guard, review, Hand(name, passphrase), today())
    await reviews.sign(guard, review, Hand(name, passphrase, view.asked.seen), today())


async def test_a_second_signature_that_is_killed_anywhere_lets_the_package_out_whole_and_once(
    world: World,
) -> None:
    asked: list[UUID] = []
    left = 0

    async def signed_once(_: int) -> tuple[object, ...]:
        asked.append(await world.ask_release())
        assert await world.sign_release(asked[-1], "ben") is State.SIGNED_ONCE
        return world.settings, asked[-1], "clara", world.passphrase("clara")

    async for _ in each_point(release_signed, signed_once):
        row = await world.owner.fetchrow(_PARTS, asked[-1])
        if row["state"] == "signed-once":
            assert (row["signatures"], row["packages"]) == (1, 0)
            assert row["kept"] > 0
            assert await world.sign_release(asked[-1], "clara") is State.RELEASED
            row = await world.owner.fetchrow(_PARTS, asked[-1])
        else:
            left += 1
        assert tuple(row.values()) == ("released", 0, 2, 1)

    assert len(asked) > 6
    assert left == 1  # killed at the last point, when the commit was done and nobody had heard of it
    assert await world.packages() == len(asked)
    identity = age.Identity.parse(
        (world.settings.data / "practice" / "harbour-customs" / "key.txt").read_text().strip()
    )
    for sealed in await world.owner.fetch("SELECT sealed FROM exchange.package"):
        assert set(unpack(age.open_(sealed["sealed"], [identity]))) == NAMES


async def test_a_first_signature_that_is_killed_anywhere_is_given_once_and_lets_nothing_out(world: World) -> None:
    asked: list[UUID] = []

    async def waiting(_: int) -> tuple[object, ...]:
        asked.append(await world.ask_release())
        return world.settings, asked[-1], "ben", world.passphrase("ben")

    async for _ in each_point(release_signed, waiting):
        row = await world.owner.fetchrow(_PARTS, asked[-1])
        assert row["signatures"] == (row["state"] == "signed-once")
        if row["state"] == "waiting":
            assert await world.sign_release(asked[-1], "ben") is State.SIGNED_ONCE
        assert await world.signed_by(asked[-1]) == ["ben"]

    assert await world.packages() == 0


async def test_a_review_that_is_killed_anywhere_reaches_the_desk_once(world: World) -> None:
    asked: list[UUID] = []

    async def waiting(_: int) -> tuple[object, ...]:
        asked.append(await world.ask_review())
        return world.settings, asked[-1], "ben", world.passphrase("ben")

    async for _ in each_point(review_signed, waiting):
        row = await world.owner.fetchrow(_REVIEWED, asked[-1])
        if row["state"] == "waiting":
            assert (row["signatures"], row["reports"]) == (0, 0)
            await world.sign_review(asked[-1])
            row = await world.owner.fetchrow(_REVIEWED, asked[-1])
        assert tuple(row.values()) == ("signed", 1, 1)
