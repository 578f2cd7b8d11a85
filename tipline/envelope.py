"""What travels between a source and a unit: wrapper, message, sidecar, reply, intake key. No I/O, no storage.

Source, drop and corridor read and write these forms through this module only. Parsing is strict: a value that is not the
canonical form of itself is refused, so that two readers can never disagree about what a hash or a MAC covers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias
from uuid import UUID

from crypto import age, canonical, columns, macs
from crypto.digest import sha256
from crypto.errors import CryptoError, OpenError, SignatureError
from crypto.padding import pad_message
from crypto.secret import Guarded, Secret
from crypto.signing import SigningKey
from crypto.statement import Statement
from tipline import strict
from tipline.strict import EnvelopeError

WRAPPER_BYTES: Final = 256
MAILBOX_BYTES: Final = 32
"""A mailbox's id: the SHA-256 of its `lookup`."""
REPLY_BYTES: Final = 16 * 1024
"""The largest padded reply: several of them must fit into one bundle."""
NO_PREVIOUS: Final = bytes(32)

WAYS: Final = frozenset({"arrival", "kit", "browser"})
"""How a message may say that it was sealed; what comes by OpenPGP is no message of this form."""

SEALED_PLACE_BYTES: Final = 361
"""What `Place.seal` makes: 320 bytes of JSON and spaces, and 41 of a sealed column."""

_PLACE_BYTES: Final = 320
"""The longest place has 260: both counters at their most, and a unit's id of 32 letters."""

Kind: TypeAlias = Literal["message", "part"]


class ForgedError(EnvelopeError):
    """A message's MAC does not fit its thread: somebody without the thread's key wrote or changed it."""

    def __init__(self) -> None:
        super().__init__("this message was not written by the holder of the thread's key")


class IntakeKeyError(EnvelopeError):
    """An intake key is not signed by its unit's signer, or not valid on this day."""

    def __init__(self) -> None:
        super().__init__("no valid intake key")


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The clear words in front of a sealed file: all that the public zone may know of it."""

    unit: str
    serial: int
    mailbox: bytes
    day: date
    urgent: bool
    kind: Kind

    FORMAT: ClassVar[str] = "tipline/envelope/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"format", "unit", "serial", "mailbox", "day", "urgent", "kind"})

    def encode(self) -> bytes:
        """Return exactly `WRAPPER_BYTES` bytes: canonical JSON, spaces, a line feed."""
        value = {
            "format": self.FORMAT,
            "unit": self.unit,
            "serial": self.serial,
            "mailbox": self.mailbox.hex(),
            "day": self.day.isoformat(),
            "urgent": self.urgent,
            "kind": self.kind,
        }
        encoded = canonical.canonical(value)
        if len(encoded) >= WRAPPER_BYTES or strict.unit(self.unit) != self.unit:
            raise EnvelopeError
        return encoded.ljust(WRAPPER_BYTES - 1) + b"\n"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the first `WRAPPER_BYTES` bytes of an envelope; raises `EnvelopeError`."""
        if len(data) != WRAPPER_BYTES or data[-1:] != b"\n":
            raise EnvelopeError
        value = strict.of_format(data[:-1], cls.FORMAT, cls._KEYS)
        kind = value["kind"]
        if kind not in ("message", "part"):
            raise EnvelopeError
        return cls(
            unit=strict.unit(value["unit"]),
            serial=strict.number(value["serial"], least=1),
            mailbox=strict.hash32(value["mailbox"]),
            day=strict.day(value["day"]),
            urgent=strict.flag(value["urgent"]),
            kind=kind,
        )


