import copy
import pickle
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age.stream import CHUNK, TAG, StreamOpener, StreamSealer, room
from crypto.errors import PayloadError
from crypto.secret import Secret
from tests.crypto.support import FEW, QUICK, cut, mutated, push

KEY = Secret(b"k" * 32)
EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1]


def into(machine: StreamSealer | StreamOpener, pieces: Iterable[bytes]) -> bytes:
    """Push through `update_into`, with exactly the room that is asked for."""
    came = b""
    for piece in pieces:
        out = bytearray(room(len(piece)))
        came += out[: machine.update_into(piece, memoryview(out))]
    return came + machine.finish()


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


@FEW
@given(st.integers(0, 4 * CHUNK), st.integers(), st.integers())
def test_what_goes_into_a_buffer_is_what_would_be_returned(size: int, one: int, other: int) -> None:
    plain = Secret.random(size).expose() if size else b""

    body = into(StreamSealer(KEY), cut(plain, one, most=5 * CHUNK))

    assert body == sealed(plain)
    assert into(StreamOpener(KEY), cut(body, other, most=5 * CHUNK)) == plain


def test_a_chunk_that_is_not_genuine_is_wiped_from_the_buffer() -> None:
    body = bytearray(sealed(b"x" * (3 * CHUNK)))
    body[2 * (CHUNK + TAG) - 1] ^= 1
    out = bytearray(room(len(body)))
    opener = StreamOpener(KEY)

    with pytest.raises(PayloadError):
        opener.update_into(bytes(body), memoryview(out))

    assert out.count(b"x") == CHUNK
    assert not any(out[CHUNK:])
    with pytest.raises(RuntimeError):
        opener.update_into(b"", memoryview(out))


BODY = sealed(bytes(range(251)) * (3 * CHUNK // 251 + 1))
WHOLE = push(StreamOpener(KEY), BODY, 0)


@QUICK
@given(st.data(), st.integers())
def test_a_body_changed_in_any_way_is_refused_and_only_genuine_chunks_come_out(draw: st.DataObject, seed: int) -> None:
    changed = draw.draw(mutated(BODY))
    if changed == BODY:
        return
    opener, out = StreamOpener(KEY), b""

    with pytest.raises(PayloadError):  # noqa: PT012 - what came out before is the point
        for piece in cut(changed, seed):
            out += opener.update(piece)
        out += opener.finish()

    assert len(out) % CHUNK == 0
    assert WHOLE.startswith(out)


@QUICK
@given(st.permutations(range(4)), st.integers(0, 4))
def test_chunks_dropped_doubled_or_moved_are_refused(order: list[int], count: int) -> None:
    chunk = CHUNK + TAG
    parts = [BODY[at : at + chunk] for at in range(0, len(BODY), chunk)]
    changed = b"".join(parts[at] for at in order[:count])
    if changed != BODY:
        for wrong in (changed, changed + changed):
            with pytest.raises(PayloadError):
                push(StreamOpener(KEY), wrong, 3)


def test_a_stream_is_never_copied_since_nonces_would_repeat() -> None:
    for machine in (StreamSealer(KEY), StreamOpener(KEY)):
        for make in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                make(machine)
