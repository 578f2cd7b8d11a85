"""Many records at once: opening a long list of sealed columns, and wrapping every record key to a new vault."""

import time
from pathlib import Path
from uuid import UUID, uuid4

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt

from crypto import age, columns, records
from handling.store import epochs
from handling.store.keyring import Keyring
from handling.store.vault import OpenVault
from tests.benchmarks.raw import Limits
from tests.benchmarks.table import Row

MANY = 10_000
COLUMN_BYTES = 1024


def figures(folder: Path, limits: Limits) -> list[Row]:
    """Both figures, each beside what the bare calls take in the same run."""
    return [*_columns(), *_rewrap(folder / "keyring", limits)]


def _columns() -> list[Row]:
    key, text = records.new_key(), bytes(COLUMN_BYTES)
    sealed = [columns.seal(key, text, table="corridor.tip", column="sealed", row=str(row)) for row in range(MANY)]
    began = time.perf_counter()
    for row, one in enumerate(sealed):
        columns.open_(key, one, table="corridor.tip", column="sealed", row=str(row))
    spent = time.perf_counter() - began
    raw_key, nonce = bytes(32), bytes(24)
    bare = crypto_aead_xchacha20poly1305_ietf_encrypt(text, b"", nonce, raw_key)
    began = time.perf_counter()
    for _ in range(MANY):
        crypto_aead_xchacha20poly1305_ietf_decrypt(bare, b"", nonce, raw_key)
    least = time.perf_counter() - began
    beside = f"{least / spent:.0%} of the bare cipher; promised in under 1 s"
    return [Row(f"open {MANY:,} sealed columns of 1 KiB", f"{spent:.2f} s", beside)]


def _rewrap(folder: Path, limits: Limits) -> list[Row]:
    member, first = age.Identity.generate(), age.Identity.generate()
    keyring = Keyring(folder)
    keyring.put("vault", "1", epochs.seal(first, [member.recipient], version=1))
    made = _put(folder, first.recipient)
    second = _opened(keyring, 1, first.recipient, member).begin([member.recipient], version=1)
    session = _opened(keyring, 2, second, member)
    session.refresh([member.recipient], version=2)
    began = time.perf_counter()
    done = session.rewrap()
    spent = time.perf_counter() - began
    for record in made:
        session.record(record)  # raises when it cannot be read
    beside = f"{MANY / limits.wraps / spent:.0%} of the bare wraps; {done.unreadable} unreadable"
    return [Row(f"wrap {MANY:,} record keys to a new vault, fsynced", f"{spent:.1f} s", beside)]


def _put(folder: Path, vault: age.Recipient) -> list[UUID]:
    """Record keys on the disk, made without waiting for it."""
    made = [uuid4() for _ in range(MANY)]
    (folder / "record").mkdir()
    for record in made:
        (folder / "record" / f"{record}.age").write_bytes(records.wrap(records.new_key(), vault))
    return made


def _opened(keyring: Keyring, epoch: int, recipient: age.Recipient, member: age.Identity) -> OpenVault:
    return OpenVault.open(keyring, epoch=epoch, recipient=recipient, recovery=member.recipient, member=member)
