"""What a message of a source can be: a tip, an answer, a filled questionnaire, the sidecar of a file, or a wish to erase."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self, TypeAlias
from uuid import UUID

from tipline import strict
from tipline.questionnaire.answers import Filled
from tipline.strict import EnvelopeError


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


@dataclass(frozen=True, slots=True)
class Erase:
    """The last message of a thread: its source has erased the mailbox and asks the unit to erase what it has."""

    KIND: ClassVar[str] = "erase"

    def body(self) -> dict[str, Any]:
        """Return the JSON body: nothing."""
        return {}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON body; raises `EnvelopeError`."""
        strict.fields(value, frozenset())
        return cls()


Body: TypeAlias = Tip | Answer | Filled | File | Erase
BODIES: Final[Mapping[str, type[Body]]] = {kind.KIND: kind for kind in (Tip, Answer, Filled, File, Erase)}
"""Each body by the word that a message calls it."""


def answer_message(text: str, must_not_learn: str) -> Answer | Tip:
    """Return a further message; one that says who must not learn of it travels as a tip, so that it is heard as a first one."""
    if not must_not_learn.strip():
        return Answer(text=text)
    return Tip(text=text, how_known="", must_not_learn=must_not_learn, urgent=False)
