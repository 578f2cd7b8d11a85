import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age.stream import CHUNK, TAG, StreamOpener, StreamSealer
from crypto.errors import PayloadError
from crypto.secret import Secret
from tests.crypto.support import FEW, push

KEY = Secret(b"k" * 32)
EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1]


def sealed(plain: bytes) -> bytes:
    return push(StreamSealer(KEY), plain, 0)


@pytest.mark.parametrize("size", EDGES)
def test_every_size_around_a_chunk_comes_back(size: int) -> None:
    plain = bytes(range(256)) * (size // 256 + 1)
    body = sealed(plain[:size])

    assert len(body) == size + TAG * max(1, -(-size // CHUNK))
    assert push(StreamOpener(KEY), body, 1) == plain[:size]


@FEW
@given(st.integers(0, 3 * CHUNK), st.integers(), st.integers())
def test_pieces_of_any_size_give_the_same_bytes(size: int, one: int, other: int) -> None:
    plain = Secret.random(size).expose() if size else b""

    body = push(StreamSealer(KEY), plain, one)

    assert body == push(StreamSealer(KEY), plain, other)
    assert push(StreamOpener(KEY), body, other) == plain


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_a_body_that_is_cut_or_goes_on_is_refused(size: int) -> None:
    body = sealed(b"x" * size)
    chunk = CHUNK + TAG
    cuts = {0, 1, TAG - 1, chunk, chunk + TAG, len(body) - TAG, len(body) - 1} - {len(body)}

    for wrong in [*(body[:at] for at in cuts if 0 <= at < len(body)), body + b"\0", body + body, body + b"\0" * chunk]:
        with pytest.raises(PayloadError):
            push(StreamOpener(KEY), wrong, 2)


def test_chunks_do_not_change_places() -> None:
    chunk = CHUNK + TAG
    body = sealed(b"x" * (3 * CHUNK))

    with pytest.raises(PayloadError):
        push(StreamOpener(KEY), body[chunk : 2 * chunk] + body[:chunk] + body[2 * chunk :], 3)


def test_an_empty_last_chunk_after_others_is_refused() -> None:
    sealer = StreamSealer(KEY)
    full = sealer._encrypt(memoryview(b"x" * CHUNK), last=False)
    body = full + sealer._encrypt(memoryview(b""), last=True)

    with pytest.raises(PayloadError):
        push(StreamOpener(KEY), body, 4)


def test_nothing_of_a_bad_chunk_comes_out_and_nothing_after_it_is_read() -> None:
    body = bytearray(sealed(b"x" * (3 * CHUNK)))
    body[CHUNK + TAG] ^= 1
    opener = StreamOpener(KEY)

    assert opener.update(bytes(body[: CHUNK + TAG + 1])) == b"x" * CHUNK
    with pytest.raises(PayloadError):
        opener.update(bytes(body[CHUNK + TAG + 1 :]))
    with pytest.raises(RuntimeError):
        opener.update(b"")
    with pytest.raises(RuntimeError):
        opener.finish()


def test_a_finished_stream_takes_no_more() -> None:
    sealer = StreamSealer(KEY)
    sealer.finish()

    with pytest.raises(RuntimeError):
        sealer.update(b"more")
    with pytest.raises(RuntimeError):
        sealer.finish()


def test_memory_stays_small_however_long_the_stream_is() -> None:
    piece = bytes(100_000)
    sealer, opener = StreamSealer(KEY), StreamOpener(KEY)
    tracemalloc.start()

    for _ in range(200):
        opener.update(sealer.update(piece))
    opener.update(sealer.finish())
    opener.finish()

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
