"""Values with good defaults that tests start from."""

import socket
from datetime import time
from pathlib import Path

from tipline.base.settings import PORTS, Settings


def settings_in(data: Path, public_dsn: str | None = None, inside_dsn: str | None = None) -> Settings:
    """Settings of a practice unit over *data*, listening on free ports of the loopback."""
    return Settings(
        data=data,
        practice=True,
        unit="unit",
        name="Practice Unit",
        host="127.0.0.1",
        ports=free_ports(),
        public_dsn=public_dsn,
        inside_dsn=inside_dsn,
        emergency="112",
        reading_hours="on working days",
        bundle_times=(time(6), time(18)),
        form_seconds=0,
    )


def free_ports() -> dict[str, int]:
    """One free port per process, all held at once while they are chosen so that no two are equal."""
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in PORTS}
    ports = {name: held.getsockname()[1] for name, held in sockets.items()}
    for held in sockets.values():
        held.close()
    return ports


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
