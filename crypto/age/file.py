"""Whole age files: a header in front of a stream, pushed through in constant memory or sealed in one call."""

from collections.abc import Callable, Sequence

from crypto.age import format as age_format
from crypto.age import hybrid, scrypt, stream, x25519
from crypto.age.keys import Kind, Unwrapper, Wrapper
from crypto.age.stream import StreamOpener, StreamSealer
from crypto.errors import HeaderError, NoMatchError
from crypto.hkdf import derive
from crypto.secret import Guarded, Secret

_NONCE_BYTES = 16
HEADER_BYTES = 1627
"""A header with one hybrid recipient."""

AnyIdentity = hybrid.Identity | x25519.Identity


class _FileSealer(Guarded):
    """Writes one file for keys of one kind; the public classes choose the kind, and mixing is refused here too."""

    __slots__ = ("_front", "_stream")

    def __init__(self, wrappers: Sequence[Wrapper]) -> None:
        kinds = {wrapper.kind for wrapper in wrappers}
        if not wrappers:
            raise ValueError("a file is sealed to at least one recipient")
        if len(kinds) > 1 or (Kind.PASSPHRASE in kinds and len(wrappers) > 1):
            raise ValueError("a file is sealed to keys of one kind, or to one passphrase")
        file_key = Secret.random(age_format.FILE_KEY_BYTES)
        nonce = Secret.random(_NONCE_BYTES).expose()
        header = age_format.write(tuple(wrapper.wrap(file_key) for wrapper in wrappers), file_key)
        if len(header) > age_format.MAX_HEADER:
            raise ValueError("a file has no more recipients than readers take: some 650")
        self._front = header + nonce
        self._stream = StreamSealer(derive(file_key, salt=nonce, info=b"payload"))

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Take plaintext, return ciphertext; the first call's output starts with the header."""
        front, self._front = self._front, b""
        return front + self._stream.update(data)

    def room(self, size: int) -> int:
        """Return how many bytes `update_into` writes at most for *size* bytes."""
        return len(self._front) + stream.room(size)

    def update_into(self, data: bytes | bytearray | memoryview, out: memoryview) -> int:
        """Do as `update` into *out*, which has `room` for it; return how many bytes were written."""
        front, self._front = self._front, b""
        out[: len(front)] = front
        return len(front) + self._stream.update_into(data, out[len(front) :])

    def finish(self) -> bytes:
        """Return the end of the file. Without it the file does not open."""
        front, self._front = self._front, b""
        return front + self._stream.finish()


class _FileOpener(Guarded):
    """Reads one file for any kind of key."""

    __slots__ = ("_buffer", "_refused", "_stream", "_unwrappers")

    def __init__(self, unwrappers: Sequence[Unwrapper]) -> None:
        self._unwrappers = tuple(unwrappers)
        self._buffer = bytearray()
        self._refused = False
        self._stream: StreamOpener | None = None

    def update(self, data: bytes | bytearray | memoryview) -> bytes:
        """Take ciphertext, return authenticated plaintext.

        Raises:
            HeaderError, NoMatchError, AuthenticationError: as soon as the header is complete or cannot become one.
            PayloadError: at the first chunk that is not genuine.
        """
        body = data if self._stream is not None else self._after_the_header(data)
        return b"" if self._stream is None else self._stream.update(body)

    def room(self, size: int) -> int:
        """Return how many bytes `update_into` writes at most for *size* bytes."""
        return stream.room(len(self._buffer) + size)

    def update_into(self, data: bytes | bytearray | memoryview, out: memoryview) -> int:
        """Do as `update` into *out*, which has `room` for it; return how many bytes were written."""
        body = data if self._stream is not None else self._after_the_header(data)
        return 0 if self._stream is None else self._stream.update_into(body, out)

    def finish(self) -> bytes:
        """Return the last plaintext; only now is it known that the file is whole.

        Raises:
            HeaderError: the file ended before its body began.
            PayloadError: the body is cut or goes on after its end.
        """
        if self._stream is None:
            raise HeaderError
        return self._stream.finish()

    def _after_the_header(self, data: bytes | bytearray | memoryview) -> memoryview:
        """Collect the header; once it is complete, open the stream and return what belongs to it."""
        if self._refused:
            raise RuntimeError("the file has been refused")
        self._refused = True  # until this piece has passed: what follows a refused header is not looked at
        seen = max(0, len(self._buffer) - _NONCE_BYTES)
        self._buffer += data
        end = age_format.end_of_header(self._buffer, seen=seen)
        if end is None or len(self._buffer) < end + _NONCE_BYTES:
            self._refused = False
            return memoryview(b"")
        buffered, self._buffer = bytes(self._buffer), bytearray()
        self._stream = self._open_header(buffered[:end], buffered[end : end + _NONCE_BYTES])
        return memoryview(buffered)[end + _NONCE_BYTES :]

    def _open_header(self, header_bytes: bytes, nonce: bytes) -> StreamOpener:
        header = age_format.parse(header_bytes)
        if len(header.stanzas) > 1 and any(stanza.type == scrypt.TYPE for stanza in header.stanzas):
            raise HeaderError
        for unwrapper in self._unwrappers:
            unwrapper.check(header.stanzas)
        for unwrapper in self._unwrappers:
            file_key = unwrapper.unwrap(header.stanzas)
            if file_key is not None:
                header.authenticate(file_key)
                return StreamOpener(derive(file_key, salt=nonce, info=b"payload"))
        raise NoMatchError


