"""Which line of a TOML text a key stands on: the standard library's reader does not say. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_NAME: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED: Final = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_HEADER: Final = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_KEY: Final = re.compile(rf"\s*({_DOTTED})\s*=")
_LONG_TEXT: Final = re.compile(r'"""|' + r"'''")


class Lines:
    """The lines of one text that the standard library has read without complaint."""

    def __init__(self, toml: str) -> None:
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        table: Path = ()
        for number, line in _outside_texts(toml):
            header, key = _HEADER.match(line), _KEY.match(line)
            if header:
                table = self._table(_names(header[2]), is_list=header[1] == "[[")
                self._note(table, number)
            elif key:
                self._note((*table, *_names(key[1])), number)

    def of(self, path: Path) -> int:
        """Return the line of *path*, or of the nearest table above it; 1 where there is none."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def _table(self, names: Sequence[str], *, is_list: bool) -> Path:
        path: Path = ()
        for name in names[:-1]:
            path = self._inside((*path, name))
        path = (*path, names[-1])
        if is_list:
            self._counts[path] = self._counts.get(path, -1) + 1
        return self._inside(path)

    def _inside(self, path: Path) -> Path:
        """Return the path of a table, or of the newest one where *path* is a list of them."""
        return (*path, self._counts[path]) if path in self._counts else path

    def _note(self, path: Path, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)


def spelt(path: Path) -> str:
    """Return a path as people write it, counting from 1: ``section[1].question[2].ask``."""
    words = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return words.removeprefix(".") or "the file"


def _names(dotted: str) -> list[str]:
    return [name.strip("\"'") for name in re.findall(_NAME, dotted)]


def _outside_texts(toml: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that do not stand inside a text of several lines."""
    inside = False
    for number, line in enumerate(toml.split("\n"), 1):
        if not inside:
            yield number, line
        if len(_LONG_TEXT.findall(line)) % 2:
            inside = not inside
