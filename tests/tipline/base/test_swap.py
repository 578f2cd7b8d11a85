"""Whether memory may reach a disk is read from the kernel; a real unit does not start when it may."""

import logging
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


def test_a_practice_unit_is_warned_in_one_line_and_starts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        swap.refuse(settings_in(tmp_path), told({"/proc/swaps": SOME}))

    assert [record.getMessage() for record in caplog.records] == [swap.ADVICE]


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
