"""What the code may not do, read from its source: reach the network, keep anything, run text as code, say anything."""

import json
import re
from pathlib import Path

import pytest

from tests.tipline.away.node import AWAY

SOURCES = sorted((AWAY / "src").rglob("*.js"))

FORBIDDEN = {
    "request": r"\bfetch\b|XMLHttpRequest|WebSocket|EventSource|sendBeacon|WebTransport|RTCPeer|\bnew Image\b|\.src\s*=|\.action\s*=",
    "code from text": r"\beval\b|\bFunction\(|\bimport\(|setTimeout\(\s*[\"'`]|WebAssembly|importScripts|\bWorker\b|createElement\(\s*[\"'`]script",
    "markup from text": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTML",
    "something kept": r"localStorage|sessionStorage|indexedDB|\bcaches\b|document\.cookie|history\.|location\.(?:hash|search|href)|\bname\s*=\s*window|serviceWorker",
    "something said": r"\bconsole\b|\balert\(|reportError",
    "something global": r"globalThis\.\w+\s*=[^=]|window\.\w+\s*=[^=]|\bself\.\w+\s*=[^=]",
    "weak chance": r"Math\.random",
}
"""What each pattern would let the code do."""

ALLOWED: dict[tuple[str, str], str] = {
    ("browser/sending.js", "request"): "asks its own server for keys and hands in what is sealed",
    ("browser/other.js", "request"): "the form that is made when a person asks for the other way",
    ("pages/residue.js", "request"): "asks its own server what could lead back to a source in what is typed",
    ("opening/inert.js", "markup from text"): "reads a page into a document that is never shown",
    ("stretch.js", "code from text"): "a worker, as scrypt would hold the page still",
    ("stretch.js", "something global"): "the worker's own ear for its one message",
}
"""(file below src, what it does) with the reason."""


def code(path: Path) -> str:
    return re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(AWAY)))
def test_no_source_does_what_no_source_may(path: Path) -> None:
    found = {what for what, pattern in FORBIDDEN.items() if re.search(pattern, code(path))}

    assert found == {what for name, what in ALLOWED if name == str(path.relative_to(AWAY / "src"))}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(AWAY)))
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()

    assert lines[0].startswith("// ")
    assert len(lines) <= 300
    assert all(len(line) <= 140 for line in lines)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(AWAY)))
def test_only_what_package_json_names_is_imported(path: Path) -> None:
    named = set(json.loads((AWAY / "package.json").read_text("utf-8"))["dependencies"]) - {"esbuild"}
    imported = set(re.findall(r"from \"((?:@[^/\"]+/)?[^/\".][^/\"]*)", path.read_text("utf-8")))

    assert imported <= named


def test_every_version_is_one_version() -> None:
    package = json.loads((AWAY / "package.json").read_text("utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())


def test_the_lock_file_names_no_host_and_has_a_hash_for_everything() -> None:
    lock = json.loads((AWAY / "package-lock.json").read_text("utf-8"))
    locked = {name: entry for name, entry in lock["packages"].items() if name}

    assert "http" not in json.dumps(
        [{key: value for key, value in entry.items() if key != "funding"} for entry in locked.values()]
    )
    assert all(entry["integrity"].startswith("sha512-") for entry in locked.values())
    assert len({name.rpartition("node_modules/")[2] for name in locked}) == len(locked), "one version of each"
