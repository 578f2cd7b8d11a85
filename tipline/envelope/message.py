"""What a source sends to a unit, under the MAC of its thread, sealed to an intake key."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self

from crypto import age, canonical, macs
from crypto.digest import sha256
from crypto.errors import CryptoError, SignatureError
from crypto.padding import pad_message
from crypto.secret import Guarded, Secret
from tipline import strict
from tipline.envelope.bodies import BODIES, Body
from tipline.envelope.thread import ForgedError, Thread
from tipline.envelope.wrapper import Wrapper
from tipline.strict import EnvelopeError

WAYS: Final = frozenset({"arrival", "kit", "browser"})
"""How a message may say that it was sealed; what comes by OpenPGP is no message of this form."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Message(Guarded):
    """What a source sends, sealed to an intake key. Its MAC is under the thread's key, made when it is encoded.

    Attributes:
        lookup: what the mailbox's name is the hash of. Only who holds the codename can name it, so nobody else can begin
            a thread in that mailbox with keys of their own.
        heard: the newest reply that the source's side had shown by then; 0 when none.
        way: how it was sealed, one of `WAYS`; the sender's own word.
    """

    lookup: Secret
    recipient: age.Recipient
    thread: Thread
    counter: int
    previous: bytes
    at: datetime
    body: Body
    heard: int = 0
    way: str = "arrival"

    FORMAT: ClassVar[str] = "tipline/message/v1"
    _PURPOSE: ClassVar[str] = "to unit"
    _KEYS: ClassVar[frozenset[str]] = frozenset(
        ["format", "kind", "way", "lookup", "recipient", "thread", "counter", "previous", "heard", "at", "body", "mac"]
    )

    @property
    def mailbox(self) -> bytes:
        """The mailbox's public name, 32 bytes."""
        return sha256(self.lookup.expose())

    def _payload(self) -> dict[str, Any]:
        return {
            "format": self.FORMAT,
            "kind": self.body.KIND,
            "way": self.way,
            "lookup": self.lookup.expose().hex(),
            "recipient": str(self.recipient),
            "thread": {
                "to_unit": self.thread.to_unit.expose().hex(),
                "to_source": self.thread.to_source.expose().hex(),
            },
            "counter": self.counter,
            "previous": self.previous.hex(),
            "heard": self.heard,
            "at": self.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z",
            "body": self.body.body(),
        }

    def encode(self) -> bytes:
        """Return the canonical bytes with their MAC, unpadded: what the next message's `previous` hashes."""
        payload = self._payload()
        mac = macs.mac(self.thread.to_unit, canonical.canonical(payload), purpose=self._PURPOSE)
        return canonical.canonical(payload | {"mac": mac.hex()})

    @classmethod
    def parse(cls, padded: bytes, *, known: Thread | None) -> Self:
        """Read an opened message.

        Args:
            padded: the plaintext of the age file.
            known: the keys of a thread already stored; None only for a mailbox that the unit has not met, whose first
                message brings them.

        Raises:
            EnvelopeError: not of the form.
            ForgedError: the MAC does not fit the thread.
        """
        value = strict.of_format(padded, cls.FORMAT, cls._KEYS)
        keys = strict.fields(value["thread"], frozenset({"to_unit", "to_source"}))
        thread = known or Thread(Secret(strict.hash32(keys["to_unit"])), Secret(strict.hash32(keys["to_source"])))
        mac = strict.hash32(value.pop("mac"))
        try:
            macs.check(thread.to_unit, canonical.canonical(value), mac, purpose=cls._PURPOSE)
            recipient = age.Recipient.parse(strict.text(value["recipient"]))
        except SignatureError:
            raise ForgedError from None
        except CryptoError:
            raise EnvelopeError from None
        body, way = BODIES.get(strict.text(value["kind"])), strict.text(value["way"])
        if body is None or way not in WAYS:
            raise EnvelopeError
        return cls(
            lookup=Secret(strict.hash32(value["lookup"])),
            recipient=recipient,
            thread=thread,
            counter=strict.number(value["counter"], least=1),
            previous=strict.hash32(value["previous"]),
            at=strict.moment(value["at"]),
            body=body.parse(value["body"]),
            heard=strict.number(value["heard"], least=0),
            way=way,
        )


def seal_message(message: Message, wrapper: Wrapper, recipient: age.Recipient) -> bytes:
    """Return a whole envelope: the wrapper and an age file of the padded message to the intake key's *recipient*."""
    return seal_encoded(message.encode(), wrapper, recipient)


def seal_encoded(encoded: bytes, wrapper: Wrapper, recipient: age.Recipient) -> bytes:
    """Do as `seal_message` for who needs the message's canonical bytes as well: encoding it twice takes longer than sealing."""
    return wrapper.encode() + age.seal(pad_message(encoded), [recipient])
