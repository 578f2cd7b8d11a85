import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.padding import MESSAGE_STEP, PART_MAX, message_size, pad_message, part_size
from tests.crypto.support import QUICK

KIB = 1024


@pytest.mark.parametrize(
    ("n", "size"), [(0, 4), (1, 4), (4 * KIB, 4), (4 * KIB + 1, 16), (16 * KIB + 1, 64), (64 * KIB + 1, 256)]
)
def test_a_message_falls_into_the_next_class(n: int, size: int) -> None:
    assert message_size(n) == size * KIB


@pytest.mark.parametrize(
    ("n", "size"), [(0, 64), (64 * KIB, 64), (64 * KIB + 1, 256), (PART_MAX // 4 + 1, 16384), (PART_MAX, 16384)]
)
def test_a_part_falls_into_the_next_class(n: int, size: int) -> None:
    assert part_size(n) == size * KIB


@pytest.mark.parametrize("n", [-1, PART_MAX + 1])
def test_a_part_past_sixteen_mebibytes_has_no_class(n: int) -> None:
    with pytest.raises(ValueError):
        part_size(n)


@QUICK
@given(st.text(max_size=6000))
def test_a_padded_message_is_the_same_json_in_one_of_few_sizes(text: str) -> None:
    message = json.dumps({"text": text}).encode()

    padded = pad_message(message)

    assert json.loads(padded) == {"text": text}
    assert len(padded) in {MESSAGE_STEP * 4**k for k in range(4)}
    assert len(padded) >= len(message)


@QUICK
@given(st.integers(0, PART_MAX), st.integers(0, PART_MAX))
def test_sizes_never_shrink_and_never_fall_short(one: int, other: int) -> None:
    small, large = sorted((one, other))

    assert small <= part_size(small) <= part_size(large) <= PART_MAX
    assert small <= message_size(small) <= message_size(large)
