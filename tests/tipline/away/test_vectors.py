"""The examples of docs/format.md, run by the JavaScript side: what Python takes it takes, and refuses by the same name."""

from pathlib import Path

import pytest

from tests.tipline.away.node import ROOT, Node, RefusedError

VECTORS = ROOT / "tests" / "vectors"

ELSEWHERE = {
    "age-armour": "nothing that a source seals or opens is armoured",
    "age-classical": "sources and units have post-quantum keys alone",
    "blob": "kept inside a unit only",
    "codename-written": "kit and page are English, and read codenames of their own alone",
    "feedback": "an agency writes answers and reads none; test_agency.py has the desk read what it wrote",
    "material": "an agency writes material and reads none; test_agency.py has the desk read what it wrote",
    "drop-request": "between a unit and its drop",
    "member-chain": "a unit's own list",
    "member-list": "a unit's own list",
    "one-time-code": "people of the unit sign in with them",
    "passphrase": "people of the unit type them",
    "pgp-intake": "a source's own OpenPGP program uses that key, and no page of ours",
    "record": "kept inside a unit only",
    "share": "joined by an offline command only",
    "submission": "made by our own server over a form",
}
"""Folders that are no business of the JavaScript side, each with the reason."""

ONLY_WRITTEN = {
    "envelope": "a source writes envelopes and reads none",
    "message": "a source writes messages and reads none",
    "slip": "a source writes slips and reads none",
}
"""Folders whose good examples are written again from what they say; there is no reader that could refuse the others."""

LIBRARY = {"HeaderError", "NoMatchError", "AuthenticationError", "PayloadError"}
"""Errors of an age file that npm age-encryption tells apart by sentences only: here all are one."""


def read(path: Path) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in path.read_text("utf-8").splitlines())


def applicable() -> list[Path]:
    return [
        path
        for path in sorted(VECTORS.glob("*/*.txt"))
        if path.parent.name not in ELSEWHERE
        and not (path.parent.name in ONLY_WRITTEN and read(path)["expect"] == "refused")
    ]


def test_every_folder_is_run_or_has_its_reason(js: Node) -> None:
    folders = {path.parent.name for path in VECTORS.glob("*/*.txt")}

    assert set(js("folders")) == folders - set(ELSEWHERE)
    assert set(ONLY_WRITTEN) <= set(js("folders"))


@pytest.mark.parametrize("path", applicable(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_comes_out_as_it_says(js: Node, path: Path) -> None:
    fields = read(path)

    if fields["expect"] == "refused":
        with pytest.raises(RefusedError) as caught:
            js("vector", folder=path.parent.name, fields=fields)
        assert caught.value.name == ("AgeError" if fields["error"] in LIBRARY else fields["error"])
        assert caught.value.answer.get("fault", "") == fields.get("fault", caught.value.answer.get("fault", ""))
    else:
        for name, value in js("vector", folder=path.parent.name, fields=fields).items():
            assert fields[name] == value, name
