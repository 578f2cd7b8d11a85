"""What is left of visitors on the public host when they have gone, beside what they sent and it sealed."""

from pathlib import Path

from tests.adversarial.canary import in_files
from tests.adversarial.memory import below, in_memory
from tests.tor.place import Place

_CIRCUIT = "fc00:dead:beef:4dad"  # how Tor begins the number of a circuit in the PROXY protocol


async def test_no_log_and_no_file_holds_a_circuit_or_counts_visitors(place: Place) -> None:
    async with place.browser("passing by") as browser:
        await browser.open("/")
        await browser.open("/canary-path", status=404)

    public = place.network.hosts["public"]
    assert list(in_files(place.folder, [_CIRCUIT, "dead:beef", "PROXY TCP6", "canary-path"])) == []
    assert (place.folder / "haproxy.out").read_bytes() == b""
    said = public.log.read_text()
    assert "INTRODUCE" not in said
    assert "Heartbeat" not in said


async def test_no_process_of_the_unit_is_told_a_circuit(place: Place) -> None:
    async with place.browser("passing by") as browser:
        await browser.open("/")
    assert place.unit.process

    assert in_memory(below(place.unit.process.pid), [_CIRCUIT]) == []


def test_all_listens_on_the_loopback_alone(place: Place) -> None:
    """No Tor, HAProxy or process of the unit takes a connection from elsewhere."""
    ours = {node.process.pid for node in place.network.nodes if node.process} | {place.front.pid}
    if place.unit.process:
        ours |= {process.pid for process in below(place.unit.process.pid)}
    inodes = {link.readlink().name for pid in ours for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:] + Path("/proc/net/tcp6").read_text().splitlines()[1:]
    listening = [fields for fields in map(str.split, lines) if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes]

    assert listening
    assert {fields[1].partition(":")[0] for fields in listening} == {"0100007F"}
