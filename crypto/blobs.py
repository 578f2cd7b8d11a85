"""Sealed blobs: files of a record, in age's STREAM under a key that only this blob of this record has.

Layout: docs/format.md, "Sealed blobs".
"""

from crypto.age.stream import StreamOpener, StreamSealer
from crypto.errors import OpenError, PayloadError
from crypto.hkdf import derive
from crypto.secret import Secret

_NONCE_BYTES = 16
_INFO = "tipline/blob/v1/"


class BlobSealer:
    """Seals what is pushed in, in constant memory."""

    __slots__ = ("_front", "_stream")

    def __init__(self, key: Secret, blob: str) -> None:
        self._front = Secret.random(_NONCE_BYTES).expose()
        self._stream = StreamSealer(_blob_key(key, self._front, blob))

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Take plaintext, return ciphertext; the first call's output starts with the nonce."""
        front, self._front = self._front, b""
        return front + self._stream.update(data)

    def finish(self) -> bytes:
        """Return the end of the blob. Without it the blob does not open."""
        front, self._front = self._front, b""
        return front + self._stream.finish()


class BlobOpener:
    """Opens what is pushed in, in constant memory; every failure is an `OpenError`."""

    __slots__ = ("_blob", "_buffer", "_key", "_stream")

    def __init__(self, key: Secret, blob: str) -> None:
        self._key = key
        self._blob = blob
        self._buffer = b""
        self._stream: StreamOpener | None = None

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Take ciphertext, return authenticated plaintext."""
        try:
            if self._stream is not None:
                return self._stream.update(data)
            self._buffer += data
            if len(self._buffer) < _NONCE_BYTES:
                return b""
            front, self._buffer = self._buffer, b""
            self._stream = StreamOpener(_blob_key(self._key, front[:_NONCE_BYTES], self._blob))
            return self._stream.update(memoryview(front)[_NONCE_BYTES:])
        except PayloadError:
            raise OpenError from None

    def finish(self) -> bytes:
        """Return the last plaintext; only now is it known that the blob is whole."""
        if self._stream is None:
            raise OpenError
        try:
            return self._stream.finish()
        except PayloadError:
            raise OpenError from None


def _blob_key(key: Secret, nonce: bytes, blob: str) -> Secret:
    return derive(key, salt=nonce, info=(_INFO + blob).encode())
