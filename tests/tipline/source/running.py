"""A public zone of its own for a test: pinned units, published intake keys, and its processes, started for real."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from crypto import age
from crypto.digest import sha256
from crypto.signing import SigningKey
from tests.tipline.source.launch import settings_text
from tipline.base.blobstore import BlobStore
from tipline.base.database import Db
from tipline.base.settings import Settings
from tipline.envelope import WRAPPER_BYTES, File, IntakeKey, Message, Wrapper
from tipline.source.store import Envelope, NewMailbox, Submission

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class TestUnit:
    """Every key of one unit."""

    __test__ = False

    id: str
    role: str
    collector: SigningKey = field(default_factory=SigningKey.generate)
    signer: SigningKey = field(default_factory=SigningKey.generate)
    intake: age.Identity = field(default_factory=age.Identity.generate)

    @property
    def name(self) -> str:
        return {"unit": "Practice Unit", "oversight": "Oversight Board"}[self.role]

    def pin(self) -> dict[str, str]:
        return {
            "unit": self.id,
            "role": self.role,
            "name": self.name,
            "collector": self.collector.public.hex(),
            "intake_signer": self.signer.public.hex(),
        }

    def statement(self, *, serial: int = 1, start: int = -1, days: int = 7) -> IntakeKey:
        first = datetime.now(UTC).date() + timedelta(days=start)
        return IntakeKey(self.id, serial, self.intake.recipient, first, first + timedelta(days=days - 1))


@dataclass(frozen=True, slots=True)
class Zone:
    """One public zone: settings, the two units and the folder of blobs."""

    settings: Settings
    unit: TestUnit
    oversight: TestUnit

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.ports['source']}"

    @property
    def drop(self) -> str:
        return f"http://127.0.0.1:{self.settings.ports['drop']}"

    @property
    def blobs(self) -> BlobStore:
        return BlobStore(self.settings.public / "blobs")


async def a_zone(settings: Settings, db: Db) -> Zone:
    """Pin two units and publish an intake key of each."""
    zone = Zone(settings, TestUnit("unit", "unit"), TestUnit("oversight", "oversight"))
    settings.public.mkdir(parents=True, exist_ok=True)
    (settings.public / "units.json").write_text(json.dumps([zone.unit.pin(), zone.oversight.pin()]))
    for unit in (zone.unit, zone.oversight):
        await publish(db, unit, unit.statement())
    return zone


async def publish(db: Db, unit: TestUnit, key: IntakeKey, *, signer: SigningKey | None = None) -> None:
    """Put an intake key where the source finds it."""
    await db.execute(
        "INSERT INTO zone.intake_key (unit, serial, statement, not_before, not_after) VALUES ($1, $2, $3, $4, $5)",
        key.unit,
        key.serial,
        key.sign(signer or unit.signer),
        key.not_before,
        key.not_after,
    )


@contextmanager
def running(zone: Zone, name: str = "source") -> Iterator[subprocess.Popen[bytes]]:
    """Run one process until the block ends; it must then stop by itself within 20 s."""
    command = [sys.executable, "-m", "tests.tipline.source.launch", name, settings_text(zone.settings)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        wait_for(lambda: answers(zone.settings.ports[name]) or process.poll() is not None)
        assert process.poll() is None, "the process did not start"
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def wait_for(condition: object, seconds: float = 30.0) -> None:
    """Wait until *condition* gives something true."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


async def until(condition: object, seconds: float = 30.0) -> None:
    """Wait as `wait_for`, and let the event loop run."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def children(pid: int) -> list[int]:
    """Children of a process, oldest first: of a source that is `keep`, then its workers."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(source: "subprocess.Popen[bytes]") -> list[int]:
    return children(source.pid)[1:]


def memory(pid: int) -> int:
    """Resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Taken:
    """One envelope as a unit would have it: the row, the clear wrapper and the opened inside."""

    wrapper: Wrapper
    sealed: bytes
    plain: bytes


async def collect_handed_in(zone: Zone, db: Db, unit: TestUnit) -> dict[str, Taken]:
    """Do as `collect`, where each wrapper says the first day of its key, and the row the day of arrival."""
    days = {row["day"] for row in await db.fetch("SELECT day FROM zone.envelope")}
    assert days <= {TODAY}
    return await collect(zone, db, unit, day=unit.statement().not_before)


async def collect(zone: Zone, db: Db, unit: TestUnit, *, day: date | None = None) -> dict[str, Taken]:
    """Open every envelope of a unit, by id, and check each row against its blob."""
    taken = {}
    for row in await db.fetch("SELECT * FROM zone.envelope WHERE unit = $1", unit.id):
        with zone.blobs.open(row["id"]) as file:
            sealed = file.read()
        wrapper = Wrapper.parse(sealed[:WRAPPER_BYTES])
        assert (len(sealed), sha256(sealed)) == (row["size"], row["sha256"])
        assert (wrapper.kind, wrapper.urgent, wrapper.day) == (row["kind"], row["urgent"], day or row["day"])
        assert (wrapper.unit, wrapper.serial, wrapper.mailbox) == (row["unit"], row["serial"], row["mailbox"])
        taken[str(row["id"])] = Taken(wrapper, sealed, age.open_(sealed[WRAPPER_BYTES:], [unit.intake]))
    return taken


def messages(taken: dict[str, Taken]) -> list[Message]:
    """The messages among them, in thread order, their chain checked."""
    found = sorted(
        (Message.parse(one.plain, known=None) for one in taken.values() if one.wrapper.kind == "message"),
        key=lambda message: message.counter,
    )
    previous = bytes(32)
    for counter, message in enumerate(found, 1):
        assert (message.counter, message.previous) == (counter, previous)
        previous = sha256(message.encode())
    return found


def joined(file: File, taken: dict[str, Taken]) -> bytes:
    """A file put together again from its parts, checked against its sidecar."""
    content = b""
    for part in file.parts:
        one = taken[str(part.id)]
        assert sha256(one.sealed) == part.sha256
        content += one.plain[: part.size]
    assert (len(content), sha256(content)) == (file.size, file.sha256)
    return content


TODAY: date = datetime.now(UTC).date()


def a_submission(zone: Zone) -> Submission:
    """The rows of a first report, with nothing sealed behind them."""
    return Submission(
        mac=bytes(32),
        mailbox=bytes(32),
        unit=zone.unit.id,
        serial=1,
        urgent=False,
        day=TODAY,
        was=None,
        now=b"sealed",
        new=NewMailbox("recipient", b"bundle"),
        envelopes=(Envelope(uuid4(), "message", 6, sha256(b"sealed")),),
    )
