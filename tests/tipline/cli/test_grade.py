"""`tipline grade`: what somebody at a desk, and a program, reads of a mapped grade."""

import json

import pytest

from tipline.cli.main import main


def test_a_code_that_the_other_scheme_cannot_say_is_left_to_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "map", "3x5x2:E", "europol"]) == 0

    said = capsys.readouterr().out
    assert "cannot say: a person decides" in said
    assert "suspected to be false" in said.lower()
    assert "H3" in said


def test_a_program_reads_the_relation_and_the_original(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "map", "3x5x2:E", "5x5x5", "--json"]) == 0

    read = json.loads(capsys.readouterr().out)
    assert read["from"] == {"scheme": "3x5x2", "axis": "information", "code": "E"}
    assert (read["relation"], read["to"]["code"], read["suspected_false"]) == ("same", "5", True)


def test_a_grade_is_mapped_on_both_axes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "map", "3x5x2:1A", "5x5x5", "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["to"] == {"scheme": "5x5x5", "grade": "B2"}


@pytest.mark.parametrize("asked", ["E", "3x5x2:Z", "4x4:A", "3x5x2:"])
def test_what_is_no_code_is_refused_with_an_example(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "map", asked, "europol"]) == 2

    assert "3x5x2:E" in capsys.readouterr().err


@pytest.mark.parametrize("scheme", ["3x5x2", "5x5x5", "admiralty", "europol"])
def test_every_scheme_is_listed_with_its_definition(scheme: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "list", scheme, "--json"]) == 0

    read = json.loads(capsys.readouterr().out)
    assert read["definition"]
    assert all(code["meaning"] for axis in ("source", "information") for code in read[axis])
