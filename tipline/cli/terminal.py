"""Passphrases and codenames, asked for on the terminal itself: standard input and output carry data, and nothing is echoed."""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from crypto import passphrase
from crypto.secret import Secret
from tipline.cli.streams import RefusedError

_TERMINAL = "/dev/tty"
_ECHO_AT = 3  # where termios keeps the local flags


def ask(prompt: str) -> Secret:
    """Return what was typed, as it was typed; refuse nothing at all, and a machine without a terminal."""
    with _terminal() as terminal:
        typed = _typed(terminal, prompt)
    if not len(typed):
        raise RefusedError("no passphrase was given")
    return typed


def ask_new() -> Secret:
    """Return a passphrase typed twice, or a generated one, which is shown on the terminal and nowhere else."""
    with _terminal() as terminal:
        typed = _typed(terminal, "Passphrase (leave empty for a generated one): ")
        if not len(typed):
            made = passphrase.generate()
            _show(terminal, b"Generated passphrase, write it down: " + made.expose() + b"\n")
            return made
        if not typed.matches(_typed(terminal, "The same passphrase again: ")):
            raise RefusedError("the two passphrases differ")
        return typed


def ask_codename(prompt: str, *, visible: bool) -> Secret:
    """Return the words as they were typed; *visible* for whoever cannot type twelve words blind and is alone."""
    with _terminal("a codename") as terminal:
        return _typed(terminal, prompt, visible=visible)


def ask_yes(prompt: str) -> bool:
    """Return whether exactly “yes” was typed; refuse a machine without a terminal."""
    with _terminal("an answer") as terminal:
        return _typed(terminal, prompt, visible=True).matches(Secret(b"yes"))


@contextmanager
def _terminal(what: str = "a passphrase") -> Iterator[int]:
    try:
        terminal = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise RefusedError(f"{what} is asked for on a terminal, and there is none") from None
    try:
        yield terminal
    finally:
        os.close(terminal)


def _typed(terminal: int, prompt: str, *, visible: bool = False) -> Secret:
    before = termios.tcgetattr(terminal)
    silent = termios.tcgetattr(terminal)
    if not visible:
        silent[_ECHO_AT] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
    try:
        _show(terminal, prompt.encode())
        line = bytearray()
        while not line.endswith(b"\n") and (piece := os.read(terminal, 1024)):
            line += piece
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
        if not visible:
            _show(terminal, b"\n")
    return Secret(line.rstrip(b"\r\n"))


def _show(terminal: int, words: bytes) -> None:
    os.write(terminal, words)
