"""How long it still takes: each kind of work at its own speed, and nothing before anybody can know."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tipline.away.node import Node

MIB = 1 << 20


def words(js: Node, all_: int, *work: tuple[str, int, int]) -> str:
    return str(js("estimate", all=all_, work=work)["words"])


@pytest.mark.parametrize(
    "work", [[], [("sealed", 16 * MIB, 4_000)], [("sealed", 16 * MIB, 4_000), ("sent", MIB, 4_900)]]
)
def test_nothing_is_said_before_five_seconds_of_sending(js: Node, work: list[tuple[str, int, int]]) -> None:
    assert words(js, 100 * MIB, *work) == ""


def test_what_is_left_takes_as_long_as_what_was_done_did(js: Node) -> None:
    done = (("sealed", 16 * MIB, 8_000), ("sent", 16 * MIB, 80_000))

    assert js("estimate", all=48 * MIB, work=done)["left"] == 2 * 8_000 + 2 * 80_000
    assert words(js, 48 * MIB, *done) == "At the speed so far: about 3 minutes left."
    assert words(js, 16 * MIB, *done) == "At the speed so far: less than a minute left."
    assert words(js, 2048 * MIB, *done) == "At the speed so far: about 4 hours left."


def test_a_part_that_has_to_be_sent_once_more_makes_it_longer(js: Node) -> None:
    first = (("sealed", 32 * MIB, 1_000), ("sent", 16 * MIB, 10_000))

    before = js("estimate", all=32 * MIB, work=first)["left"]
    after = js("estimate", all=32 * MIB, work=[*first, ("sent", -8 * MIB, 0)])["left"]

    assert after > before


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["sealed", "sent"]), st.integers(0, MIB), st.integers(0, 60_000)), max_size=9)
)
def test_it_never_promises_less_than_nothing(js: Node, work: list[tuple[str, int, int]]) -> None:
    found = js("estimate", all=4 * MIB, work=work)

    assert found["left"] is None or found["left"] >= 0
    assert "NaN" not in found["words"]
    assert "Infinity" not in found["words"]