@dataclass(frozen=True, slots=True)
class Tip:
    """A source's first message."""

    text: str
    how_known: str
    must_not_learn: str
    urgent: bool

    KIND: ClassVar[str] = "tip"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"text", "how_known", "must_not_learn", "urgent"})

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {
            "text": self.text,
            "how_known": self.how_known,
            "must_not_learn": self.must_not_learn,
            "urgent": self.urgent,
        }

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON body; raises `EnvelopeError`."""
        body = strict.fields(value, cls._KEYS)
        return cls(
            text=strict.text(body["text"]),
            how_known=strict.text(body["how_known"]),
            must_not_learn=strict.text(body["must_not_learn"]),
            urgent=strict.flag(body["urgent"]),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A further message of a source."""

    text: str

    KIND: ClassVar[str] = "answer"

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"text": self.text}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON body; raises `EnvelopeError`."""
        return cls(text=strict.text(strict.fields(value, frozenset({"text"}))["text"]))


@dataclass(frozen=True, slots=True)
class Part:
    """One envelope of a file: its id, the SHA-256 of the whole envelope, and its true bytes before padding."""

    id: UUID
    sha256: bytes
    size: int

    _KEYS: ClassVar[frozenset[str]] = frozenset({"id", "sha256", "size"})

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"id": str(self.id), "sha256": self.sha256.hex(), "size": self.size}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON body; raises `EnvelopeError`."""
        body = strict.fields(value, cls._KEYS)
        return cls(
            id=strict.uuid(body["id"]),
            sha256=strict.hash32(body["sha256"]),
            size=strict.number(body["size"], least=1, most=strict.SIZE_MAX),
        )


@dataclass(frozen=True, slots=True)
class File:
    """The sidecar of a file: what its parts make. Name and type are the source's words and prove nothing."""

    name: str
    type: str
    size: int
    sha256: bytes
    parts: tuple[Part, ...]

    KIND: ClassVar[str] = "file"
    _KEYS: ClassVar[frozenset[str]] = frozenset({"name", "type", "size", "sha256", "parts"})

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {
            "name": self.name,
            "type": self.type,
            "size": self.size,
            "sha256": self.sha256.hex(),
            "parts": [part.body() for part in self.parts],
        }

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON body; raises `EnvelopeError`, also when the parts do not add up to the size."""
        body = strict.fields(value, cls._KEYS)
        if not isinstance(body["parts"], list):
            raise EnvelopeError
        parts = tuple(Part.parse(part) for part in body["parts"])
        size = strict.number(body["size"], least=0, most=strict.SIZE_MAX)
        if sum(part.size for part in parts) != size:
            raise EnvelopeError
        return cls(
            name=strict.text(body["name"]),
            type=strict.text(body["type"]),
            size=size,
            sha256=strict.hash32(body["sha256"]),
            parts=parts,
        )


Body: TypeAlias = Tip | Answer | File
_BODIES: Final[Mapping[str, type[Tip | Answer | File]]] = {kind.KIND: kind for kind in (Tip, Answer, File)}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Thread(Guarded):
    """The two MAC keys of one dialogue; made from the codename, told to the unit inside each message."""

    to_unit: Secret
    to_source: Secret


@dataclass(frozen=True, slots=True)
class ThreadState:
    """How far one direction of a thread has come: the last counter and the hash of that message."""

    counter: int
    previous: bytes

    _KEYS: ClassVar[frozenset[str]] = frozenset({"counter", "previous"})

    @classmethod
    def start(cls) -> Self:
        """Return the state before the first message."""
        return cls(counter=0, previous=NO_PREVIOUS)

    def after(self, encoded: bytes) -> ThreadState:
        """Return the state once *encoded* (a message's or reply's canonical bytes, unpadded) has been sent."""
        return ThreadState(counter=self.counter + 1, previous=sha256(encoded))

    def body(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"counter": self.counter, "previous": self.previous.hex()}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read the JSON form; raises `EnvelopeError`."""
        body = strict.fields(value, cls._KEYS)
        return cls(counter=strict.number(body["counter"], least=0), previous=strict.hash32(body["previous"]))


