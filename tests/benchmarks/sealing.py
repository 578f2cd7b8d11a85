"""What sealing and opening cost above the bare cipher, in memory too, and beside the `age` command.

Each figure is measured in turn with its limit, several times, in processor time, and the best of each is compared: what
else the machine does in between then counts against neither. The commands are measured by the clock on the wall.
"""

import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto import age
from crypto.age import hybrid
from crypto.age.pump import PIECE, either, into_armor, pieces, pump
from crypto.age.stream import CHUNK, TAG
from crypto.secret import Secret
from tests.benchmarks.memory import in_mib
from tests.benchmarks.table import Row

MIB = 1 << 20
GIB = 1 << 30
_ROUNDS = 4
_SIZE = GIB
_IN_MEMORY = 64 * MIB  # more than a processor's cache; gone through as often as it takes to come to `_SIZE`
_ARMORED = 32 * MIB
_FILE = 256 * MIB
_WRAPS = 100

# Idle is what a small file needs; the rest is what 1 GiB needs more. Both at their highest.
_MEMORY = """
import re, sys
from crypto import age
from crypto.age.pump import pieces, pump
from tests.benchmarks.sealing import Zeros
def highest():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
me = age.Identity.generate()
opener = age.Opener([me])
def both(size):
    def give(sealed):
        opener.update(sealed)
    opener = age.Opener([me])
    pump(age.Sealer([me.recipient]), pieces(Zeros(size)), give)
    opener.finish()
both(1)
idle = highest()
both(int(sys.argv[1]))
print(highest() - idle)
"""


