"""The canary search itself bites."""

import base64
from pathlib import Path

import pytest

from tests.adversarial import canary

CANARY = "pangolin scales 7f3a, behind the cold store"


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
def test_a_canary_inside_base64_is_found_at_every_offset(tmp_path: Path, before: bytes) -> None:
    (tmp_path / "file").write_bytes(base64.b64encode(before + CANARY.encode() + b" and more text"))

    assert [hit.place for hit in canary.in_files(tmp_path, [CANARY])] == ["file"]


@pytest.mark.parametrize("spelling", ["utf-8", "utf-16", "hex", "url"])
def test_a_canary_in_any_spelling_is_found_in_the_middle_of_a_file(tmp_path: Path, spelling: str) -> None:
    (tmp_path / "file").write_bytes(bytes(70_000) + canary.spellings(CANARY)[spelling] + bytes(70_000))

    assert list(canary.in_files(tmp_path, [CANARY]))


def test_a_canary_in_a_file_name_is_found(tmp_path: Path) -> None:
    (tmp_path / f"{CANARY}.jpg").write_bytes(b"")

    assert [hit.place for hit in canary.in_files(tmp_path, [CANARY])] == [f"name of {CANARY}.jpg"]


def test_a_clean_folder_has_no_hit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 512)

    assert not list(canary.in_files(tmp_path, [CANARY]))
