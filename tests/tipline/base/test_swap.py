"""Whether memory may reach a disk is read from the kernel; a real unit does not start when it may."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import settings_in
from tipline.base import swap
from tipline.base.settings import SettingsError

NONE = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
SOME = NONE + "/dev/zram0                              partition\t8388604\t\t0\t\t100\n"
GROUP = "0::/system.slice/tipline-source.service\n"
DEEP = "/sys/fs/cgroup/system.slice/tipline-source.service/memory.swap.max"


def told(files: Mapping[str, str]) -> swap.Read:
    return lambda path: files.get(str(path))


@pytest.mark.parametrize(
    ("files", "reaches"),
    [
        ({"/proc/swaps": NONE}, False),
        ({"/proc/swaps": SOME}, True),
        ({}, True),
        ({"/proc/swaps": SOME, "/proc/self/cgroup": GROUP, DEEP: "0\n"}, False),
        ({"/proc/swaps": SOME, "/proc/self/cgroup": GROUP, DEEP: "max\n"}, True),
        ({"/proc/swaps": SOME, "/proc/self/cgroup": GROUP, "/sys/fs/cgroup/system.slice/memory.swap.max": "0"}, False),
        (
            {"/proc/swaps": SOME, "/proc/self/cgroup": "4:memory:/x\n0::/\n", "/sys/fs/cgroup/memory.swap.max": "0"},
            False,
        ),
        ({"/proc/swaps": SOME, "/proc/self/cgroup": "4:memory:/x\n"}, True),
        ({"/proc/swaps": SOME, "/proc/self/cgroup": GROUP, "/sys/fs/cgroup/other/memory.swap.max": "0"}, True),
    ],
)
def test_memory_reaches_a_disk_only_with_swap_and_without_a_limit_of_none(
    files: dict[str, str], *, reaches: bool, tmp_path: Path
) -> None:
    real = replace(settings_in(tmp_path), practice=False)

    if reaches:
        with pytest.raises(SettingsError, match="swapoff"):
            swap.refuse(real, told(files))
    else:
        swap.refuse(real, told(files))


def on_a_machine_where(swaps: str, folder: Path) -> dict[str, str]:
    """The environment of processes that read *swaps* where the kernel tells of swap, and of no limit."""
    told_ = f"{{{str(swap._SWAPS)!r}: {swaps!r}}}.get(str(file))"
    (folder / "sitecustomize.py").write_text(f"from tipline.base import swap\nswap._read = lambda file: {told_}\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")}
    return {**kept, "PYTHONPATH": str(folder)}


def tipline(swaps: str, folder: Path, *args: str, practice: bool) -> "subprocess.CompletedProcess[str]":
    data = folder / "data"
    data.mkdir(exist_ok=True)
    kind = f"practice = {str(practice).lower()}\n"
    (data / "tipline.toml").write_text(f'{kind}unit = "unit"\nname = "Unit"\nzones = ["public"]\n')
    return subprocess.run(
        [sys.executable, "-m", "tipline.cli.main", "--data", str(data), *args],
        env=on_a_machine_where(swaps, folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "command", [["run"], ["serve", "source"], ["serve", "source", "--parent", str(os.getpid())], ["serve", "drop"]]
)
def test_a_real_unit_does_not_start_where_memory_can_be_swapped_out(command: list[str], tmp_path: Path) -> None:
    done = tipline(SOME, tmp_path, *command, practice=False)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"tipline: {swap.ADVICE}\n")
    assert not (tmp_path / "data" / "public").exists()  # nothing was begun


def test_a_process_of_a_practice_unit_says_so_once_and_is_as_without_swap(tmp_path: Path) -> None:
    without = tipline(NONE, tmp_path, "serve", "drop", practice=True)  # nobody has made its database, and it says that

    alone = tipline(SOME, tmp_path, "serve", "drop", practice=True)
    of_run = tipline(SOME, tmp_path, "serve", "drop", "--parent", str(os.getpid()), practice=True)

    assert without.stderr
    assert alone.stderr == f"drop: WARNING {swap.ADVICE}\n{without.stderr}"
    assert of_run.stderr == without.stderr  # `tipline run` has said it


def test_this_machine_can_be_asked(tmp_path: Path) -> None:
    listed = Path("/proc/swaps").read_text().splitlines()[1:]
    limited = any(
        limit is not None and limit.strip() == "0" for limit in swap.limits(swap._read(swap._OWN), swap._read)
    )
    real = replace(settings_in(tmp_path), practice=False)

    if listed and not limited:
        with pytest.raises(SettingsError):
            swap.refuse(real)
    else:
        swap.refuse(real)
