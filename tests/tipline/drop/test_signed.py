"""The gate by itself, with a clock of its own: how long a signed request counts, and for how long it is known again."""

import pytest

from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.signing import SigningKey
from tipline.drop.signed import REQUEST_TYPE, WINDOW_SECONDS, Gate, RequestRefusedError
from tipline.units import Unit, Units

NOW = 1_795_000_000
KEY = SigningKey.generate()
UNITS = Units((Unit("unit", "unit", "Unit", KEY.public, SigningKey.generate().public),))


class Clock:
    def __init__(self) -> None:
        self.at: float = NOW

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(UNITS, clock)


def admit(gate: Gate, at: int) -> Unit:
    body = {"method": "GET", "path": "/", "body_sha256": sha256(b"").hex(), "time": at, "unit": "unit"}
    signature = KEY.sign(REQUEST_TYPE, canonical(body)).hex()
    named = {"Tipline-Unit": "unit", "Tipline-Time": str(at), "Tipline-Signature": signature}
    return gate.admit("GET", "/", named, b"")


@pytest.mark.parametrize("away", [-WINDOW_SECONDS, 0, WINDOW_SECONDS])
def test_a_request_counts_to_the_last_second_of_the_window_on_both_sides(gate: Gate, away: int) -> None:
    assert admit(gate, NOW + away).id == "unit"


@pytest.mark.parametrize("away", [-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1])
def test_a_request_from_outside_the_window_is_refused(gate: Gate, away: int) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        admit(gate, NOW + away)

    assert not refused.value.repeated


@pytest.mark.parametrize("later", [0, WINDOW_SECONDS, 2 * WINDOW_SECONDS])
def test_a_signature_is_known_again_for_as_long_as_its_time_would_count(gate: Gate, clock: Clock, later: int) -> None:
    admit(gate, NOW + WINDOW_SECONDS)
    clock.at = NOW + later
    admit(gate, int(clock.at) - 1)  # whatever is forgotten is forgotten now

    with pytest.raises(RequestRefusedError) as refused:
        admit(gate, NOW + WINDOW_SECONDS)

    assert refused.value.repeated
