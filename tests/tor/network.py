"""A private Tor network wholly on loopback: authorities and relays of its own, and the hosts that are being tried.

A host runs the very file that deploy/ makes; what makes it part of this network comes before it as defaults.
"""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.filled import tool
from tests.running import started, stop
from tests.tor.control import Control, ControlError

AUTHORITIES = 3
RELAYS = 5
READY_SECONDS = 90

_SHARED = """\
TestingTorNetwork 1
PathsNeededToBuildCircuits 0.67
TestingDirAuthVoteExit *
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
TestingMinExitFlagThreshold 0
V3AuthNIntervalsValid 2
ShutdownWaitLength 0
RunAsDaemon 0
CookieAuthentication 1
"""
_RELAY = """\
Address 127.0.0.1
AssumeReachable 1
ExitRelay 0
NumCPUs 1
SocksPort 0
AvoidDiskWrites 1
"""
# The last line widens the window of unanswered cells: relays that wait for one another's turn on a busy machine would
# otherwise be mostly idle. The public network's default is cc_alg=2 alone.
_AUTHORITY = """\
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
ContactInfo nobody
V3AuthVotingInterval 10
V3AuthVoteDelay 2
V3AuthDistDelay 2
TestingV3AuthInitialVotingInterval 5
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
AuthDirMaxServersPerAddr 0
MinUptimeHidServDirectoryV2 0
TestingAuthDirTimeToLearnReachability 0
ConsensusParams cc_alg=2 cc_cwnd_init=1000 cc_cwnd_min=1000 cc_sscap_onion=8000
"""


class NetworkError(Exception):
    """The network does not come up; the text names the node and ends with what it wrote."""


@dataclass(slots=True)
class Node:
    """One Tor. *torrc* is the file of the host that is being tried, None for the network's own nodes."""

    name: str
    folder: Path
    control_port: int
    or_port: int = 0
    dir_port: int = 0
    torrc: Path | None = None
    fingerprint: str = ""
    identity: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self.folder / "tor.log"

    def control(self) -> Control:
        """A conversation with it."""
        return Control(self.control_port, self.folder / "control_auth_cookie")


