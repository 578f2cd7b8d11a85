"""The supervisor keeps processes running, stops them in order, and takes them along when it is killed."""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.factories import free_ports, is_alive
from tipline.base.postgres import ClusterError
from tipline.base.supervisor import Child, Supervisor, SupervisorError

_LISTENS = """
import signal, socket, sys, time
from pathlib import Path
from tipline.base.process import die_with_parent
die_with_parent(signal.SIGTERM, int(sys.argv[3]))
with Path(sys.argv[2]).open("a") as file:
    import os
    file.write(f"{os.getpid()}\\n")
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
def stop(*_):
    with Path(sys.argv[2]).with_name("stopped").open("a") as file:
        file.write(Path(sys.argv[2]).name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
while True:
    server.accept()[0].close()
"""


def a_child(folder: Path, name: str, port: int) -> Child:
    command = (sys.executable, "-c", _LISTENS, str(port), str(folder / name), str(os.getpid()))
    return Child(name, command, port)


def pids(folder: Path, name: str) -> list[int]:
    file = folder / name
    return [int(line) for line in file.read_text().split()] if file.exists() else []


async def until(condition: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator] - any callable
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_children_are_started_announced_and_stopped(tmp_path: Path) -> None:
    ports = free_ports()
    names = ("source", "drop", "desk")
    supervisor = Supervisor([a_child(tmp_path, name, ports[name]) for name in names], [], "127.0.0.1", os.environ)
    announced: list[bool] = []
    running = asyncio.create_task(supervisor.run(lambda: announced.append(True)))
    await until(lambda: announced)
    children = [pids(tmp_path, name)[0] for name in names]
    assert all(is_alive(child) for child in children)

    supervisor.stop()
    await running

    assert not any(is_alive(child) for child in children)
    assert sorted((tmp_path / "stopped").read_text().split()) == sorted(names)


async def test_a_child_that_answers_starts_again_soon_however_often_it_is_killed(tmp_path: Path) -> None:
    port = free_ports()["source"]
    supervisor = Supervisor([a_child(tmp_path, "source", port)], [], "127.0.0.1", os.environ)
    announced: list[bool] = []
    running = asyncio.create_task(supervisor.run(lambda: announced.append(True)))
    await until(lambda: announced)

    for killed in range(1, 6):
        await until(lambda: supervisor._runs[0].ready)
        os.kill(pids(tmp_path, "source")[-1], signal.SIGKILL)
        await until(lambda killed=killed: len(pids(tmp_path, "source")) == killed + 1)
        assert supervisor._runs[0].pause == 0.25

    assert is_alive(pids(tmp_path, "source")[-1])
    supervisor.stop()
    await running


async def test_a_child_that_never_comes_up_stops_the_start_and_is_named(tmp_path: Path) -> None:
    ports = free_ports()
    good = a_child(tmp_path, "source", ports["source"])
    bad = Child("drop", (sys.executable, "-c", "raise SystemExit(3)"), ports["drop"])
    supervisor = Supervisor([good, bad], [], "127.0.0.1", os.environ)

    with pytest.raises(SupervisorError, match="drop does not start"):
        await supervisor.run(lambda: None)

    assert supervisor._runs[1].pause == 2.0  # doubled at each of three ends
    assert not any(is_alive(pid) for pid in pids(tmp_path, "source"))


async def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    port = free_ports()["source"]
    supervisor = Supervisor([a_child(tmp_path, "source", port)], [], "127.0.0.1", os.environ)

    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(SupervisorError, match=f"port {port} is in use .* TIPLINE_PORT_SOURCE"),
    ):
        await supervisor.run(lambda: None)

    assert pids(tmp_path, "source") == []


class Database:
    """A server that ended once."""

    name = "public"

    def __init__(self) -> None:
        self.running = False

    def start(self) -> None:
        self.running = True


async def test_a_database_that_ended_is_started_again(tmp_path: Path) -> None:
    server = Database()
    supervisor = Supervisor([a_child(tmp_path, "source", free_ports()["source"])], [server], "127.0.0.1", os.environ)
    running = asyncio.create_task(supervisor.run(lambda: None))

    await until(lambda: server.running)
    supervisor.stop()
    await running


class LateDatabase(Database):
    """A server that ended, and whose first new starts fail."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ClusterError("the public database does not start")
        super().start()


async def test_a_database_that_does_not_start_at_once_is_tried_again_and_ends_nothing_else(tmp_path: Path) -> None:
    port, server = free_ports()["source"], LateDatabase(failures=3)
    supervisor = Supervisor([a_child(tmp_path, "source", port)], [server], "127.0.0.1", os.environ)
    running = asyncio.create_task(supervisor.run(lambda: None))

    await until(lambda: server.running)
    await until(lambda: supervisor._runs[0].ready)
    supervisor.stop()
    await running

    assert len(pids(tmp_path, "source")) == 1


async def test_being_told_to_stop_while_starting_stops() -> None:
    deaf = Child("source", (sys.executable, "-c", "import time; time.sleep(600)"), free_ports()["source"])
    supervisor = Supervisor([deaf], [], "127.0.0.1", os.environ)
    running = asyncio.create_task(supervisor.run(lambda: None))
    await asyncio.sleep(0.3)

    supervisor.stop()

    await asyncio.wait_for(running, 10)
