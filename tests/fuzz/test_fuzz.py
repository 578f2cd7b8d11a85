"""Every parser is fuzzed in each run of the suite, bounded and from one seed; `make fuzz` goes on longer, elsewhere each time."""

import importlib.util
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

from tests.fuzz.parsers import FUZZED, UNFUZZED, called_as, functions, parsers
from tests.fuzz.table import every, find
from tests.fuzz.target import FINDINGS, known
from tests.fuzz.vary import vary

ROOT = Path(__file__).parents[2]
SECONDS, RUNS = 1, 20_000  # whichever ends first
TARGETS = every()
GUIDED = platform.system() == "Linux" and platform.machine() == "x86_64" and sys.version_info < (3, 14)


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_raises_nothing_but_its_refusals(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(SECONDS), "--runs", str(RUNS), "--seed", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}

    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert ("engine: atheris" if GUIDED else "engine: ") in done.stdout
    runs = re.search(r"(?:number_of_executed_units|runs): *(\d+)", done.stdout + done.stderr)
    assert runs is not None
    assert int(runs[1]) > len(known(name, TARGETS[name]))


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_and_every_earlier_finding_is_accepted_or_refused_and_they_reach_the_parsers_of_their_target(
    name: str,
) -> None:
    target = TARGETS[name]
    ran: set[CodeType] = set()

    sys.setprofile(lambda frame, event, _: ran.add(frame.f_code) if event == "call" else None)
    try:
        outcomes = {target.once(seed) for seed in known(name, target)}
    finally:
        sys.setprofile(None)

    assert outcomes
    assert set(FUZZED.get(name, ())) - {called_as(code) for code in ran} == set()


def test_every_parser_has_its_target_or_the_reason_why_none() -> None:
    fuzzed = {parser for parsers_ in FUZZED.values() for parser in parsers_}

    assert len(parsers()) > 120
    assert parsers() - fuzzed - UNFUZZED.keys() == set()
    assert fuzzed.isdisjoint(UNFUZZED)
    assert (fuzzed | UNFUZZED.keys()) - functions() == set()
    assert FUZZED.keys() - TARGETS.keys() == set()


def test_the_engine_for_platforms_without_atheris_finds_a_planted_fault() -> None:
    planted = TARGETS["wrapper"].__class__(
        run=lambda data: [][len(data)] if b"2026-11-2\xff" in data or data.count(b"day") > 1 else None,
        refusals=(),
        seeds=TARGETS["wrapper"].seeds,
        most=300,
    )

    assert vary("wrapper", TARGETS["wrapper"], 0.2) > 0
    with pytest.raises(IndexError):
        vary("planted", planted, 20)


def test_guided_fuzzing_is_there_wherever_it_has_a_wheel() -> None:
    assert (importlib.util.find_spec("atheris") is not None) is GUIDED


def test_a_target_is_found_by_its_name_alone_and_every_finding_belongs_to_one() -> None:
    assert all(find(name) is target for name, target in TARGETS.items())
    assert {folder.name for folder in FINDINGS.iterdir() if folder.is_dir()} <= set(TARGETS)
