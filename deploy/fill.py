#!/usr/bin/env python3
"""Fills deploy's templates of Tor and HAProxy with one file of values: fill.py VALUES FOLDER. Standard library only.

A value that no template asks for, and a place that no value fills, refuse the whole: a half-filled file never counts.
"""

import base64
import hashlib
import html
import re
import sys
import tomllib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

HERE = Path(__file__).resolve().parent
TEMPLATES = ("tor/public.torrc", "tor/inside.torrc", "haproxy/haproxy.cfg")
PAGES = {400: "broken_off", 408: "broken_off", 429: "too_much", 500: "busy", 502: "busy", 503: "busy", 504: "busy"}

_PLACE = re.compile(r"@([a-z_]+)@")
_WORD = re.compile(r"[A-Za-z0-9/._-]+")
_RIGHT_TO_LEFT = ("ar",)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "X-DNS-Prefetch-Control": "off",
    "Retry-After": "60",
    "Connection": "close",
}
_POLICY = "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'none'"


class FillError(Exception):
    """A value is missing, unknown or of a wrong form; the text names it."""


def read(values: Path) -> dict[str, str]:
    """Return the values as they will stand in the templates; each is one word or one number."""
    read = {}
    for name, value in tomllib.loads(values.read_text("utf-8")).items():
        if isinstance(value, bool) or not isinstance(value, int | str) or not _WORD.fullmatch(str(value)):
            raise FillError(f"{name} must be one word of letters, digits, / . _ and -, or a number")
        read[name] = str(value)
    return read


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return *template* with every place filled; raises `FillError` for one that no value fills."""
    missing = sorted(set(_PLACE.findall(template)) - set(values))
    if missing:
        raise FillError(f"{missing[0]} is missing")
    return _PLACE.sub(lambda place: values[place[1]], template)


def page(status: int, words: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return one whole answer of HTTP, with the strict headers of every page, as HAProxy sends it."""
    folder = HERE / "haproxy/pages"
    style = "\n" + (folder / "page.css").read_text("utf-8")
    told = words[PAGES[status]]
    sections = []
    for code, language in words["languages"].items():
        direction = ' dir="rtl"' if code in _RIGHT_TO_LEFT else ""
        title, happened, do = (html.escape(text[code]) for text in (words["title"], told, words["what_to_do"]))
        if code == "en":
            sections.append(f"<h1>{title}</h1>\n<p>{happened}</p>\n<p>{do}</p>")
        else:
            sections.append(
                f'<section lang="{code}"{direction}>\n<h2>{html.escape(language)}: {title}</h2>\n'
                f"<p>{happened} {do}</p>\n</section>"
            )
    parts = {"title": html.escape(words["title"]["en"]), "style": style, "words": "\n".join(sections)}
    body = fill((folder / "page.html").read_text("utf-8"), parts).encode()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY.format(digest), "Content-Length": str(len(body))}
    head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


def fill_all(values: Mapping[str, str], folder: Path) -> None:
    """Write every filled file below *folder*; nothing is written unless all can be."""
    texts = {name: (HERE / name).read_text("utf-8") for name in TEMPLATES}
    unknown = sorted(set(values) - {place for text in texts.values() for place in _PLACE.findall(text)})
    if unknown:
        raise FillError(f"{unknown[0]} is asked for by no template")
    filled = {name: fill(text, values).encode() for name, text in texts.items()}
    words = tomllib.loads((HERE / "haproxy/pages/words.toml").read_text("utf-8"))
    filled |= {f"haproxy/pages/{status}.http": page(status, words) for status in PAGES}
    for name, content in filled.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def main(arguments: list[str]) -> int:
    """Fill, or say in one line what is wrong."""
    try:
        values, folder = arguments
    except ValueError:
        print("usage: fill.py VALUES FOLDER", file=sys.stderr)
        return 2
    try:
        fill_all(read(Path(values)), Path(folder))
    except (FillError, OSError, tomllib.TOMLDecodeError) as error:
        print(f"fill.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
