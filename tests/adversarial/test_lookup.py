"""A codename that has a mailbox and a right-looking one that has none cost the same: time does not tell them apart."""

import random
import statistics
import time
from collections.abc import Sequence

import aiohttp
import pytest

from crypto.codename import Codename, keys, new_token, pickup_code
from tests.journeys.browser import Browser
from tests.tipline.source.running import a_zone, running
from tests.tipline.source.test_report import report
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.bundles import PICKUP_BYTES

_EACH = 80
_SHUFFLES = 2_000
_TELLING = 0.25  # of a sign-in's time: a smaller difference drowns in any network


def told_apart(hits: Sequence[float], misses: Sequence[float]) -> bool:
    """Whether the medians differ by what chance does not explain (1 in 2,000 shuffles), and by more than a little."""
    apart = abs(statistics.median(hits) - statistics.median(misses))
    together = [*hits, *misses]
    chance = random.Random(7)  # noqa: S311 - shuffles, no secret
    for _ in range(_SHUFFLES):
        chance.shuffle(together)
        if abs(statistics.median(together[: len(hits)]) - statistics.median(together[len(hits) :])) >= apart:
            return False
    return apart > _TELLING * statistics.median(together)


async def test_a_codename_without_a_mailbox_is_not_told_by_time_or_size(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    waited: dict[bool, list[float]] = {True: [], False: []}
    sizes: dict[bool, set[int]] = {True: set(), False: set()}

    with running(zone):
        async with Browser(zone.url) as browser:
            real = [(await report(browser)).ids["codename"] for _ in range(5)]
        turns = [True, False] * _EACH
        random.shuffle(turns)
        anew = aiohttp.TCPConnector(force_close=True)  # a worker that ends may cut a connection that is used again
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=anew) as http:
            for known in turns:
                codename = random.choice(real) if known else " ".join(Codename.from_token(new_token()).words())  # noqa: S311
                began = time.perf_counter()
                async with http.post(
                    zone.url + "/return", data={"codename": codename}, allow_redirects=False
                ) as answer:
                    body = await answer.read()
                    assert answer.status == 303
                    assert ("unknown" in answer.headers["Location"]) is not known
                    sizes[known].add(len(body) + len(answer.headers["Set-Cookie"]))
                waited[known].append(time.perf_counter() - began)

    assert not told_apart(waited[True], waited[False])
    assert sizes[True] == sizes[False]
    assert await public_db.fetchval("SELECT count(*) FROM zone.session") == _EACH + 1  # and that of the report


async def test_a_pickup_code_without_a_mailbox_is_not_told_by_time_or_size(settings: Settings, public_db: Db) -> None:
    zone = await a_zone(settings, public_db)
    waited: dict[bool, list[float]] = {True: [], False: []}
    sizes: set[int] = set()

    with running(zone):
        async with Browser(zone.url) as browser:
            real = [keys(Codename.parse((await report(browser)).ids["codename"])) for _ in range(5)]
        turns = [True, False] * _EACH
        random.shuffle(turns)
        anew = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=anew) as http:
            for known in turns:
                source = random.choice(real) if known else keys(Codename.from_token(new_token()))  # noqa: S311
                code = pickup_code(source.lookup).expose().decode()
                began = time.perf_counter()
                async with http.post(zone.url + "/pickup", data={"code": code}) as answer:
                    sizes.add(len(await answer.read()))
                    assert answer.status == (200 if known else 404)
                    assert code not in str(answer.url)
                    assert "Set-Cookie" not in answer.headers
                waited[known].append(time.perf_counter() - began)

    assert not told_apart(waited[True], waited[False])
    assert sizes == {PICKUP_BYTES}


@pytest.mark.parametrize(("more", "told"), [(0.0, False), (0.00005, False), (0.004, True)])
def test_the_comparison_sees_a_difference_where_there_is_one(*, more: float, told: bool) -> None:
    chance = random.Random(11)  # noqa: S311 - noise, no secret
    noise = [0.004 + chance.expovariate(1_000) for _ in range(2 * _EACH)]

    assert told_apart([one + more for one in noise[:_EACH]], noise[_EACH:]) is told
