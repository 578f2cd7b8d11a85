"""A desktop with Debian's screen reader on it: Orca reads what a browser tells it, and writes down what it speaks."""

import html
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import tty
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.journeys.firefox import Firefox
from tipline.base.process import die_with_parent

PREFERENCES: Final = {"accessibility.force_disabled": -1}
"""What has Firefox talk to a screen reader although nobody asked its settings."""

_SECONDS: Final = 180
_SILENT: Final = 10.0
_STILL: Final = 1.5  # seconds without a word: it has come to the end of what it wanted to say
_SPOKEN: Final = re.compile(r"SPEECH DISPATCHER: Speaking '<speak>(.*?)</speak>'", re.DOTALL)
_FOCUS: Final = "return [...document.querySelectorAll('*')].indexOf(document.activeElement)"
_MARK: Final = re.compile(r"<[^>]*>")
_VOICE: Final = """
LogLevel 1
LogDir "default"
AudioOutputMethod "libao"
AddModule "silent" "sd_dummy" ""
DefaultModule silent
DefaultLanguage en
"""
_ASK: Final = "org.freedesktop.DBus.Properties.Set string:org.a11y.Status string:{} variant:boolean:true"


class ScreenReaderError(Exception):
    """It did not say what was waited for; the text is what it said."""


class ScreenReader:
    """Orca on a screen of its own, silent: `heard` is what it would have spoken."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="orca-"))
        self._running: list[subprocess.Popen[bytes]] = []
        self._log = bytearray()
        self._from = 0
        self._ends = master, slave = (
            os.openpty()
        )  # Python, in which Orca is written, gives a terminal each line at once
        tty.setraw(slave)
        self._listening = threading.Thread(target=self._listen, args=(master,), daemon=True)
        self._listening.start()
        config = self._folder / ".config" / "speech-dispatcher"
        config.mkdir(parents=True)
        (config / "speechd.conf").write_text(_VOICE)
        (self._folder / "run").mkdir(mode=0o700)
        self.environment = {
            "HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            "GNOME_ACCESSIBILITY": "1",
            "LC_ALL": "C.UTF-8",
        }
        try:
            self.environment["DISPLAY"] = f":{self._told('Xvfb', '-displayfd', '{}', '-screen', '0', '1100x900x24')}"
            bus = self._told("dbus-daemon", "--session", "--nofork", "--print-address={}")
            self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus
            self._start("openbox")
            for name in ("IsEnabled", "ScreenReaderEnabled"):
                self._switch_on(name)
            self._start("orca", "--replace", f"--debug-file={os.ttyname(slave)}")
            self.until("Screen reader on.")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def until(self, words: str) -> list[str]:
        """Listen until *words* were spoken and it is still; return all that it said since the last time.

        Where it falls silent before, it is told to read on, as a person would: on a busy machine it loses its thread.
        """
        told = time.monotonic()
        size, since = -1, time.monotonic()
        while True:
            if len(self._log) != size:
                size, since = len(self._log), time.monotonic()
            heard = self._heard()
            if any(words in one for one in heard) and time.monotonic() - since > _STILL:
                self._from = size
                return heard
            if time.monotonic() - told > _SECONDS:
                raise ScreenReaderError(f"{words!r} was not spoken: {heard}")
            if heard and time.monotonic() - since > _SILENT:
                self.press("KP_Add")
                since = time.monotonic()
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Press keys on the keyboard, by the names that X gives them."""
        subprocess.run(["xdotool", "key", "--delay", "30", *keys], env=self._environment(), check=True)

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        subprocess.run(["xdotool", "type", "--delay", "30", text], env=self._environment(), check=True)

    def tab_to(self, firefox: Firefox, selector: str, words: str, *, most: int = 40) -> list[str]:
        """Press Tab until the focus is on *selector*; return what was said on the way, with *words* for its end."""
        for _ in range(most):
            was = firefox.run(_FOCUS)
            self.press("Tab")
            until = time.monotonic() + _STILL
            while firefox.run(_FOCUS) == was and time.monotonic() < until:
                time.sleep(0.02)
            if firefox.run("return document.activeElement.matches(arguments[0])", selector):
                return self.until(words)
        raise ScreenReaderError(f"no stop of the Tab key is {selector}")

    def _heard(self) -> list[str]:
        spoken = _SPOKEN.findall(self._log[self._from :].decode("utf-8", "replace"))
        return [" ".join(html.unescape(_MARK.sub("", one)).split()) for one in spoken]

    def _listen(self, master: int) -> None:
        with suppress(OSError):
            while more := os.read(master, 65536):
                self._log += more

    def _switch_on(self, name: str) -> None:
        command = ["dbus-send", "--session", "--dest=org.a11y.Bus", "--print-reply", "/org/a11y/bus"]
        asked = subprocess.run(
            [*command, *_ASK.format(name).split()], env=self._environment(), capture_output=True, check=False
        )
        if asked.returncode:
            raise ScreenReaderError(asked.stderr.decode())

    def _start(self, *command: str, pass_fds: tuple[int, ...] = ()) -> None:
        parent = os.getpid()
        started = subprocess.Popen(
            command,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=pass_fds,
            preexec_fn=lambda: die_with_parent(signal.SIGKILL, parent),  # noqa: PLW1509 - two calls of the kernel
        )
        self._running.append(started)

    def _told(self, *command: str) -> str:
        """Start something that writes a line to the descriptor named by {}; return the line."""
        reading, writing = os.pipe()
        with open(reading, encoding="utf-8") as answer:  # noqa: PTH123 - a descriptor
            try:
                self._start(*(part.format(writing) for part in command), pass_fds=(writing,))
            finally:
                os.close(writing)
            return answer.readline().strip()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def _end(self) -> None:
        for one in reversed(self._running):
            os.killpg(one.pid, signal.SIGKILL)
            one.wait()
        master, slave = self._ends
        os.close(slave)
        self._listening.join()
        os.close(master)
        shutil.rmtree(self._folder, ignore_errors=True)
