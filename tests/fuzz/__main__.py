"""Runs one fuzz target: `python -m tests.fuzz NAME --seconds N --runs N`, or all names with --list. Says at its end which engine did the work.

With atheris (libFuzzer) inputs that reach new code are kept and varied. Where it has no wheel, Hypothesis varies the
seeds instead: fewer bytes reach deep code, and no target goes unfuzzed.
"""

import argparse
import importlib.util
import resource
import sys
import tempfile
from pathlib import Path

MEMORY = 4 << 30  # bytes of address space; libFuzzer itself ends the run past `RESIDENT`
RESIDENT = 1024  # MiB
ONE_INPUT = 10  # seconds after which an input counts as a hang


def main() -> None:
    """Fuzz until the time or the runs are over; a finding ends the process with another code than 0."""
    given = argparse.ArgumentParser(prog="tests.fuzz")
    given.add_argument("target", nargs="?", default="")
    given.add_argument("--list", action="store_true", help="print the names of all targets")
    given.add_argument("--seconds", type=int, default=60)
    given.add_argument("--runs", type=int, default=-1)
    given.add_argument("--seed", type=int, default=0, help="walk the same way each time; 0 for another one")
    options = given.parse_args()
    if options.list or not options.target:
        from tests.fuzz.table import every  # noqa: PLC0415 - imports every parser

        print("\n".join(every()))  # noqa: T201 - for make
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if importlib.util.find_spec("atheris") is None:
        _vary(options.target, options.seconds)
    else:
        _guided(options.target, options.seconds, options.runs, options.seed)


def _guided(name: str, seconds: int, runs: int, seed: int) -> None:
    import atheris  # noqa: PLC0415 - not on every platform

    with atheris.instrument_imports(include=["crypto", "tipline", "handling"]):
        from tests.fuzz.table import find  # noqa: PLC0415 - imported to be instrumented
        from tests.fuzz.target import known  # noqa: PLC0415

        target = find(name)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        # What a large parent had counts as ours from the start.
        inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        for number, data in enumerate(known(name, target)):
            (Path(folder) / f"{number:04}").write_bytes(data[: target.most])
        limits = {
            "max_len": target.most,
            "max_total_time": seconds,
            "runs": runs,
            "seed": seed,
            "rss_limit_mb": RESIDENT + inherited,
            "timeout": ONE_INPUT,
            "verbosity": 0,
            "print_final_stats": 1,
            "artifact_prefix": f"{Path.cwd()}/finding-{name}-",
        }
        atheris.Setup([sys.argv[0], *(f"-{key}={value}" for key, value in limits.items()), folder], target.once)
        print("engine: atheris", flush=True)  # noqa: T201 - libFuzzer leaves without coming back
        atheris.Fuzz()


def _vary(name: str, seconds: int) -> None:
    from tests.fuzz.table import find  # noqa: PLC0415 - beside its other branch
    from tests.fuzz.vary import vary  # noqa: PLC0415

    print("engine: hypothesis", flush=True)  # noqa: T201 - read by the test
    print(f"runs: {vary(name, find(name), seconds)}")  # noqa: T201 - the same


if __name__ == "__main__":
    main()
