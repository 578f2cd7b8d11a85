"""`tipline agency` shows the tree that exclusions go by, and refuses what would bend it."""

import argparse
from datetime import date
from pathlib import Path

import pytest

from crypto import age
from crypto.signing import SigningKey
from handling.agencyfiles import AgencyKey
from handling.rules.member_words import groups
from tipline.base.settings import Settings
from tipline.cli import agency


def run(settings: Settings, *words: str) -> int:
    parser = argparse.ArgumentParser()
    agency.add(parser.add_subparsers(dest="command"))
    return agency.run(parser.parse_args(["agency", *words]), settings)


def enrol(settings: Settings, folder: Path, name: str, *more: str) -> int:
    key = folder / "key.txt"
    key.write_text(str(age.Identity.generate().recipient))
    return run(settings, "add", name, "--name", f"The {name}", "--key", str(key), *more)


def test_the_list_shows_each_agency_below_the_one_above_it(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enrol(settings, tmp_path, "ministry") == 0
    assert enrol(settings, tmp_path, "customs", "--parent", "ministry") == 0
    assert enrol(settings, tmp_path, "harbour", "--parent", "customs") == 0
    capsys.readouterr()

    assert run(settings, "list") == 0
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[0] for line in lines] == ["ministry", "customs", "harbour"]
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 4, 8]


def test_people_who_would_never_be_found_or_of_no_agency_are_refused(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people.txt"
    file.write_text("Li\n")
    assert run(settings, "people", "harbour", str(file)) == agency.BAD_INPUT
    assert "would be found in no text" in capsys.readouterr().err
    file.write_text("Lena Otto\n")
    assert run(settings, "people", "harbour", str(file)) == agency.REFUSED
    assert run(settings, "people", "harbour", str(tmp_path / "none.txt")) == agency.BAD_INPUT


def test_an_unknown_agency_above_and_a_circle_are_refused(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enrol(settings, tmp_path, "ministry") == 0
    assert enrol(settings, tmp_path, "customs", "--parent", "nobody") == agency.REFUSED
    assert "not enrolled" in capsys.readouterr().err
    assert enrol(settings, tmp_path, "customs", "--parent", "ministry") == 0

    assert run(settings, "move", "ministry", "--parent", "customs") == agency.REFUSED
    assert run(settings, "move", "customs", "--top") == 0
    assert run(settings, "move", "ministry", "--parent", "customs") == 0


def test_an_enrolment_file_is_taken_and_its_fingerprint_shown_in_groups_to_compare(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signer, file = SigningKey.generate(), tmp_path / "harbour.json"
    key = AgencyKey("Zoll 税関", age.Identity.generate().recipient, signer.public, date(2026, 11, 26))
    file.write_bytes(key.sign(signer) + b"\n")

    assert run(settings, "add", "harbour", "--name", "Harbour", "--key", str(file)) == 0
    told = capsys.readouterr().out
    file.write_bytes(key.sign(signer)[:-1])
    assert run(settings, "add", "other", "--name", "Other", "--key", str(file)) == agency.BAD_INPUT

    assert groups(key.fingerprint()) in told
    assert "acknowledges with the hash" not in told
    assert enrol(settings, tmp_path, "bare") == 0
    assert "acknowledges with the hash" in capsys.readouterr().out
