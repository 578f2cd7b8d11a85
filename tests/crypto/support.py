"""What the tests of crypto share: cutting data at random, and Hypothesis settings that a busy machine keeps."""

import random
from collections.abc import Iterator
from typing import Protocol

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(QUICK, max_examples=15)


class Machine(Protocol):
    def update(self, data: bytes, /) -> bytes: ...

    def finish(self) -> bytes: ...


def cut(data: bytes, seed: int, *, most: int = 200_000) -> Iterator[bytes]:
    """Yield *data* in pieces of random sizes, empty ones among them."""
    sizes = random.Random(seed)  # noqa: S311 - repeatable on purpose
    at = 0
    while at < len(data):
        size = sizes.choice((0, 1, 15, 16, 17, sizes.randrange(most)))
        yield data[at : at + size]
        at += size


def push(machine: Machine, data: bytes, seed: int) -> bytes:
    """Push *data* through in random pieces."""
    return b"".join([*(machine.update(piece) for piece in cut(data, seed)), machine.finish()])


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """Draw *data* with one part changed: a byte, a piece cut out, put in, doubled, moved, or the end cut off."""
    one, other = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
    near = min(len(data), one + draw(st.integers(0, 4)))
    new = draw(st.binary(max_size=4))
    return draw(
        st.sampled_from(
            (
                data[:one] + new + data[near:],
                data[:one] + data[other:],
                data[:other] + data[one:],
                data[other:] + data[one:other] + data[:one],
                data[:one],
                data + new,
            )
        )
    )
