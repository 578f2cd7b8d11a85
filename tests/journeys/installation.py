"""A whole installation of its own for a journey: fresh data folder, free ports, a practice unit, all processes."""

import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crypto import totp
from crypto.secret import Secret
from tests.journeys.browser import Browser, JourneyError
from tipline.base import settings
from tipline.base.process import die_with_parent
from tipline.cli import databases

_SAID = 2000  # characters of a log
PROCESSES = ("source", "corridor", "exchange", "drop", "desk", "guard")
_TIPLINE = Path(sys.executable).with_name("tipline")


@dataclass(frozen=True, slots=True)
class Card:
    """Sign-in of one person to one process."""

    name: str
    passphrase: str
    second_factor: str

    def code(self) -> str:
        """The one-time code of this moment."""
        return totp.code(Secret(base64.b32decode(self.second_factor)), int(time.time()))


@dataclass(slots=True)
class Installation:
    """A running practice unit. `process` is its supervisor, None while stopped."""

    data: Path
    environment: Mapping[str, str]
    ports: Mapping[str, int]
    cards: Mapping[tuple[str, str], Card]
    processes: tuple[str, ...] = PROCESSES
    process: subprocess.Popen[bytes] | None = None

    def url(self, process: str) -> str:
        """Address of one process."""
        return f"http://127.0.0.1:{self.ports[process]}"

    def owner_dsn(self, zone: str) -> str:
        """The owner's way into one of the databases, "public" or "inside", to look at what is at rest."""
        return self.owner_dsns()[zone]

    def owner_dsns(self) -> dict[str, str]:
        """The owner's way into every database that is here, by zone."""
        here = settings.load(self.data, self.environment)
        return databases.owner_dsns(here, databases.clusters(here))

    def start(self) -> None:
        """Start everything and wait until every page answers."""
        parent = os.getpid()
        with (self.data.parent / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(_TIPLINE), "run"],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: die_with_parent(signal.SIGTERM, parent),  # noqa: PLW1509 - two calls of the kernel
            )
        deadline = time.monotonic() + 60
        for name in self.processes:
            while not answers(self.ports[name]):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.data.parent / "run.log").read_text("utf-8")[-_SAID:]
                    raise JourneyError(f"{name} does not answer; the last that was said: {said}")
                time.sleep(0.05)

    def stop(self) -> int:
        """Stop as Ctrl-C would; return the supervisor's exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.process = None

    def tipline(self, *args: str) -> str:
        """Run a command of the administrator's; its output."""
        done = subprocess.run(
            [str(_TIPLINE), *args], env=dict(self.environment), capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            raise JourneyError(f"tipline {' '.join(args)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    async def sign_in(self, process: str, name: str) -> Browser:
        """Return the browser of *name*, signed in to *process*."""
        card = self.cards[process, name]
        browser = Browser(self.url(process))
        await browser.open("/sign-in")
        await browser.submit("/sign-in", name=card.name, passphrase=card.passphrase, code=card.code())
        return browser


@contextlib.contextmanager
def another_unit(folder: Path, drop: str, unit: str, *members: str) -> Iterator[Installation]:
    """Found a unit of its own whose drop is another installation's, start it, and stop it at the end."""
    ports = free_ports()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")},
        "TIPLINE_DATA": str(folder / "data"),
        "TMPDIR": str(folder / "tmp"),
        **{f"TIPLINE_PORT_{name.upper()}": str(port) for name, port in ports.items()},
    }
    (folder / "tmp").mkdir(mode=0o700, parents=True)
    made = Installation(folder / "data", environment, ports, {}, ("corridor", "desk", "guard", "exchange"))
    people = [word for member in members for word in ("--member", member)]
    words = ("--emergency", "112", "--reading-hours", "on working days", "--offline", str(folder / "offline"))
    printed = made.tipline("init", "--unit", unit, "--name", f"Unit {unit}", "--drop", drop, *words, *people)
    made.cards = {(card[0], card[1].name): card[1] for card in printed_cards(printed)}
    try:
        made.start()
        yield made
    finally:
        made.stop()


def printed_cards(text: str) -> Iterator[tuple[str, Card]]:
    """Read the cards as a person would, from what is printed."""
    for process, name, phrase, factor in re.findall(
        r" · ([a-z ]+) · http.*\n +name +(\S+)\n +passphrase +(\S.*)\n +second-factor key +(\S+)", text
    ):
        yield process, Card(name, phrase.strip(), factor)


@contextlib.contextmanager
def installed(folder: Path, ports: Mapping[str, int] | None = None, **settings: str) -> Iterator[Installation]:
    """Make a practice unit below *folder*, start it, and stop it at the end; *settings* by name, as ``tick``."""
    ports = ports or free_ports()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TIPLINE_")},
        "TIPLINE_DATA": str(folder / "data"),
        "TMPDIR": str(folder / "tmp"),
        **{f"TIPLINE_PORT_{name.upper()}": str(port) for name, port in ports.items()},
        **{f"TIPLINE_{name.upper()}": value for name, value in {"form_seconds": "0", **settings}.items()},
    }
    (folder / "tmp").mkdir(mode=0o700)
    (folder / "hands").mkdir(mode=0o700)
    installation = Installation(folder / "data", environment, ports, {})
    cards = json.loads(installation.tipline("practice", "--json").splitlines()[-1])
    installation.cards = {
        (card["process"], card["name"]): Card(card["name"], card["passphrase"], card["totp"]) for card in cards
    }
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()


def free_ports() -> dict[str, int]:
    """One free port for each process, all held at once while they are chosen."""
    with contextlib.ExitStack() as stack:
        ports = {}
        for name in PROCESSES:
            held = stack.enter_context(socket.socket())
            held.bind(("127.0.0.1", 0))
            ports[name] = held.getsockname()[1]
        return ports


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
