"""A source's browser, as lean as can be: it runs on the cores that it measures. One line kept open, HTTP read by hand.

Every request is counted, and every answer but 200 and 303 is a fault.
"""

import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self

_BOUNDARY = "----a-boundary-of-a-browser"
_ZEROS = bytes(256 * 1024)


class Client:
    """One visitor."""

    def __init__(self, port: int) -> None:
        self.requests = 0
        self._cookie = ""
        self._port = port
        self._line: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.close()

    def get(self, path: str) -> str:
        """Fetch a page."""
        return self._ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{self._cookie}\r\n".encode())

    def post(self, path: str, fields: Mapping[str, str], *, file: int = 0) -> str:
        """Send a form, and behind its fields a file of so many zero bytes."""
        form = "".join(_part(f'name="{name}"') + f"{value}\r\n" for name, value in fields.items())
        end = f"--{_BOUNDARY}--\r\n"
        if file:
            form += _part(f'name="files"; filename="film-{self.requests}.mp4"\r\nContent-Type: video/mp4')
            end = f"\r\n{end}"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{self._cookie}"
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n"
            f"Content-Length: {len(form.encode()) + file + len(end)}\r\n\r\n"
        )
        return self._ask((head + form).encode(), file, end.encode())

    def hand_in(self, *files: bytes) -> str:
        """Send sealed files as they are, in one form."""
        heads = [_part(f'name="files"; filename="{number}.tip"').encode() for number in range(len(files))]
        end = f"--{_BOUNDARY}--\r\n".encode()
        size = sum(len(head) + len(file) + 2 for head, file in zip(heads, files, strict=True)) + len(end)
        front = (
            "POST /hand-in HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nContent-Length: {size}\r\n\r\n"
        )
        line = self._connected()
        line.sendall(front.encode())
        for head, file in zip(heads, files, strict=True):
            line.sendall(head)
            line.sendall(file)
            line.sendall(b"\r\n")
        return self._ask(end)

    def _connected(self) -> socket.socket:
        self._line = self._line or socket.create_connection(("127.0.0.1", self._port))
        return self._line

    def _ask(self, front: bytes, zeros: int = 0, end: bytes = b"") -> str:
        self.requests += 1
        line = self._connected()
        if zeros:
            line.sendall(front)
            while zeros:
                zeros -= line.send(_ZEROS[:zeros])
            line.sendall(end)
        else:
            line.sendall(front + end)
        return self._answer(line)

    def _answer(self, line: socket.socket) -> str:
        with line.makefile("rb") as reader:
            status = reader.readline()
            if not status.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 303 ")):
                raise RuntimeError(f"answered with {status!r}")
            headers = {}
            while (header := reader.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                headers[name.lower()] = value.strip()
            body = reader.read(int(headers[b"content-length"]))
        if b"set-cookie" in headers:
            self._cookie = f"Cookie: {headers[b'set-cookie'].split(b';')[0].decode()}\r\n"
        if headers.get(b"connection") == b"close":
            line.close()
            self._line = None
        return body.decode()


def _part(named: str) -> str:
    return f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {named}\r\n\r\n"
