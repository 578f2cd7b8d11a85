"""`tipline residue`: what a person and a program read about a text."""

import io
import json
from pathlib import Path

import pytest

from tipline.cli.main import main

DRAFT = "Captain Moses moves scales.\nCall +254 722 123456."


@pytest.fixture
def draft(tmp_path: Path) -> str:
    path = tmp_path / "draft.txt"
    path.write_text(DRAFT)
    return str(path)


def test_a_program_reads_class_place_text_and_proposal(draft: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["residue", draft, "--json"]) == 0

    name, phone = json.loads(capsys.readouterr().out)
    assert (name["class"], name["text"], name["start"], name["end"]) == ("name", "Captain Moses", 0, 13)
    assert (phone["class"], phone["act"], phone["proposal"]) == ("phone", "remove", "a phone number")
    assert DRAFT[phone["start"] : phone["end"]] == phone["text"]


def test_a_person_reads_line_and_reason(draft: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["residue", draft]) == 0

    said = capsys.readouterr().out
    assert "line 2" in said
    assert "A phone number is one person's." in said


def test_words_of_the_tip_are_found_in_any_of_several(
    draft: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tip, translation = tmp_path / "tip", tmp_path / "translation"
    tip.write_text("nahodha")
    translation.write_text("I know that captain moses moves scales call him")

    assert main(["residue", draft, "--tip", str(tip), "--tip", str(translation), "--json"]) == 0

    assert "shared" not in [one["class"] for one in json.loads(capsys.readouterr().out)]  # five words
    translation.write_text("captain moses moves scales, call +254 for it")
    assert main(["residue", draft, "--tip", str(translation), "--json"]) == 0
    assert "shared" in [one["class"] for one in json.loads(capsys.readouterr().out)]


def test_nothing_found_is_called_no_proof(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"A plain sentence.")))

    assert main(["residue", "-"]) == 0

    assert "no proof" in capsys.readouterr().out


def test_what_is_no_text_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "picture"
    picture.write_bytes(b"\xff\xd8\xff")

    assert main(["residue", str(picture)]) == 2
    assert main(["residue", str(tmp_path / "missing")]) == 2

    said = capsys.readouterr().err
    assert "is not UTF-8 text" in said
    assert "cannot be read" in said
