"""The kit's browsers, each started once, cut off from every network, and as if new for each test."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys.chromium import Chromium
from tests.journeys.kitpage import WIDTH, Browser, Foxes, Station


@pytest.fixture(scope="session")
def chromiums() -> Iterator[Chromium]:
    with Chromium(online=False, width=WIDTH) as opened:
        yield opened


@pytest.fixture(scope="session")
def foxes() -> Iterator[Foxes]:
    with ExitStack() as stack:
        yield Foxes(stack)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


@pytest.fixture
def chromium(chromiums: Chromium) -> Chromium:
    chromiums.anew()
    return chromiums


@pytest.fixture(params=["chromium", "standard", "safer"])
def browser(request: pytest.FixtureRequest, chromiums: Chromium, foxes: Foxes) -> Iterator[Browser]:
    """Each browser; at the end it has asked for the kit's own file and for nothing else."""
    if request.param == "chromium":
        chromiums.anew()
        yield chromiums
        assert {address.split(":")[0] for address in chromiums.asked} <= {"file", "blob"}
        assert chromiums.refused == []
    else:
        opened, proxy = foxes.at(request.param)
        yield opened
        assert proxy.asked == []
