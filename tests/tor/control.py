"""A client of Tor's control port, as small as the tests need: one question, one answer."""

import socket
from pathlib import Path
from types import TracebackType
from typing import Self


class ControlError(Exception):
    """Tor did not answer, or refused."""


class Control:
    """One conversation with a Tor, authenticated by its cookie."""

    def __init__(self, port: int, cookie: Path) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._lines = self._socket.makefile("rb")
        self._port = port
        self._cookie = cookie

    def __enter__(self) -> Self:
        try:
            self.ask(f"AUTHENTICATE {self._cookie.read_bytes().hex()}")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the conversation."""
        self._lines.close()
        self._socket.close()

    def ask(self, words: str) -> list[str]:
        """Send one line and return the lines of the answer."""
        self._socket.sendall(words.encode() + b"\r\n")
        answer: list[str] = []
        while True:
            line = self._lines.readline().decode()
            if not line:
                raise ControlError("the conversation was cut off")
            code, kind, rest = line[:3], line[3:4], line[4:].rstrip("\r\n")
            answer.append(rest)
            if kind == "+":
                while (more := self._lines.readline().decode().rstrip("\r\n")) != ".":
                    answer.append(more)
            if kind == " ":
                if not code.startswith("2"):
                    raise ControlError(rest)
                return answer

    def get(self, name: str) -> str:
        """Return one value of GETINFO."""
        first, *rest = self.ask(f"GETINFO {name}")[:-1]
        return "\n".join([first.partition("=")[2], *rest]).strip()
