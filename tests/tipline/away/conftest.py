from collections.abc import Iterator

import pytest

from tests.tipline.away.node import Node, running


@pytest.fixture(scope="session")
def js() -> Iterator[Node]:
    with running() as node:
        yield node
