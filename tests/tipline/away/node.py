"""The JavaScript side in one long-lived Node: a call is a line each way, so that hundreds of examples cost milliseconds."""

import json
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[3]
AWAY: Final = ROOT / "tipline" / "away"
DRIVER: Final = Path(__file__).with_name("driver.mjs")


class RefusedError(Exception):
    """The JavaScript refused.

    Attributes:
        name: the error's.
        answer: all that the driver said about it.
    """

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["refused"])
        self.name: str = answer["refused"]
        self.answer = answer


class Node:
    """What the driver does, by name."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __call__(self, do: str, /, **job: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **job}).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise RefusedError(answer)
        assert "broken" not in answer, answer
        return answer.get("is")


@contextmanager
def running(*options: str) -> Iterator[Node]:
    """Start the driver, and hold it to saying nothing beside its answers."""
    command = ["node", *options, str(DRIVER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        yield Node(process)
        out, err = process.communicate()
        assert (process.returncode, out, err) == (0, b"", b"")


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def unb64(text: str) -> bytes:
    return b64decode(text, validate=True)
