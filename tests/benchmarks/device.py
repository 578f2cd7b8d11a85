"""`tipline tip seal` of 1 GiB beside the bare cipher over the same bytes, and the memory that it needs more than for a small tip."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.age.pump import PIECE
from crypto.age.stream import CHUNK
from tests.benchmarks.memory import in_mib
from tests.benchmarks.table import Row
from tests.handins import Receiver

GIB = 1 << 30
_ROUNDS = 3


def figures(folder: Path) -> list[Row]:
    """Measure on the wall's clock, best of three; what is written is synced to the disk, which counts."""
    unit = Receiver(datetime.now(UTC).date())
    keys, small, large = folder / "keys.json", folder / "small", folder / "large"
    keys.write_bytes(unit.keys().encode())
    small.write_bytes(b"x")
    with large.open("wb") as file:
        for _ in range(GIB // PIECE):
            file.write(bytes(PIECE))
    command = [sys.executable, "-m", "tipline.cli.main", "tip", "seal", "--kit", str(keys)]
    command += ["--root", unit.root.public.hex(), "--message", str(small), "-o", str(folder / "out")]
    little = [_sealed(command, folder, small) for _ in range(_ROUNDS)]
    much = [_sealed(command, folder, large) for _ in range(_ROUNDS)]
    large.unlink()
    seconds, processor = min(took for took, _, _ in much), min(spent for _, spent, _ in much)
    raw = _raw()
    held = max(peak for _, _, peak in much) - max(peak for _, _, peak in little)
    return [
        Row(
            "tipline tip seal, 1 GiB",
            _speed(seconds),
            f"raw ChaCha20-Poly1305 {_speed(raw)}, {raw / seconds:.0%} of it",
        ),
        Row("", f"{_speed(processor)} in processor time", f"{raw / processor:.0%} of the same"),
        Row("memory above a small tip, 1 GiB", in_mib(held * 1024)),
    ]


def _sealed(command: Sequence[str], folder: Path, file: Path) -> tuple[float, float, int]:
    """Seconds on the wall, seconds of processor, and the highest memory in KiB."""
    started = time.perf_counter()
    process = subprocess.Popen([*command, str(file)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    rmtree(folder / "out")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def _raw() -> float:
    """Seconds of processor for the cipher alone over as many bytes."""
    cipher, plain, nonce = ChaCha20Poly1305(bytes(32)), bytes(CHUNK), bytes(12)
    started = time.process_time()
    for _ in range(GIB // CHUNK):
        cipher.encrypt(nonce, plain, None)
    return time.process_time() - started


def _speed(seconds: float) -> str:
    return f"{GIB / seconds / 1e6:,.0f} MB/s"
