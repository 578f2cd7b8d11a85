"""The engine where atheris has none: Hypothesis cuts, joins and changes the seeds."""

import time

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.target import Target, known

_BATCH = 200


def changed(seeds: list[bytes], most: int) -> st.SearchStrategy[bytes]:
    """Seeds with a few edits: bytes exchanged, put in, taken out, repeated, or another seed's tail."""
    edit = st.tuples(
        st.sampled_from(["set", "insert", "delete", "repeat", "splice"]),
        st.integers(0, most),
        st.integers(1, 64),
        st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from(seeds)),
    )
    return st.builds(_apply, st.sampled_from(seeds), st.lists(edit, max_size=6), st.just(most))


def _apply(seed: bytes, edits: list[tuple[str, int, int, bytes]], most: int) -> bytes:
    data = seed
    for what, place, length, new in edits:
        at = place % (len(data) + 1)
        front, back = data[:at], data[at:]
        data = {
            "set": front + new + back[len(new) :],
            "insert": front + new + back,
            "delete": front + back[length:],
            "repeat": front + back[:length] * 3 + back[length:],
            "splice": front + new[at:],
        }[what][:most]
    return data


def vary(name: str, target: Target, seconds: float) -> int:
    """Try changed seeds until the time is over; return how many. A finding is raised with its input."""
    seeds = known(name, target)
    for seed in seeds:
        target.once(seed)
    tried = 0

    @settings(max_examples=_BATCH, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(changed(seeds, target.most))
    def batch(data: bytes) -> None:
        nonlocal tried
        tried += 1
        target.once(data)

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        batch()
    return tried