@dataclass(slots=True)
class Network:
    """Authorities, relays and hosts, by name."""

    folder: Path
    authorities: list[Node] = field(default_factory=list)
    relays: list[Node] = field(default_factory=list)
    hosts: dict[str, Node] = field(default_factory=dict)

    @property
    def nodes(self) -> list[Node]:
        """Every Tor of the network."""
        return [*self.authorities, *self.relays, *self.hosts.values()]

    def add_host(self, name: str, torrc: Path) -> Node:
        """Start a host with *torrc*, a file of deploy/."""
        node = Node(name, self.folder / name, *free_ports(1), torrc=torrc)
        node.folder.mkdir(mode=0o700, exist_ok=True)
        self.hosts[name] = node
        self._launch(node)
        return node

    def stop(self) -> None:
        """End what was started here and nothing else."""
        stop([node.process for node in self.nodes if node.process])

    def start(self) -> None:
        """Make the keys of authorities and relays and start them."""
        ports = iter(free_ports(AUTHORITIES * 3 + RELAYS * 2))
        for number in range(AUTHORITIES):
            name = f"authority{number}"
            node = Node(name, self.folder / name, next(ports), or_port=next(ports), dir_port=next(ports))
            self.authorities.append(node)
        for number in range(RELAYS):
            name = f"relay{number}"
            self.relays.append(Node(name, self.folder / name, next(ports), or_port=next(ports)))
        with ThreadPoolExecutor() as threads:
            list(threads.map(_make_keys, self.nodes))
        for node in self.nodes:
            self._launch(node)

    def _launch(self, node: Node) -> None:
        """Start one node; a host reads its own file over the lines of this network."""
        lines = node.folder / "network.torrc"
        lines.write_text(self._lines(node))
        files = ["-f", str(lines)] if node.torrc is None else ["--defaults-torrc", str(lines), "-f", str(node.torrc)]
        node.process = started([tool("tor"), "--hush", *files], node.folder / "stdout")

    def _lines(self, node: Node) -> str:
        listed = [
            f"DirAuthority {one.name} orport={one.or_port} no-v2 v3ident={one.identity} 127.0.0.1:{one.dir_port} {one.fingerprint}"
            for one in self.authorities
        ]
        lines = [
            _SHARED,
            f"DataDirectory {node.folder}",
            f"Log notice file {node.log}",
            f"ControlPort 127.0.0.1:{node.control_port}",
            *listed,
        ]
        if node.torrc is None:
            lines += [_RELAY, f"Nickname {node.name}", f"ORPort 127.0.0.1:{node.or_port} IPv4Only"]
        if node.dir_port:
            lines += [_AUTHORITY, f"DirPort 127.0.0.1:{node.dir_port}"]
        return "\n".join(lines) + "\n"

    def wait(self, ready: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
        """Wait until *ready* says so; raises `NetworkError` when it takes too long, or a node ends."""
        deadline = time.monotonic() + seconds
        while not ready():
            ended = [node for node in self.nodes if node.process and node.process.poll() is not None]
            if ended:
                raise NetworkError(f"{ended[0].name} ended: {_last_words(ended[0])}")
            if time.monotonic() > deadline:
                words = "\n".join(f"{name}: {_last_words(node)}" for name, node in self.hosts.items())
                raise NetworkError(f"{what} took longer than {seconds:.0f} s\n{words}")
            time.sleep(0.2)

    def joined(self) -> bool:
        """Whether every host has found its way into the network."""
        return all(_is_joined(node) for node in self.hosts.values())


@contextmanager
def network(folder: Path) -> Iterator[Network]:
    """Start a network below *folder* and stop it at the end; hosts are added by whoever uses it."""
    made = Network(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def free_ports(count: int) -> list[int]:
    """Different free ports of the loopback, all held at once while they are chosen."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in held]


def _is_joined(node: Node) -> bool:
    try:
        with node.control() as control:
            return "PROGRESS=100" in control.get("status/bootstrap-phase")
    except (OSError, ControlError):
        return False


def _make_keys(node: Node) -> None:
    node.folder.mkdir(mode=0o700, exist_ok=True)
    if node.dir_port:
        node.identity = _make_identity(node)
    shown = subprocess.run(
        [
            *(tool("tor"), "--quiet", "--ignore-missing-torrc", "-f", str(node.folder / "none"), "--list-fingerprint"),
            *("--ORPort", "1", "--DataDirectory", str(node.folder), "--AssumeReachable", "1"),
            *("--DirAuthority", "x 127.0.0.1:1 " + "f" * 40),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    node.fingerprint = shown.stdout.strip().partition(" ")[2].replace(" ", "")


def _make_identity(node: Node) -> str:
    """Make an authority's signing keys; return the fingerprint by which others know it."""
    keys = node.folder / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    certificate = keys / "authority_certificate"
    subprocess.run(
        [
            *(tool("tor-gencert"), "--create-identity-key", "--passphrase-fd", "0", "-m", "12"),
            *("-i", str(keys / "authority_identity_key"), "-s", str(keys / "authority_signing_key")),
            *("-c", str(certificate), "-a", f"127.0.0.1:{node.dir_port}"),
        ],
        input=b"a network for tests\n",
        check=True,
        capture_output=True,
    )
    found = re.search(r"^fingerprint ([0-9A-F]{40})", certificate.read_text(), re.MULTILINE)
    assert found
    return found[1]


def _last_words(node: Node) -> str:
    written = [file.read_text(errors="replace") for file in (node.log, node.folder / "stdout") if file.exists()]
    return "\n".join("".join(written).splitlines()[-8:])
