"""What a source's own device seals with, in every way in which it could be spelt, and where a browser could have kept it."""

import base64
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from crypto import codename
from crypto.codename import Codename
from tests.journeys.firefox import Firefox
from tests.journeys.screens import Screen

_BEGINS: Final = "document.documentElement.dataset.began = history.length"
_KEPT: Final = """return (async () => {
    const count = (asked) => asked().then((all) => all.length, (error) => {
        if (error.name !== 'SecurityError') { throw error; }
        return 0;  // a page of a file may have none at all
    });
    return {
        storage: [localStorage.length, sessionStorage.length],
        cookie: document.cookie,
        databases: await count(async () => indexedDB.databases()),
        caches: await count(async () => caches.keys()),
        history: [history.length - document.documentElement.dataset.began, history.state],
    };
})()"""
_NOTHING: Final = {"storage": [0, 0], "cookie": "", "databases": 0, "caches": 0, "history": [0, None]}


def _runs(words: tuple[str, ...], count: int) -> list[str]:
    """So many neighbours, however they are joined. Fewer stand in a browser's own files by chance."""
    runs = [words[at : at + count] for at in range(len(words) - count + 1)]
    return [mark.join(run) for mark in ("", " ", "+", "%20", ",", ", ") for run in runs]


def secrets(made: Codename, code: str = "", *texts: str) -> list[bytes]:
    """Everything that nobody but the source may ever have, with *texts* of theirs.

    *code* counts too, unless it is empty, as it has to be once a pickup has sent it.
    """
    source, words = codename.keys(made), made.words()
    derived = (source.lookup, made.entropy, source.to_unit, source.to_source, source.state, source.identity.seed)
    bare = [one.expose() for one in derived]
    spelt = [form for one in bare for form in (one, one.hex().encode(), base64.b64encode(one).rstrip(b"="))]
    said = [*_runs(words, 3), *_runs(tuple(code.split()[1:]), 2), *texts]
    return [*spelt, *(form for text in said for form in (text.encode(), text.encode("utf-16-le")))]


def begins(browser: Screen) -> None:
    """Remember in the page how many places its history has; `kept` holds it against that."""
    browser.run(_BEGINS)


def kept(browser: Screen, address: str, found: list[bytes]) -> list[str]:
    """Where something of *found* lies in Firefox's folders, and what the page at *address* or the next one could read again."""
    wrong = _files(browser.folder, found) if isinstance(browser, Firefox) else []
    page = browser.run(_KEPT)
    wrong += [f"{name}: {value}" for name, value in page.items() if value != _NOTHING[name]]
    wrong += [str(cookie) for cookie in browser.cookies()]
    if browser.address != address:
        wrong.append(browser.address)
    return wrong


def _files(folder: Path, found: list[bytes]) -> list[str]:
    """Name every file that holds something of *found*; one that the browser removes meanwhile holds nothing."""
    wrong = []
    for path in (Path(top, name) for top, _, names in os.walk(folder) for name in names if name != "log"):
        with suppress(FileNotFoundError):
            held = path.read_bytes() if path.is_file() else b""
            wrong += [str(path)] * any(one in held for one in found)
    return wrong
