"""`tipline run`: the whole installation starts with one command, survives kills, and leaves nothing running."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tests.factories import free_ports, is_alive, settings_in
from tests.tipline.base.test_swap import SOME, on_a_machine_where
from tipline.base import swap
from tipline.base.postgres import Cluster
from tipline.cli import databases

_PINNED = {"unit": "unit", "role": "unit", "name": "Unit", "collector": "00" * 32, "intake_signer": "11" * 32}
_TIPLINE = (sys.executable, "-m", "tipline.cli.main")


@contextmanager
def running(
    folder: Path, *arguments: str, errors: IO[str] | None = None, environ: Mapping[str, str] = os.environ
) -> Iterator[tuple["subprocess.Popen[str]", dict[str, int]]]:
    """`tipline run` up to where it says that it is running."""
    ports = free_ports()
    kept = {name: value for name, value in environ.items() if not name.startswith("TIPLINE_")}
    given = {f"TIPLINE_PORT_{name.upper()}": str(port) for name, port in ports.items()}
    command = [*_TIPLINE, "--data", str(folder), "run", *arguments]
    process = subprocess.Popen(command, env={**kept, **given}, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    try:
        assert any(line.startswith("Tipline is running") for line in process.stdout)
        yield process, ports
    finally:
        process.kill()
        process.communicate()


def processes_of(folder: Path) -> list[int]:
    """Every live process whose command names the data folder, databases included."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if str(folder).encode() in (entry / "cmdline").read_bytes() and is_alive(int(entry.name)):
                found.append(int(entry.name))
    return found


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def of_process(folder: Path, name: str) -> int:
    """The child that serves *name*."""
    for pid in processes_of(folder):
        with suppress(OSError):
            if (Path(f"/proc/{pid}/cmdline").read_bytes()).rstrip(b"\0").endswith(name.encode()):
                return pid
    raise AssertionError(name)


def test_a_practice_unit_survives_kills_and_leaves_nothing_running(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    with running(folder, "--practice") as (process, ports):
        assert len(processes_of(folder)) >= 9  # the supervisor, six processes, two databases
        killed = of_process(folder, "desk")
        os.kill(killed, signal.SIGKILL)
        until(lambda: not answers(ports["desk"]) or not is_alive(killed))
        until(lambda: answers(ports["desk"]))

        process.kill()
        process.wait()
        until(lambda: processes_of(folder) == [])

    with running(folder) as (process, ports):  # the same unit, found again
        postmaster = int((folder / "inside" / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        until(lambda: not is_alive(postmaster))
        until(lambda: Cluster(folder / "inside", "inside", folder / "secrets").serving)
        until(lambda: answers(ports["guard"]))

        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0

    assert processes_of(folder) == []
    assert not (folder / "inside" / "postgres" / "postmaster.pid").exists()


def test_a_public_machine_in_practice_is_warned_once_of_swap_runs_two_processes_and_stops_on_ctrl_c(
    tmp_path: Path,
) -> None:
    folder, said = tmp_path / "data", tmp_path / "said"
    folder.mkdir()
    (folder / "tipline.toml").write_text('practice = true\nunit = "unit"\nname = "Unit"\nzones = ["public"]\n')
    (folder / "public").mkdir(mode=0o700)
    (folder / "public" / "units.json").write_text(json.dumps([_PINNED]))

    with (
        said.open("w") as errors,
        running(folder, errors=errors, environ=on_a_machine_where(SOME, tmp_path)) as (process, _),
    ):
        assert (folder / "inside").exists() is False

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0

    assert processes_of(folder) == []
    assert [line for line in said.read_text().splitlines() if "swap" in line] == [f"tipline: WARNING {swap.ADVICE}"]


def test_a_command_beside_a_running_installation_uses_its_databases_and_leaves_them_running(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")

    async def beside() -> tuple[bool, bool]:
        async with databases.migrated(settings):
            inner = [cluster.serving for cluster in databases.clusters(settings)]
            async with databases.migrated(settings) as dsns:
                same = all(dsns)
            after = [cluster.serving for cluster in databases.clusters(settings)]
        return all(inner) and all(after), same

    assert asyncio.run(beside()) == (True, True)
    assert [cluster.serving for cluster in databases.clusters(settings)] == [False, False]
