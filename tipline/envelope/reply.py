"""What a unit writes to a source, under the MAC of its thread, sealed to the source alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final, Literal, Self

from crypto import age, canonical, macs
from crypto.errors import SignatureError
from crypto.padding import pad_message
from crypto.secret import Secret
from tipline import strict
from tipline.envelope.thread import ForgedError
from tipline.strict import EnvelopeError

REPLY_BYTES: Final = 16 * 1024
"""The largest padded reply: several of them must fit into one bundle."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a unit writes to a source: words, or the code of a phrase that the source's page words itself."""

    kind: Literal["reply", "phrase"]
    mailbox: bytes
    counter: int
    previous: bytes
    day: date
    text: str
    """The words of a reply, or the code of a phrase."""
    heard: int = 0
    """How many of the source's messages the unit had by then, counted up to the first that is missing."""

    FORMAT: ClassVar[str] = "tipline/reply/v1"
    _PURPOSE: ClassVar[str] = "to source"
    _FIELD: ClassVar[Mapping[str, str]] = {"reply": "text", "phrase": "phrase"}
    _KEYS: ClassVar[frozenset[str]] = frozenset(
        ["format", "kind", "mailbox", "counter", "previous", "heard", "day", "body", "mac"]
    )

    def encode(self, to_source: Secret) -> bytes:
        """Return the canonical bytes with their MAC, unpadded: what the next reply's `previous` hashes."""
        payload = {
            "format": self.FORMAT,
            "kind": self.kind,
            "mailbox": self.mailbox.hex(),
            "counter": self.counter,
            "previous": self.previous.hex(),
            "heard": self.heard,
            "day": self.day.isoformat(),
            "body": {self._FIELD[self.kind]: self.text},
        }
        mac = macs.mac(to_source, canonical.canonical(payload), purpose=self._PURPOSE)
        return canonical.canonical(payload | {"mac": mac.hex()})

    def seal(self, to_source: Secret, recipient: age.Recipient) -> bytes:
        """Return the inner file: an age file to the source alone; raises `EnvelopeError` past `REPLY_BYTES`."""
        padded = pad_message(self.encode(to_source))
        if len(padded) > REPLY_BYTES:
            raise EnvelopeError("this reply is too long to send in one piece")
        return age.seal(padded, [recipient])

    @classmethod
    def parse(cls, padded: bytes, to_source: Secret) -> Self:
        """Read an opened reply; raises `EnvelopeError`, or `ForgedError` when its MAC is not the unit's."""
        value = strict.of_format(padded, cls.FORMAT, cls._KEYS)
        mac = strict.hash32(value.pop("mac"))
        try:
            macs.check(to_source, canonical.canonical(value), mac, purpose=cls._PURPOSE)
        except SignatureError:
            raise ForgedError from None
        kind = value["kind"]
        if kind not in ("reply", "phrase"):  # a tuple: a list among the keys of a dict would be a TypeError
            raise EnvelopeError
        field = cls._FIELD[kind]
        return cls(
            kind=kind,
            mailbox=strict.hash32(value["mailbox"]),
            counter=strict.number(value["counter"], least=1),
            previous=strict.hash32(value["previous"]),
            day=strict.day(value["day"]),
            text=strict.text(strict.fields(value["body"], frozenset({field}))[field]),
            heard=strict.number(value["heard"], least=0),
        )
