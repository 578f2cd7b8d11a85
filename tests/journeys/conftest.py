"""What journeys in browsers share."""

import pytest

from tests.journeys.pictures import Pictures


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Pictures:
    """Where this test keeps what it saw."""
    return Pictures(request.node.name)
