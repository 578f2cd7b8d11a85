"""Sealed columns, blobs and record keys: what a database or a keyring that somebody else writes can hold."""

from crypto import age, columns, records
from crypto.blobs import BlobOpener
from crypto.errors import AgeError, OpenError
from crypto.secret import Secret
from tests.fuzz.target import Target, vectors

KEY = Secret(b"k" * 32)
MINE = age.Identity.from_seed(Secret(bytes(range(32))))


def column(data: bytes) -> None:
    columns.open_(KEY, data, table="corridor.tip", column="sealed", row="1")


def blob(data: bytes) -> None:
    opener = BlobOpener(KEY, "blob-1")
    opener.update(data[:20])
    opener.update(data[20:])
    opener.finish()


def record(data: bytes) -> None:
    assert len(records.unwrap(data, MINE)) == 32


def record_inside(data: bytes) -> None:
    """Anybody can wrap anything to a recipient."""
    assert records.unwrap(age.seal(data, [MINE.recipient]), MINE).expose() == data


TARGETS = {
    "column": Target(column, (OpenError,), vectors("column", field="sealed", binary=True)),
    "blob": Target(blob, (OpenError,), vectors("blob", field="sealed", binary=True)),
    "record-key": Target(record, (AgeError, OpenError), vectors("record", field="wrapped", binary=True), most=8192),
    "record-key-inside": Target(record_inside, (OpenError,), vectors("record", field="key", binary=True), most=128),
}
