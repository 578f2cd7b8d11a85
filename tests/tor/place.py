"""A whole place as an administrator would build it: deploy's own files for Tor and HAProxy, a unit, and somebody outside."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp_socks import ProxyConnector, ProxyType

from tests.deploy.filled import DEPLOY, filled, tool
from tests.journeys.browser import Browser
from tests.journeys.installation import Installation, free_ports, installed
from tests.running import started, stop
from tests.tor import network
from tests.tor.network import Network

_PATIENCE = aiohttp.ClientTimeout(total=120, sock_connect=60)


@dataclass(frozen=True, slots=True)
class Place:
    """What runs: *source* and *drop* are onion addresses, the ports are SOCKS ports of Tors on other hosts."""

    folder: Path
    network: Network
    unit: Installation
    front: subprocess.Popen[bytes]
    source: str
    drop: str
    inside_port: int
    visitor_port: int

    def browser(self, person: str = "a visitor") -> Browser:
        """The browser of a person outside; each has a circuit of their own, as each Tor Browser has."""
        return Browser(f"http://{self.source}", _through(self.visitor_port, person))

    def visitors(self, person: str) -> aiohttp.ClientSession:
        """A bare way of one person through their Tor, for what no browser does."""
        return aiohttp.ClientSession(connector=_through(self.visitor_port, person), timeout=_PATIENCE)

    def collectors(self) -> aiohttp.ClientSession:
        """The way through the inside host's Tor."""
        return aiohttp.ClientSession(connector=_through(self.inside_port), timeout=_PATIENCE)


@contextmanager
def built(folder: Path) -> Iterator[Place]:
    """Build the place below *folder*, wait until its onions are reached, and take it down at the end."""
    ports = free_ports()
    inside_port, visitor_port = network.free_ports(2)
    with network.network(folder / "net") as net:
        drop_key = _client_key(folder)
        source, drop = _publish(folder, net, ports, drop_key)
        _enter(folder, net, drop, inside_port, drop_key)
        visitor = folder / "visitor.torrc"
        visitor.write_text(f"SocksPort 127.0.0.1:{visitor_port} ExtendedErrors\nClientOnly 1\n")
        net.add_host("visitor", visitor)
        front = started(
            [tool("haproxy"), "-db", "-f", str(folder / "public/filled/haproxy/haproxy.cfg")], folder / "haproxy.out"
        )
        try:
            proxy = f"socks5h://127.0.0.1:{inside_port}"
            (folder / "unit").mkdir(mode=0o700)
            with installed(folder / "unit", ports, drop=f"http://{drop}", drop_proxy=proxy) as unit:
                place = Place(folder, net, unit, front, source, drop, inside_port, visitor_port)
                net.wait(net.joined, "joining the network")
                yield place
        finally:
            stop([front])


def _client_key(folder: Path, address: str = "") -> Path:
    """Run the administrator's command for the key of the drop onion; return its folder."""
    command = [str(DEPLOY / "tor/client-key.sh"), str(folder / "key"), *([address] if address else [])]
    subprocess.run(command, check=True)
    return folder / "key"


def _publish(folder: Path, net: Network, ports: Mapping[str, int], key: Path) -> tuple[str, str]:
    """Start the public host's Tor; return the addresses of the two onions."""
    state = net.folder / "public"
    allowed = state / "drop/authorized_clients"
    for new in (state, state / "drop", allowed, folder / "public"):
        new.mkdir(mode=0o700)
    shutil.copy(key / "drop.auth", allowed)
    made = filled(folder / "public", state=state, source_port=ports["source"], drop_port=ports["drop"])
    net.add_host("public", made / "tor/public.torrc")
    names = [state / onion / "hostname" for onion in ("source", "drop")]
    net.wait(lambda: all(name.exists() and name.read_text() for name in names), "making the onions' keys", 30)
    source, drop = (name.read_text().strip() for name in names)
    return source, drop


def _enter(folder: Path, net: Network, drop: str, port: int, key: Path) -> None:
    """Start the inside host's Tor, which holds the key of the drop onion."""
    state = net.folder / "inside"
    for new in (state, state / "onion_auth", folder / "inside"):
        new.mkdir(mode=0o700)
    _client_key(folder, drop)
    shutil.copy(key / "drop.auth_private", state / "onion_auth")
    made = filled(folder / "inside", state=state, socks_port=port)
    net.add_host("inside", made / "tor/inside.torrc")


def _through(port: int, person: str | None = None) -> ProxyConnector:
    """Connect through a Tor; what differs in *person* never shares a circuit."""
    return ProxyConnector(
        "127.0.0.1", port, ProxyType.SOCKS5, username=person, password="-" if person else None, rdns=True
    )
