"""Whether two questions take the same time, on a machine that others use as well.

What others do there makes an answer later and none sooner. So both are asked in turns, and how long the quickest tenth of the
answers took is compared; where they are not near each other, there is more asking. A difference that is there does not go.
"""

import os
import random
import statistics
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

Sides = tuple[float, float]

_ROUNDS = 10


async def quickest(
    ask: Callable[[int], Awaitable[Sequence[float]]], near: Callable[[Sequence[Sides]], bool], *, each: int
) -> Sequence[Sides]:
    """Ask until both sides are *near* each other, or for long enough; return the last of what *near* was shown.

    Args:
        ask: asks side 0 or 1 once, and says how long it took, by one clock or several.
        near: gets, for each clock, the time within which the quickest tenth of the answers of both sides came.
        each: how often both are asked in one round.
    """
    asked: tuple[list[Sequence[float]], list[Sequence[float]]] = ([], [])
    found: list[Sides] = []
    for _round in range(_ROUNDS):
        for _ in range(each):
            for side in random.sample((0, 1), 2):  # no rhythm that something else on the machine could share
                asked[side].append(await ask(side))
        found = [(_tenth(asked[0], clock), _tenth(asked[1], clock)) for clock in range(len(asked[0][0]))]
        if near(found):
            break
    return found


@contextmanager
def on_one_core(others: Iterable[int]) -> Iterator[None]:
    """Keep this process and *others* on one core: else what serves one side may stand nearer for seconds, by a sixth."""
    cores = os.sched_getaffinity(0)
    everybody = [*(int(thread.name) for thread in Path("/proc/self/task").iterdir()), *others]
    _keep_on(everybody, {random.choice(sorted(cores))})  # noqa: S311
    try:
        yield
    finally:
        _keep_on([*everybody, *(int(thread.name) for thread in Path("/proc/self/task").iterdir())], cores)


def _keep_on(tasks: Iterable[int], cores: set[int]) -> None:
    for task in tasks:
        with suppress(ProcessLookupError):
            os.sched_setaffinity(task, cores)


def ratio(sides: Sides) -> float:
    """How many times as long the slower side took."""
    return max(sides) / min(sides)


def _tenth(asked: Sequence[Sequence[float]], clock: int) -> float:
    return statistics.quantiles([one[clock] for one in asked], n=10)[0]
