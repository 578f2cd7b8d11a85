"""Names of what comes near: as they were written, and nothing else is shown."""

from pathlib import Path

import pytest

from tipline.base import nearing


def test_what_was_written_last_is_read(tmp_path: Path) -> None:
    assert nearing.read(tmp_path) == ()
    nearing.write(tmp_path, ("waiting_gigabytes", "free_gigabytes"))
    assert nearing.read(tmp_path) == ("waiting_gigabytes", "free_gigabytes")
    nearing.write(tmp_path, ())
    assert nearing.read(tmp_path) == ()


@pytest.mark.parametrize("names", [None, "a", ("a",), [1], ["A"], ["<b>"], ["a" * 33], [""], ["a"] * 9])
def test_what_is_no_name_is_refused(names: object) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        nearing.checked(names)
