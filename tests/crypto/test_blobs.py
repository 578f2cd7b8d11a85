import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.blobs import BlobOpener, BlobSealer
from crypto.errors import OpenError
from crypto.secret import Secret
from tests.crypto.support import FEW, push

KEY = Secret(b"k" * 32)
SEALED = push(BlobSealer(KEY, "blob-1"), b"a small blob", 0)


@FEW
@given(st.integers(0, 200_000), st.integers(), st.integers())
def test_a_blob_comes_back_in_pieces_of_any_size(size: int, one: int, other: int) -> None:
    plain = Secret.random(size).expose() if size else b""

    sealed = push(BlobSealer(KEY, "blob-1"), plain, one)

    assert push(BlobOpener(KEY, "blob-1"), sealed, other) == plain


@pytest.mark.parametrize(("key", "blob"), [(KEY, "blob-2"), (KEY, ""), (Secret(b"l" * 32), "blob-1")])
def test_a_blob_opens_under_no_other_name_or_key(key: Secret, blob: str) -> None:
    with pytest.raises(OpenError):
        push(BlobOpener(key, blob), SEALED, 1)


def test_a_blob_cut_or_changed_at_any_byte_does_not_open() -> None:
    for at in range(len(SEALED)):
        changed = bytearray(SEALED)
        changed[at] ^= 1 << at % 8
        for wrong in (SEALED[:at], bytes(changed)):
            with pytest.raises(OpenError):
                push(BlobOpener(KEY, "blob-1"), wrong, 2)


def test_a_bad_chunk_in_the_middle_is_refused_where_it_stands() -> None:
    sealed = bytearray(push(BlobSealer(KEY, "blob-1"), b"x" * 200_000, 3))
    sealed[70_000] ^= 1
    opener = BlobOpener(KEY, "blob-1")

    with pytest.raises(OpenError):
        opener.update(bytes(sealed))


def test_one_blob_sealed_twice_is_two_ciphertexts() -> None:
    assert push(BlobSealer(KEY, "blob-1"), b"a small blob", 0) != SEALED
