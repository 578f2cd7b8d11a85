"""A key is on the disk when the keyring says that it is there, and off it when the keyring says that it has gone."""

from pathlib import Path

import pytest

from handling.store.keyring import Keyring
from tests.lasting import is_gone, is_on_disk, watch


def test_every_key_is_on_the_disk_when_putting_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = watch(monkeypatch.setattr)
    keyring = Keyring(tmp_path)

    keyring.put("intake", "1", b"sealed")
    keyring.put_all("record", {"a": b"sealed", "b": b"sealed too"})

    for name in ("intake/1", "record/a", "record/b"):
        assert is_on_disk(tmp_path / f"{name}.age", events)


def test_a_destroyed_key_is_off_the_disk_when_destroying_it_returns_also_after_a_kill_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = Keyring(tmp_path)
    keyring.put_all("record", {"a": b"sealed", "b": b"sealed too"})
    events = watch(monkeypatch.setattr)

    keyring.delete("record", "a")
    first = is_gone(tmp_path / "record" / "a.age", events)
    (tmp_path / "record" / "b.age").unlink()  # by a process that was killed before it could sync the folder
    keyring.delete("record", "b")

    assert first
    assert is_gone(tmp_path / "record" / "b.age", events)
    keyring.delete("restricted", "c")  # never made, as its folder