class Zeros:
    """A file of zeros, as fast as memory."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._zeros = memoryview(bytes(PIECE))

    def readinto(self, buffer: memoryview) -> int:
        """Fill *buffer* as far as the file goes."""
        count = min(len(buffer), self._left)
        buffer[:count] = self._zeros[:count]
        self._left -= count
        return count


def figures(folder: Path) -> list[Row]:
    """Measure all of it; takes about half a minute."""
    me = age.Identity.generate()
    return [*_streams(me), _held(), *_wraps(me), *_armor(me), *_commands(folder)]


def _streams(me: age.Identity) -> list[Row]:
    cipher, plain, nonce = ChaCha20Poly1305(bytes(32)), bytes(CHUNK), bytes(12)
    enciphered, out = cipher.encrypt(nonce, plain, None), bytearray(CHUNK + TAG)
    in_memory = [cipher.encrypt(nonce, plain, None) for _ in range(_IN_MEMORY // CHUNK)]
    sealed, chunks = io.BytesIO(), _SIZE // CHUNK
    pump(age.Sealer([me.recipient]), pieces(Zeros(_SIZE)), sealed.write)

    def opened() -> None:
        sealed.seek(0)
        pump(age.Opener([me]), pieces(sealed), _nowhere)

    def from_memory() -> None:
        for _ in range(_SIZE // _IN_MEMORY):
            for piece in in_memory:
                cipher.decrypt(nonce, piece, None)

    encrypt, into, decrypt, decrypt_all, seal, open_ = _best(
        lambda: _times(lambda: cipher.encrypt(nonce, plain, None), chunks),
        lambda: _times(lambda: cipher.encrypt_into(nonce, plain, None, out), chunks),
        lambda: _times(lambda: cipher.decrypt(nonce, enciphered, None), chunks),
        from_memory,
        lambda: pump(age.Sealer([me.recipient]), pieces(Zeros(_SIZE)), _nowhere),
        opened,
    )
    raw = "raw ChaCha20-Poly1305, 64 KiB pieces"
    return [
        Row("seal 1 GiB, streamed", _speed(_SIZE, seal), f"{encrypt / seal:.0%} of {raw} ({_speed(_SIZE, encrypt)})"),
        Row("", "", f"{into / seal:.0%} of the same into a buffer ({_speed(_SIZE, into)})"),
        Row(
            "open 1 GiB, streamed",
            _speed(_SIZE, open_),
            f"{decrypt_all / open_:.0%} of {raw} that lie in memory one after the other ({_speed(_SIZE, decrypt_all)})",
        ),
        Row("", "", f"{decrypt / open_:.0%} of the same over one piece, again and again ({_speed(_SIZE, decrypt)})"),
    ]


def _held() -> Row:
    done = subprocess.run([sys.executable, "-c", _MEMORY, str(GIB)], capture_output=True, check=True)
    return Row("memory above idle, 1 GiB sealed and opened (VmHWM)", in_mib(int(done.stdout) * 1024))


def _wraps(me: age.Identity) -> list[Row]:
    file_key, public, private = Secret(bytes(16)), me.recipient._key, me._private
    stanza = me.recipient.wrap(file_key)
    enciphered = hybrid._sealed(stanza)
    bare, wrap, bare_open, unwrap = _best(
        lambda: _times(lambda: hybrid._SUITE.encrypt(bytes(16), public, info=hybrid._INFO)),
        lambda: _times(lambda: me.recipient.wrap(file_key)),
        lambda: _times(lambda: hybrid._SUITE.decrypt(enciphered, private, info=hybrid._INFO)),
        lambda: _times(lambda: me.unwrap([stanza])),
        rounds=50,
    )
    return [
        Row("wrap a file key", f"{_WRAPS / wrap:,.0f}/s", f"{bare / wrap:.0%} of the bare HPKE call"),
        Row("unwrap a file key", f"{_WRAPS / unwrap:,.0f}/s", f"{bare_open / unwrap:.0%} of the bare HPKE call"),
    ]


def _armor(me: age.Identity) -> list[Row]:
    text = io.BytesIO()
    into_armor(age.Sealer([me.recipient]), pieces(Zeros(_ARMORED)), text.write)

    def opened() -> None:
        text.seek(0)
        pump(age.Opener([me]), either(pieces(text)), _nowhere)

    write, read = _best(
        lambda: into_armor(age.Sealer([me.recipient]), pieces(Zeros(_ARMORED)), _nowhere), opened, rounds=3
    )
    return [Row("seal and open in armour", f"{_speed(_ARMORED, write)}, {_speed(_ARMORED, read)}")]


def _commands(folder: Path) -> list[Row]:
    """Time both commands on one file, from and to memory: what a disk does is not theirs."""
    key, plain, sealed = folder / "key", folder / "plain", folder / "sealed"
    identity = age.ClassicalIdentity.generate()
    key.write_bytes(identity.encode().expose())
    with plain.open("wb") as file:
        for _ in range(_FILE // PIECE):
            file.write(os.urandom(PIECE))
    ours = [sys.executable, "-m", "tipline.cli.main"]
    to, files = ["-r", str(identity.recipient)], ["-o", "/dev/null"]
    subprocess.run([*ours, "seal", *to, "-o", sealed, plain], check=True)
    peer = shutil.which("age")
    commands: list[Sequence[str | Path]] = [
        [*ours, "seal", *to, *files, plain],
        [*ours, "open", "-i", key, *files, sealed],
        *([[peer, *to, *files, plain], [peer, "-d", "-i", key, *files, sealed]] if peer else []),
    ]
    took = [min(_timed(command) for _ in range(3)) for command in commands]
    beside = [f"age: {_speed(_FILE, seconds)}" for seconds in took[2:]] or ["age is not installed"] * 2
    for file_ in (plain, sealed):
        file_.unlink()
    return [
        Row(f"tipline {name}, a file of 256 MiB", f"{_speed(_FILE, seconds)}", words)
        for name, seconds, words in zip(("seal", "open"), took, beside, strict=False)
    ]


def _best(*works: Callable[[], None], rounds: int = _ROUNDS) -> list[float]:
    """Return the shortest time of each, all of them measured in turn."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            started = time.process_time()
            work()
            best[place] = min(best[place], time.process_time() - started)
    return best


def _times(work: Callable[[], object], times: int = _WRAPS) -> None:
    for _ in range(times):
        work()


def _timed(command: Sequence[str | Path]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - started


def _speed(size: int, seconds: float) -> str:
    speed = size / seconds
    return f"{speed / 1e9:.2f} GB/s" if speed >= 1e9 else f"{speed / 1e6:.0f} MB/s"


def _nowhere(_: object) -> None:
    """Take and forget."""


__all__ = ["Zeros", "figures"]
