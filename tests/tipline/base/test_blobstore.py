"""A blob appears whole or not at all; file times of the public zone show the day."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.lasting import is_gone, is_on_disk, is_shown, watch
from tipline.base.blobstore import BlobMissingError, BlobStore


def a_blob(store: BlobStore, content: bytes = b"sealed", day: date | None = None) -> UUID:
    blob = uuid4()
    with store.create(day=day) as writer:
        writer.write(content)
        writer.publish(blob)
    return blob


def test_what_is_published_can_be_read_and_only_then(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    blob = uuid4()
    writer = store.create()
    writer.write(b"seal")
    assert store.names() == set()

    writer.write(b"ed")
    writer.publish(blob)

    assert store.names() == {blob}
    assert store.size(blob) == 6
    with store.open(blob) as file:
        assert file.read() == b"sealed"


def test_what_is_discarded_or_left_leaves_nothing(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.create().discard()
    with store.create() as writer:
        writer.write(b"half")

    assert list(tmp_path.iterdir()) == []


def test_a_blob_is_private_and_so_is_its_folder(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    blob = a_blob(store)

    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "blobs" / str(blob)).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("day", [None, date(2026, 11, 23)])
def test_a_blob_is_on_the_disk_with_its_name_when_publishing_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, day: date | None
) -> None:
    store = BlobStore(tmp_path)
    events = watch(monkeypatch.setattr)

    blob, chosen = a_blob(store, b"sealed" * 20_000, day), uuid4()
    with store.create(day=day) as writer:
        writer.write(b"sealed elsewhere" * 20_000)
        assert writer.publish_new(chosen)
    anew = len(events)
    renewed = store.renew(blob, day=date(2026, 11, 24))

    assert is_on_disk(tmp_path / str(chosen), events)
    assert renewed
    assert is_on_disk(tmp_path / str(blob), events[anew:])


def test_a_name_that_is_taken_is_on_the_disk_before_anybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gave it may have been killed before the folder was synced, and the next notes that the blob is here."""
    store, blob = BlobStore(tmp_path), uuid4()
    with store.create() as killed, store.create() as writer:
        killed.publish_new(blob)
        events = watch(monkeypatch.setattr)
        assert not writer.publish_new(blob)

    assert is_shown(tmp_path / str(blob), events)


def test_what_is_deleted_or_swept_is_off_the_disk_when_that_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BlobStore(tmp_path)
    deleted, swept = a_blob(store), a_blob(store)
    events = watch(monkeypatch.setattr)

    store.delete(deleted)
    off = is_gone(tmp_path / str(deleted), events)
    store.sweep(set())

    assert off
    assert is_gone(tmp_path / str(swept), events)


def test_a_missing_blob_is_an_error_to_read_and_none_to_delete(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)

    with pytest.raises(BlobMissingError):
        store.open(uuid4())
    with pytest.raises(BlobMissingError):
        store.size(uuid4())
    store.delete(uuid4())


def test_publishing_again_replaces(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    blob = a_blob(store, b"first")
    with store.create() as writer:
        writer.write(b"second")
        writer.publish(blob)

    with store.open(blob) as file:
        assert file.read() == b"second"


def test_deleting_removes(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    blob = a_blob(store)

    store.delete(blob)

    assert store.names() == set()


def test_times_show_the_day_and_nothing_finer_even_after_reading(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    day = date(2026, 11, 23)
    blob = a_blob(store, day=day)
    with store.open(blob) as file:
        file.read()

    midnight = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
    found = (tmp_path / str(blob)).stat()
    assert (found.st_mtime, found.st_atime) == (midnight, midnight)
    assert tmp_path.stat().st_mtime == midnight


def test_a_sweep_removes_what_no_row_names_and_what_was_never_finished(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    named, unnamed = a_blob(store), a_blob(store)
    writer = store.create()
    writer.write(b"half")

    assert store.sweep({named}) == 2
    writer.discard()

    assert store.names() == {named}
    assert unnamed not in store.names()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_sweep_leaves_alone_what_may_still_get_its_row(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    fresh = a_blob(store, day=date(2020, 1, 1))

    assert store.sweep(set(), settled_before=time.time() - 60) == 0
    assert store.names() == {fresh}


_WRITES = """
import sys
from pathlib import Path
from uuid import uuid4
from tests.lasting import is_gone, is_on_disk, is_shown, watch
from tipline.base.blobstore import BlobStore
store = BlobStore(Path(sys.argv[1]))
while True:
    with store.create() as writer:
        for _ in range(16):
            writer.write(b"sealed" * 1000)
        writer.publish(uuid4())
    print("x", flush=True)
"""


def test_kill_9_leaves_whole_blobs_and_nothing_else_with_a_name(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _WRITES, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(20):
        process.stdout.read(2)

    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    store = BlobStore(tmp_path)
    assert len(store.names()) >= 20
    assert {store.size(blob) for blob in store.names()} == {96_000}


def test_a_sweep_leaves_alone_what_somebody_writes_however_long_ago_it_was_touched(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    much_later = time.time() + 30 * 24 * 3600
    finished, abandoned = uuid4(), store.create()
    abandoned._file.close()  # as when its process is killed
    writer = store.create()
    writer.write(b"a part that waits for the last one")
    writer.flush()

    assert store.sweep(set(), settled_before=much_later) == 1

    writer.publish(finished)
    assert store.names() == {finished}
    assert store.sweep(set(), settled_before=much_later) == 1  # it is nobody's any more, and no row names it


def test_a_sweep_beside_somebody_who_writes_neither_fails_nor_takes_anything(tmp_path: Path) -> None:
    writing = subprocess.Popen([sys.executable, "-c", _WRITES, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert writing.stdout is not None
        writing.stdout.read(1)
        store, until = BlobStore(tmp_path), time.monotonic() + 2
        while time.monotonic() < until:
            assert store.sweep(set(), settled_before=time.time() - 60) == 0
    finally:
        writing.kill()
        writing.communicate()
