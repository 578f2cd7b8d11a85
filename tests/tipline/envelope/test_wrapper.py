"""The clear words in front of a sealed file: one size, and nothing but the canonical form is read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tipline.envelope.samples import WRAPPER, days, hashes
from tipline import envelope
from tipline.envelope import EnvelopeError, Wrapper

wrappers = st.builds(
    Wrapper,
    unit=st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    serial=st.integers(1, 2**31 - 1),
    mailbox=hashes,
    day=days,
    urgent=st.booleans(),
    kind=st.sampled_from(["message", "part"]),
)


@given(wrappers)
def test_a_wrapper_has_one_size_and_reads_back(wrapper: Wrapper) -> None:
    encoded = wrapper.encode()

    assert len(encoded) == envelope.WRAPPER_BYTES
    assert Wrapper.parse(encoded) == wrapper


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1] + b" ",
        lambda data: data[:-1],
        lambda data: data.replace(b'"serial":1', b'"serial":0'),
        lambda data: data.replace(b'"serial":1', b'"serial":1.0')[:255] + b"\n",
        lambda data: data.replace(b'"unit":"unit"', b'"unit":"UNIT"'),
        lambda data: data.replace(b'"kind":"message"', b'"kind":"mistake"'),
        lambda data: data.replace(b"2026-11-23", b"2026-13-23"),
        lambda data: data.replace(b'"urgent":false', b'"urgent":    0'),
        lambda data: data.replace(b"tipline/envelope/v1", b"tipline/envelope/v2"),
        lambda data: b" " + data[:-2] + b"\n",
        lambda data: b"\0" * len(data),
    ],
)
def test_a_changed_wrapper_is_refused(damage: object) -> None:
    assert callable(damage)

    with pytest.raises(EnvelopeError):
        Wrapper.parse(damage(WRAPPER.encode()))


def test_a_wrapper_is_not_written_for_an_impossible_unit() -> None:
    with pytest.raises(EnvelopeError):
        replace(WRAPPER, unit="Unit One").encode()
