"""pure: on which line of a TOML document each key stands, for errors. Reads only what is already known to be TOML."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # strings first, so that nothing inside one is taken for something else
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|\n"
    r"|[\[\]{},=.]"
    r"|[^\s\"'#\[\]{},=.]+",
    re.DOTALL,
)
_PART: Final = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|[^\s\'"\[\]=.]+')


def lines(text: str) -> Mapping[str, int]:
    """Return the line, counted from 1, of every table, every key outside an inline table, and every entry of its list."""
    found: dict[str, int] = {}
    table = ""
    for line, tokens in _statements(text):
        if tokens[0][1] == "[":
            table = _path(token for _, token in tokens if token not in {"[", "]"})
            found.setdefault(table, line)
            continue
        at = next((index for index, (_, token) in enumerate(tokens) if token == "="), len(tokens))  # noqa: S105 - TOML's own
        key = _path(token for _, token in tokens[:at])
        path = f"{table}.{key}" if table else key
        found.setdefault(path, line)
        found |= {f"{path}[{number}]": entry for number, entry in enumerate(_entries(tokens[at + 1 :]))}
    return found


def line_of(path: str, found: Mapping[str, int]) -> int | None:
    """Return the line of *path*, or of the nearest table or list around it that stands somewhere."""
    while path and path not in found:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return found.get(path)


def _statements(text: str) -> list[tuple[int, list[tuple[int, str]]]]:
    """Each statement as its tokens with their lines; a line feed inside brackets ends none."""
    statements: list[tuple[int, list[tuple[int, str]]]] = []
    current: list[tuple[int, str]] = []
    line, depth = 1, 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "\n" and depth == 0 and current:  # noqa: S105 - a line feed
            statements.append((current[0][0], current))
            current = []
        elif token != "\n" and not token.startswith("#"):  # noqa: S105 - a line feed
            current.append((line, token))
            depth += (token in {"[", "{"}) - (token in {"]", "}"})
        line += token.count("\n")
    return [*statements, (current[0][0], current)] if current else statements


def _entries(tokens: list[tuple[int, str]]) -> list[int]:
    """The line of each entry of a list; of what is no list, none."""
    if not tokens or tokens[0][1] != "[":
        return []
    entries, depth, begun = [], 0, False
    for line, token in tokens:
        depth -= token in {"]", "}"}
        if token == "," and depth == 1:  # noqa: S105 - TOML's own
            begun = False
        elif depth >= 1 and not begun:
            entries.append(line)
            begun = True
        depth += token in {"[", "{"}
    return entries


def _path(tokens: Iterable[str]) -> str:
    return ".".join(_bare(part) for token in tokens for part in _PART.findall(token))


def _bare(part: str) -> str:
    return part[1:-1] if part[0] in "\"'" else part