class Sealer(_FileSealer):
    """Seals what is pushed in to post-quantum recipients; refuses to seal to nobody."""

    __slots__ = ()

    def __init__(self, recipients: Sequence[hybrid.Recipient]) -> None:
        super().__init__(recipients)


class ClassicalSealer(_FileSealer):
    """Seals what is pushed in to classical recipients, for people whose age knows no other kind."""

    __slots__ = ()

    def __init__(self, recipients: Sequence[x25519.Recipient]) -> None:
        super().__init__(recipients)


class PassphraseSealer(_FileSealer):
    """Seals what is pushed in with one passphrase. Making it blocks for about half a second and 128 MiB at 17."""

    __slots__ = ()

    def __init__(self, passphrase: Secret, *, log_n: int = 17) -> None:
        super().__init__([scrypt.Passphrase(passphrase, log_n=log_n)])


class Opener(_FileOpener):
    """Opens what is pushed in with any of several identities."""

    __slots__ = ()

    def __init__(self, identities: Sequence[AnyIdentity]) -> None:
        super().__init__(identities)


class PassphraseOpener(_FileOpener):
    """Opens what is pushed in with a passphrase, which is asked for once the header has been found well formed."""

    __slots__ = ()

    def __init__(self, ask: Callable[[], Secret]) -> None:
        super().__init__([scrypt.AskedPassphrase(ask)])


def seal(plaintext: bytes, recipients: Sequence[hybrid.Recipient]) -> bytes:
    """Return an age file that each of *recipients* can open; an empty list is a `ValueError`."""
    return _all_at_once(Sealer(recipients), plaintext)


def sealed_size(content: int) -> int:
    """Return the length of an age file of one hybrid recipient over *content* bytes (docs/format.md, "Lengths")."""
    chunks = max(1, -(-content // stream.CHUNK))
    return HEADER_BYTES + _NONCE_BYTES + content + chunks * stream.TAG


def check_header(front: bytes | bytearray) -> None:
    """Raise `HeaderError` unless *front* is the whole header of a file to exactly one hybrid recipient.

    For whoever passes a file on without a key of it: whom it is sealed to, and its MAC, only its reader can tell.
    """
    if len(front) != HEADER_BYTES or age_format.end_of_header(front) != HEADER_BYTES:
        raise HeaderError
    stanzas = age_format.parse(bytes(front)).stanzas
    if [stanza.type for stanza in stanzas] != [hybrid.TYPE]:
        raise HeaderError
    hybrid.check(stanzas)


def open_(sealed: bytes, identities: Sequence[AnyIdentity]) -> bytes:
    """Return the whole plaintext of an age file.

    Raises:
        HeaderError, NoMatchError, AuthenticationError, PayloadError: see `crypto.errors`.
    """
    return _all_at_once(Opener(identities), sealed)


def seal_passphrase(plaintext: bytes, passphrase: Secret, *, log_n: int = 17) -> bytes:
    """Return an age file that opens with *passphrase*. Blocks for about half a second and 128 MiB at 17."""
    return _all_at_once(PassphraseSealer(passphrase, log_n=log_n), plaintext)


def open_passphrase(sealed: bytes, passphrase: Secret) -> bytes:
    """Return the plaintext of a passphrase file; `NoMatchError` is a wrong passphrase. Blocks like sealing.

    Raises:
        HeaderError: also when the file asks for more than 2**20 rounds, which is a `WorkFactorError`.
        NoMatchError, AuthenticationError, PayloadError: see `crypto.errors`.
    """
    return _all_at_once(_FileOpener([scrypt.Passphrase(passphrase)]), sealed)


def _all_at_once(machine: _FileSealer | _FileOpener, data: bytes) -> bytes:
    return machine.update(data) + machine.finish()