@dataclass(frozen=True, slots=True)
class Place:
    """What the source's side keeps between visits: who has the thread, the last message sent, the newest reply shown.

    It is sealed under the source's own key, so no server can say that another *unit* has the thread.
    """

    unit: str
    sent: ThreadState
    heard: ThreadState

    _KEYS: ClassVar[frozenset[str]] = frozenset({"unit", "sent", "heard"})

    @classmethod
    def start(cls, unit: str) -> Self:
        """Return the place before the first message to *unit*, by its id."""
        return cls(unit, ThreadState.start(), ThreadState.start())

    def after(self, encoded: bytes) -> Place:
        """Return the place once *encoded* (a message's canonical bytes, unpadded) has been sent."""
        return replace(self, sent=self.sent.after(encoded))

    def seal(self, key: Secret, *, mailbox: bytes) -> bytes:
        """Seal for the mailbox's row, in one size for all."""
        value = {"unit": strict.unit(self.unit), "sent": self.sent.body(), "heard": self.heard.body()}
        padded = canonical.canonical(value).ljust(_PLACE_BYTES)
        return columns.seal(key, padded, table="zone.mailbox", column="thread_state", row=mailbox.hex())

    @classmethod
    def open(cls, sealed: bytes, key: Secret, *, mailbox: bytes) -> Self:
        """Open what `seal` made; raises `crypto.errors.OpenError`."""
        padded = columns.open_(key, sealed, table="zone.mailbox", column="thread_state", row=mailbox.hex())
        try:
            value = strict.json_object(padded, cls._KEYS)
            sent, heard = ThreadState.parse(value["sent"]), ThreadState.parse(value["heard"])
            return cls(strict.unit(value["unit"]), sent, heard)
        except EnvelopeError:
            raise OpenError from None


@dataclass(frozen=True, slots=True)
class Message:
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
        body, way = _BODIES.get(strict.text(value["kind"])), strict.text(value["way"])
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


def answer_message(text: str, must_not_learn: str) -> Answer | Tip:
    """Return a further message; one that says who must not learn of it travels as a tip, so that it is heard as a first one."""
    if not must_not_learn.strip():
        return Answer(text=text)
    return Tip(text=text, how_known="", must_not_learn=must_not_learn, urgent=False)


def seal_message(message: Message, wrapper: Wrapper, recipient: age.Recipient) -> bytes:
    """Return a whole envelope: the wrapper and an age file of the padded message to the intake key's *recipient*."""
    return seal_encoded(message.encode(), wrapper, recipient)


def seal_encoded(encoded: bytes, wrapper: Wrapper, recipient: age.Recipient) -> bytes:
    """Do as `seal_message` for who needs the message's canonical bytes as well: encoding it twice takes longer than sealing."""
    return wrapper.encode() + age.seal(pad_message(encoded), [recipient])


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


@dataclass(frozen=True, slots=True)
class IntakeKey:
    """A key that tips are sealed to, valid on the days from *not_before* to *not_after*, both included."""

    unit: str
    serial: int
    recipient: age.Recipient
    not_before: date
    not_after: date

    TYPE: ClassVar[str] = "tipline/intake-key/v1"
    _KEYS: ClassVar[frozenset[str]] = frozenset(["purpose", "unit", "serial", "recipient", "not_before", "not_after"])

    def sign(self, signer: SigningKey) -> bytes:
        """Return the signed statement."""
        body = {
            "purpose": "intake",
            "unit": self.unit,
            "serial": self.serial,
            "recipient": str(self.recipient),
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
        }
        return Statement.make(self.TYPE, body, signer).encode()

    @classmethod
    def read(cls, statement: bytes, signer: bytes) -> Self:
        """Read a statement signed by *signer*, whatever its days; raises `IntakeKeyError`."""
        try:
            body = strict.fields(Statement.parse(statement).verify(cls.TYPE, [signer]), cls._KEYS)
            key = cls(
                unit=strict.unit(body["unit"]),
                serial=strict.number(body["serial"], least=1),
                recipient=age.Recipient.parse(strict.text(body["recipient"])),
                not_before=strict.day(body["not_before"]),
                not_after=strict.day(body["not_after"]),
            )
        except (CryptoError, EnvelopeError):
            raise IntakeKeyError from None
        if body["purpose"] != "intake":
            raise IntakeKeyError
        return key

    def good_on(self, today: date) -> bool:
        """Say whether a tip may be sealed to this key on *today*; its first and last day are included."""
        return self.not_before <= today <= self.not_after
