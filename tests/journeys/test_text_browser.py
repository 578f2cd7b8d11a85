"""The journey of a source in a text browser: w3m in a terminal, pressed key by key."""

import asyncio
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.adversarial.everything import HANDS, search_everything
from tests.journeys.installation import Installation, installed

TEXT = "Crates with breathing holes, behind the saw mill."
_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>78])|[\x00-\x09\x0b-\x1f]")
_CLEARED = b"\x1b[2J"


class Terminal:
    """w3m in a terminal of its own; what it writes is read as words, without their places."""

    def __init__(self, home: Path, address: str) -> None:
        editor, self._typed = home / "editor", home / "typed"
        editor.write_text(f'#!/bin/sh\ncat {self._typed} > "$1"\n')
        editor.chmod(0o700)
        self._end, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 90, 0, 0))
        environment = {**os.environ, "HOME": str(home), "TERM": "xterm", "EDITOR": str(editor), "LANG": "C.UTF-8"}
        self._process = subprocess.Popen(
            ["w3m", "-cookie", "-no-mouse", "-o", "accept_cookie=1", address],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)

    def sees(self, words: str) -> str:
        """Wait until the screen holds these words; return all of it.

        The screen is drawn anew each time, for w3m writes only the letters of a page that differ from what it showed.
        """
        until = time.monotonic() + 60
        while words not in self.words():
            assert time.monotonic() < until, f"{words!r} does not come: {self.words()[-3000:]}"
            os.write(self._end, b"\x0c")
            while select.select([self._end], [], [], 0.5)[0]:
                self._read += os.read(self._end, 65_536)
            self._read = self._read[max(0, self._read.rfind(_CLEARED)) :]
        return self.words()

    def words(self) -> str:
        return " ".join(_ESCAPES.sub(b" ", self._read).decode("utf-8", "replace").split())

    def press(self, keys: str) -> None:
        """Press keys one after the other, with a moment for each."""
        self._read = b""
        for key in re.findall(r"\x1b.|.", keys, re.DOTALL):
            os.write(self._end, key.encode())
            time.sleep(0.02)

    def types(self, words: str) -> None:
        """Fill the field that comes next, in the editor that w3m opens."""
        self._typed.write_text(f"{words}\n")
        self.press("\t\r")

    def finds(self, words: str) -> None:
        """Go to these words on the page, from its top."""
        self.press(f"g/{words}\r")
        time.sleep(0.3)


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Installation]:
    if shutil.which("w3m") is None:
        pytest.skip("w3m is not installed: make setup")
    with installed(tmp_path) as running:
        yield running


def test_a_source_reports_sends_a_file_and_comes_back_in_w3m(unit: Installation, tmp_path: Path) -> None:
    photo, home = tmp_path / HANDS / "photo.jpg", tmp_path / HANDS / "home"
    photo.write_bytes(b"p" * 120_000)
    home.mkdir()

    with Terminal(home, unit.url("source")) as w3m:
        w3m.sees("Send safely")
        w3m.finds("No, or not")
        w3m.press("\x1b\t\r")
        w3m.finds("What happened")
        w3m.types(TEXT)
        w3m.sees("Crates")
        w3m.finds("Send safely")
        w3m.press("\r")
        shown = w3m.sees("I have written it down")
        words = re.search(r"Your codename ((?:[a-z]+ ){12})", shown.replace("│", " ").replace("─", " "))
        assert words is not None, shown
        w3m.finds("Add photos")
        w3m.press("\r")
        w3m.sees("Send this file")
        w3m.finds("Choose a photo")
        w3m.press("\t\r")
        w3m.press(f"{photo}\r")
        w3m.finds("Send this file")
        w3m.press("\r")
        w3m.sees("1 file is sealed")
        w3m.finds("I am done")
        w3m.press("\r")
        w3m.sees("You are signed out")

    with Terminal(home, f"{unit.url('source')}/return") as w3m:
        w3m.sees("See replies")
        w3m.finds("Twelve words")
        w3m.types(words[1])
        w3m.finds("See replies")
        w3m.press("\r")
        w3m.sees("What you sent last is sealed here and waits")

    assert unit.stop() == 0
    assert asyncio.run(search_everything(unit, [TEXT, words[1].strip()])) == []
