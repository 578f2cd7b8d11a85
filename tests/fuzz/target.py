"""What one fuzz target is: bytes in, and the only exceptions that may come out."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
VECTORS = TESTS / "vectors"
FINDINGS = Path(__file__).parent / "findings"


@dataclass(frozen=True, slots=True)
class Target:
    """One parser.

    Attributes:
        run: reads the bytes; an assertion inside holds what must be true of everything that is accepted.
        refusals: the only exceptions that may come out.
        seeds: examples to start from, good ones and bad ones.
        most: bytes of the largest input that is tried.
    """

    run: Callable[[bytes], object]
    refusals: tuple[type[BaseException], ...]
    seeds: Callable[[], Iterator[bytes]]
    most: int = 4096

    def once(self, data: bytes) -> bool:
        """Try one input; True when it was accepted. What is no refusal comes out as it is: a finding."""
        try:
            self.run(data)
        except self.refusals:
            return False
        return True


def vectors(*folders: str, field: str, binary: bool = False) -> Callable[[], Iterator[bytes]]:
    """Seeds from one field of every vector in these folders."""

    def found() -> Iterator[bytes]:
        for path in sorted(path for folder in folders for path in (VECTORS / folder).glob("*.txt")):
            fields = dict(line.split(": ", 1) for line in path.read_text("utf-8").splitlines())
            if field in fields:
                yield bytes.fromhex(fields[field]) if binary else fields[field].encode()

    return found


def these(*seeds: bytes) -> Callable[[], Iterator[bytes]]:
    """Seeds as they stand."""
    return lambda: iter(seeds)


def both(*sources: Callable[[], Iterator[bytes]]) -> Callable[[], Iterator[bytes]]:
    """Seeds of several kinds."""
    return lambda: (seed for source in sources for seed in source())


def known(name: str, target: Target) -> list[bytes]:
    """Return every seed of a target: its examples, the empty input, and what was found before."""
    found = sorted((FINDINGS / name).glob("*")) if (FINDINGS / name).is_dir() else []
    return [b"", *target.seeds(), *(path.read_bytes() for path in found)]


_LOOP: list[asyncio.AbstractEventLoop] = []


def waited(work: Coroutine[Any, Any, object]) -> object:
    """Run a coroutine to its end, in one loop for all inputs."""
    if not _LOOP:
        _LOOP.append(asyncio.new_event_loop())
    return _LOOP[0].run_until_complete(work)
