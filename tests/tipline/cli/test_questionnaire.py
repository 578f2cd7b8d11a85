"""`tipline questionnaire check`: what a unit reads before it puts a file into its data folder."""

from importlib.resources import files
from pathlib import Path

import pytest

from tipline.cli.main import main
from tipline.questionnaire import current, reading

DOCUMENT = Path(__file__).parents[3] / "docs" / "questionnaires.md"
WILDLIFE = files("tipline.questionnaire").joinpath("data", "wildlife.toml").read_bytes()


def test_a_good_file_is_told_in_words_with_its_hash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(WILDLIFE)

    assert main(["questionnaire", "check", str(file)]) == 0

    said = capsys.readouterr().out
    assert current.default().sha256.hex() in said
    assert "Do you know a number of it? (text, about people, only after transport = road or boat" in said


def test_each_problem_of_a_bad_file_is_told_with_file_line_and_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(WILDLIFE.replace(b'kind = "listed"', b'kind = "list"'))

    assert main(["questionnaire", "check", str(file)]) == 2

    line = WILDLIFE.split(b'kind = "listed"')[0].count(b"\n") + 1
    assert f"{file}: line {line}: section[1].question[1].kind must be one of" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["questionnaire", "check", str(tmp_path / "none.toml")]) == 2
    assert "none.toml cannot be read" in capsys.readouterr().err


def test_nothing_starts_with_a_file_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tipline.toml").write_text('practice = true\nunit = "unit"\nname = "Unit"\n')
    (tmp_path / current.FILE).write_bytes(WILDLIFE.replace(b'name = "wildlife"', b'name = "Wild life"'))

    assert main(["--data", str(tmp_path), "run"]) == 2

    assert "questionnaire.toml cannot be used as a questionnaire:\n  line 4: name must" in capsys.readouterr().err


def test_the_document_shows_a_file_that_can_be_used() -> None:
    example = DOCUMENT.read_text().split("```toml\n")[1].split("```")[0]

    assert reading.read(example.encode()).languages == ("en", "fr")
