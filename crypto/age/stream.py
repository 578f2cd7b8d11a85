"""STREAM: a body of any length in 64 KiB chunks, each authenticated with its place and whether it is the last.

Spec: C2SP age.md, "Payload". Constant memory: never more than one chunk is held back.
"""

from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.errors import PayloadError
from crypto.secret import Guarded, Secret

CHUNK = 64 * 1024
TAG = 16


def room(size: int) -> int:
    """Return how many bytes `update_into` writes at most for *size* bytes."""
    return size + CHUNK + TAG * (size // CHUNK + 2)


class StreamSealer(Guarded):
    """Encrypts what is pushed in; each key serves one stream, since the nonces are counters.

    It cannot be copied: two copies would use the same nonces. For the same reason no process forks in mid-stream.
    """

    __slots__ = ("_chunks", "_cipher", "_finished", "_nonces")

    def __init__(self, key: Secret) -> None:
        self._cipher = ChaCha20Poly1305(key.expose())
        self._chunks = _Chunks(CHUNK)
        self._nonces = _Nonces()
        self._finished = False

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the chunks that *data* completed and that are certainly not the last."""
        _refuse_after_the_end(finished=self._finished)
        return b"".join([self._encrypt(chunk, last=False) for chunk in self._chunks.push(data)])

    def update_into(self, data: bytes | bytearray | memoryview, out: memoryview) -> int:
        """Do the same into *out*, which has `room` for it; return how many bytes were written."""
        _refuse_after_the_end(finished=self._finished)
        done = 0
        for chunk in self._chunks.push(data):
            end = done + len(chunk) + TAG
            done += self._cipher.encrypt_into(self._nonces.following(last=False), chunk, None, out[done:end])
        return done

    def finish(self) -> bytes:
        """Return the last chunk; it is empty only when the whole body is."""
        _refuse_after_the_end(finished=self._finished)
        self._finished = True
        return self._encrypt(self._chunks.rest, last=True)

    def _encrypt(self, chunk: bytearray | memoryview, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonces.following(last=last), chunk, None)


class StreamOpener(Guarded):
    """Decrypts what is pushed in and hands out only what has been authenticated.

    What came out before `finish` returned is genuine but perhaps not the whole.
    """

    __slots__ = ("_chunks", "_cipher", "_finished", "_nonces")

    def __init__(self, key: Secret) -> None:
        self._cipher = ChaCha20Poly1305(key.expose())
        self._chunks = _Chunks(CHUNK + TAG)
        self._nonces = _Nonces()
        self._finished = False

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return the plaintext of the chunks that *data* completed; raise `PayloadError` at the first bad one."""
        _refuse_after_the_end(finished=self._finished)
        return b"".join([self._decrypt(chunk, last=False) for chunk in self._chunks.push(data)])

    def update_into(self, data: bytes | bytearray | memoryview, out: memoryview) -> int:
        """Do the same into *out*, which has `room` for it; return how many bytes were written.

        A chunk that is not genuine is wiped from *out* before `PayloadError` is raised.
        """
        _refuse_after_the_end(finished=self._finished)
        done = 0
        for chunk in self._chunks.push(data):
            into = out[done : done + len(chunk) - TAG]
            try:
                done += self._cipher.decrypt_into(self._nonces.following(last=False), chunk, None, into)
            except InvalidTag:
                into[:] = bytes(len(into))
                self._finished = True
                raise PayloadError from None
        return done

    def finish(self) -> bytes:
        """Return the last plaintext; raise `PayloadError` when the stream was cut or goes on."""
        _refuse_after_the_end(finished=self._finished)
        self._finished = True
        plain = self._decrypt(self._chunks.rest, last=True)
        if not plain and self._nonces.count > 1:
            raise PayloadError
        return plain

    def _decrypt(self, chunk: bytearray | memoryview, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonces.following(last=last), chunk, None)
        except InvalidTag:
            self._finished = True  # nothing after a bad chunk is looked at
            raise PayloadError from None


class _Nonces:
    """Counts chunks; no two calls give the same nonce."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def following(self, *, last: bool) -> bytes:
        """Return the nonce of the next chunk."""
        count, self.count = self.count, self.count + 1
        return count.to_bytes(11, "big") + (b"\1" if last else b"\0")


class _Chunks:
    """Cuts pushed data into full chunks and holds back the one that may be the last."""

    __slots__ = ("_size", "rest")

    def __init__(self, size: int) -> None:
        self._size = size
        self.rest = bytearray()

    def push(self, data: bytes | bytearray | memoryview) -> Iterator[bytearray | memoryview]:
        """Yield each full chunk after which more is known to come. A chunk is used before the next is asked for."""
        view = memoryview(data).cast("B")
        missing = self._size - len(self.rest)
        if len(view) <= missing:
            self.rest += view
            return
        if self.rest:
            self.rest += view[:missing]
            yield self.rest
            view = view[missing:]
        while len(view) > self._size:
            yield view[: self._size]
            view = view[self._size :]
        self.rest = bytearray(view)


def _refuse_after_the_end(*, finished: bool) -> None:
    if finished:
        raise RuntimeError("the stream has ended")
