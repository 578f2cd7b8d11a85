"""A small file that must survive a power cut is whole on the disk before its name is, and its name before the call returns."""

from pathlib import Path

import pytest

from tests.lasting import is_on_disk, is_shown, watch
from tipline.base import files


def test_a_file_is_on_the_disk_with_its_name_when_writing_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = watch(monkeypatch.setattr)

    files.write_private(tmp_path / "new" / "keys" / "key", b"k" * 100_000)

    assert is_on_disk(tmp_path / "new" / "keys" / "key", events)
    assert is_shown(tmp_path / "new" / "keys", events)
    assert is_shown(tmp_path / "new", events)
    assert (tmp_path / "new" / "keys" / "key").stat().st_mode & 0o777 == 0o600


def test_a_file_that_takes_anothers_place_is_whole_on_the_disk_before_and_its_name_is_left_to_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"old")
    events = watch(monkeypatch.setattr)

    files.replace_private(file, b"k" * 100_000)
    (synced,) = events
    shown = is_shown(file, events)
    files.sync_folder(tmp_path)

    assert synced.size == 100_000
    assert not shown
    assert is_on_disk(file, events)
