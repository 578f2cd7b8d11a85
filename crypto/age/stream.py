"""STREAM: a body of any length in 64 KiB chunks, each authenticated with its place and whether it is the last.

Spec: C2SP age.md, "Payload". Constant memory: never more than one chunk is held back.
"""

from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.errors import PayloadError
from crypto.secret import Secret

CHUNK = 64 * 1024
TAG = 16


class StreamSealer:
    """Encrypts what is pushed in; each key serves one stream, since the nonces are counters."""

    __slots__ = ("_chunks", "_cipher", "_count", "_finished")

    def __init__(self, key: Secret) -> None:
        self._cipher = ChaCha20Poly1305(key.expose())
        self._chunks = _Chunks(CHUNK)
        self._count = 0
        self._finished = False

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the chunks that *data* completed and that are certainly not the last."""
        _refuse_after_the_end(finished=self._finished)
        return b"".join(self._encrypt(chunk, last=False) for chunk in self._chunks.push(data))

    def finish(self) -> bytes:
        """Return the last chunk; it is empty only when the whole body is."""
        _refuse_after_the_end(finished=self._finished)
        self._finished = True
        return self._encrypt(self._chunks.rest, last=True)

    def _encrypt(self, chunk: bytearray | memoryview, *, last: bool) -> bytes:
        nonce = _nonce(self._count, last=last)
        self._count += 1
        return self._cipher.encrypt(nonce, chunk, None)


class StreamOpener:
    """Decrypts what is pushed in and hands out only what has been authenticated.

    What came out before `finish` returned is genuine but perhaps not the whole.
    """

    __slots__ = ("_chunks", "_cipher", "_count", "_finished")

    def __init__(self, key: Secret) -> None:
        self._cipher = ChaCha20Poly1305(key.expose())
        self._chunks = _Chunks(CHUNK + TAG)
        self._count = 0
        self._finished = False

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the plaintext of the chunks that *data* completed; raise `PayloadError` at the first bad one."""
        _refuse_after_the_end(finished=self._finished)
        return b"".join(self._decrypt(chunk, last=False) for chunk in self._chunks.push(data))

    def finish(self) -> bytes:
        """Return the last plaintext; raise `PayloadError` when the stream was cut or goes on."""
        _refuse_after_the_end(finished=self._finished)
        self._finished = True
        plain = self._decrypt(self._chunks.rest, last=True)
        if not plain and self._count > 1:
            raise PayloadError
        return plain

    def _decrypt(self, chunk: bytearray | memoryview, *, last: bool) -> bytes:
        nonce = _nonce(self._count, last=last)
        self._count += 1
        try:
            return self._cipher.decrypt(nonce, chunk, None)
        except InvalidTag:
            self._finished = True  # nothing after a bad chunk is looked at
            raise PayloadError from None


class _Chunks:
    """Cuts pushed data into full chunks and holds back the one that may be the last."""

    __slots__ = ("_size", "rest")

    def __init__(self, size: int) -> None:
        self._size = size
        self.rest = bytearray()

    def push(self, data: bytes | bytearray | memoryview) -> Iterator[bytearray | memoryview]:
        """Yield each full chunk after which more is known to come."""
        view = memoryview(data)
        missing = self._size - len(self.rest)
        if len(view) <= missing:
            self.rest += view
            return
        if self.rest:
            yield self.rest + view[:missing]
            view = view[missing:]
        while len(view) > self._size:
            yield view[: self._size]
            view = view[self._size :]
        self.rest = bytearray(view)


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


def _refuse_after_the_end(*, finished: bool) -> None:
    if finished:
        raise RuntimeError("the stream has ended")
