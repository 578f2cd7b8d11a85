"""A codename that has a mailbox and a right-looking one that has none cost the same: time does not tell them apart."""

import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from crypto.codename import Codename, SourceKeys, keys, new_token, pickup_code
from tests.adversarial.timing import Sides, quickest, ratio
from tests.journeys.browser import Browser
from tests.tipline.source.running import Zone, a_zone, running
from tests.tipline.source.test_report import report
from tipline.base import database
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.bundles import PICKUP_BYTES
from tipline.source import keep
from tipline.source.ceilings import Ceilings, Gate

RATIO = 1.1  # between two answers to a visitor, through every process and at no distance
SECONDS = 0.00005  # between two answers of what looks into the database

EACH = 200  # questions of both kinds in a round
KNOWN = 1  # of the two sides that are compared


@pytest.fixture
async def zone(settings: Settings, public_db: Db) -> Zone:
    return await a_zone(settings, public_db)


@pytest.fixture
async def real(zone: Zone) -> AsyncIterator[list[Codename]]:
    """Codenames that have a mailbox, while the source runs."""
    with running(zone):
        async with Browser(zone.url) as browser:
            yield [Codename.parse((await report(browser)).ids["codename"]) for _ in range(5)]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A visitor who is a new one each time; a worker that ends may cut a connection that is used again."""
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=connector) as opened:
        yield opened


def one_of(real: Sequence[Codename], side: int) -> Codename:
    return random.choice(real) if side == KNOWN else Codename.from_token(new_token())  # noqa: S311


def in_ratio(found: Sequence[Sides]) -> bool:
    return ratio(found[0]) <= RATIO


def in_seconds(found: Sequence[Sides]) -> bool:
    return abs(found[0][0] - found[0][1]) <= SECONDS


async def test_a_codename_without_a_mailbox_is_not_told_by_time_or_size(
    zone: Zone, real: list[Codename], http: aiohttp.ClientSession, public_db: Db
) -> None:
    sizes: tuple[list[int], list[int]] = ([], [])

    async def sign_in(side: int) -> tuple[float]:
        codename = " ".join(one_of(real, side).words())
        began = time.perf_counter()
        async with http.post(zone.url + "/return", data={"codename": codename}, allow_redirects=False) as answer:
            body = await answer.read()
            took = time.perf_counter() - began
            assert answer.status == 303
            assert ("unknown" in answer.headers["Location"]) is (side != KNOWN)
            sizes[side].append(len(body) + len(answer.headers["Set-Cookie"]))
        return (took,)

    found = await quickest(sign_in, in_ratio, each=EACH)

    assert in_ratio(found), found
    assert set(sizes[0]) == set(sizes[1])
    assert await public_db.fetchval("SELECT count(*) FROM zone.session") == len(sizes[KNOWN]) + 1  # and that of reports


async def test_a_pickup_code_without_a_mailbox_is_not_told_by_time_or_size(
    zone: Zone, real: list[Codename], http: aiohttp.ClientSession
) -> None:
    sizes: set[int] = set()

    async def pick_up(side: int) -> tuple[float]:
        code = pickup_code(keys(one_of(real, side)).lookup).expose().decode()
        began = time.perf_counter()
        async with http.post(zone.url + "/pickup", data={"code": code}) as answer:
            sizes.add(len(await answer.read()))
            took = time.perf_counter() - began
            assert answer.status == (200 if side == KNOWN else 404)
            assert code not in str(answer.url)
            assert "Set-Cookie" not in answer.headers
        return (took,)

    found = await quickest(pick_up, in_ratio, each=EACH)

    assert in_ratio(found), found
    assert sizes == {PICKUP_BYTES}


def to_sign_in(source: SourceKeys) -> dict[str, Any]:
    today = datetime.now(UTC).date().isoformat()
    session = {"session": random.randbytes(32), "sealed": bytes(1_100), "day": today}  # noqa: S311
    return {"do": "add_session", "mailbox": source.mailbox, "instead_of": None, **session}


def to_pick_up(source: SourceKeys) -> dict[str, Any]:
    return {"do": "pickup", "mailbox": source.mailbox}


@pytest.mark.parametrize("question", [to_sign_in, to_pick_up])
async def test_what_looks_into_the_database_answers_as_soon_where_there_is_no_mailbox(
    zone: Zone, real: list[Codename], question: Callable[[SourceKeys], dict[str, Any]]
) -> None:
    pool = await database.pool(database.dsn_for(zone.settings, "tipline_keep"), stateless=True)
    with Gate(Ceilings.of(zone.settings), zone.settings.public).worker() as uploads:

        async def ask(side: int) -> tuple[float]:
            frame = question(keys(one_of(real, side)))
            began = time.perf_counter()
            answer = await keep._answer(pool, uploads, frame)
            took = time.perf_counter() - began
            known = answer["answer"] if question is to_sign_in else answer["answer"]["known"]
            assert known is (side == KNOWN)
            return (took,)

        found = await quickest(ask, in_seconds, each=EACH)
    await pool.close()

    assert in_seconds(found), found


@pytest.mark.parametrize(("more", "told"), [(0.0, False), (0.0001, False), (0.001, True)])
async def test_the_comparison_sees_a_difference_where_there_is_one(*, more: float, told: bool) -> None:
    chance = random.Random(11)  # noqa: S311 - noise, no secret

    async def ask(side: int) -> tuple[float]:
        return (0.004 + chance.expovariate(1_000) + side * more,)

    assert in_ratio(await quickest(ask, in_ratio, each=EACH)) is not told
