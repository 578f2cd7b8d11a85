"""What an agency tells of its copies reads back as it was said, and what is no such thing is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handling.rules.copies import (
    FATE_LABELS,
    LOSS_LABELS,
    TEXT_MAX,
    Breach,
    CopiesError,
    Destruction,
    Fate,
    Loss,
)

texts = st.text(max_size=50)
said = st.text(min_size=1, max_size=50).filter(str.strip)
minutes = st.integers(0, 40_000_000).map(lambda after: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=after))
GONE = Destruction(Fate.DESTROYED, date(2026, 11, 26)).to_body()
LOST = Breach(Loss.LOST, datetime(2026, 11, 26, 18, 5, tzinfo=UTC), "A laptop.").to_body()


def test_every_code_has_its_words() -> None:
    assert set(FATE_LABELS) == set(Fate)
    assert set(LOSS_LABELS) == set(Loss)


@given(st.builds(Destruction, st.sampled_from([Fate.DESTROYED, Fate.RETURNED]), st.dates(date(2020, 1, 1)), texts))
def test_what_became_of_the_copies_reads_back(told: Destruction) -> None:
    assert Destruction.from_body(told.to_body()) == told


@given(st.builds(Breach, st.sampled_from(Loss), minutes, said))
def test_a_breach_reads_back(told: Breach) -> None:
    assert Breach.from_body(told.to_body()) == told


@pytest.mark.parametrize(
    "change",
    [
        {"fate": "burnt"},
        {"fate": "excepted"},
        {"fate": "excepted", "text": " \n"},
        {"done_on": "26.11.2026"},
        {"done_on": "20261126"},
        {"text": "x" * (TEXT_MAX + 1)},
        {"text": None},
        {"more": ""},
    ],
)
def test_what_tells_nothing_of_the_copies_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CopiesError):
        Destruction.from_body({**GONE, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"loss": "fire"},
        {"noticed": "2026-11-26T18:05:00Z"},
        {"noticed": "2026-11-26T18:05+03:00"},
        {"noticed": "2026-11-26"},
        {"text": "  "},
        {"text": "x" * (TEXT_MAX + 1)},
        {"noticed": 5},
    ],
)
def test_what_tells_of_no_breach_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CopiesError):
        Breach.from_body({**LOST, **change})


@pytest.mark.parametrize("body", [None, [], "", {}, {"fate": "destroyed"}])
def test_another_shape_is_refused(body: object) -> None:
    for read in (Destruction.from_body, Breach.from_body):
        with pytest.raises(CopiesError):
            read(body)
