"""Material that an agency sends in: its text with grade and conditions, signed, then sealed to the desk. No I/O, no rules.

Layout: docs/format.md, "Material".
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final, Self
from uuid import UUID

from crypto import age, padding
from crypto.canonical import canonical
from crypto.digest import sha256
from crypto.errors import CryptoError
from handling import undersigned
from handling.rules.grading import Grade, GradeError, Scheme
from handling.rules.material import CONDITIONS, Conditions
from handling.store.agencies import Agency
from tipline import strict
from tipline.base.jsons import JsonError, parse_object
from tipline.strict import EnvelopeError

NAMESPACE: Final = "tipline-material"
TEXT_MAX: Final = 10_000  # characters
REFERENCE_MAX: Final = 100
PLAIN_MAX: Final = 64 * 1024  # bytes of document, signature and padding together
SEALED_MAX: Final = age.sealed_size(PLAIN_MAX)
ARMOUR_MAX: Final = SEALED_MAX * 3 // 2  # characters of a sealed file as text, white space and line ends included

_SIGNATURES: Final = (b"-----BEGIN SSH SIGNATURE-----", b"-----BEGIN PGP SIGNATURE-----")
_RELEASE: Final = re.compile(r"[0-9a-f]{8}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # tab and line ends may stand


class MaterialError(Exception):
    """The bytes are not material as an agency sends it; the text holds nothing of them."""

    def __init__(self) -> None:
        super().__init__("this is not material in the agreed form")


@dataclass(frozen=True, slots=True)
class Material:
    """What an agency writes.

    Attributes:
        id: random, so that nobody can guess the hash of the document from what it says.
        unit: whom it is for. Another unit refuses it, so it cannot be passed on as if it had been sent there.
        sender: the fingerprint that the agency enrolled. Nobody else can sign it as their own.
        reference: the agency's own.
        grade: the agency's own, in its scheme; None: it gives none. It is mapped nowhere.
        answers: the reference of a package of ours that this confirms or answers, 8 hexadecimal digits, or "".
    """

    id: UUID
    unit: str
    sender: str
    reference: str
    text: str
    grade: Grade | None
    conditions: Conditions
    answers: str
    on: date

    FORMAT: ClassVar[str] = "tipline/material/v1"
    _KEYS: ClassVar[frozenset[str]] = CONDITIONS | {
        *("format", "id", "unit", "sender", "reference", "text", "grade", "answers", "on"),
    }

    def encode(self) -> bytes:
        """Return the document as canonical JSON; what is read may be JSON of any spelling."""
        grade = self.grade
        return canonical(
            {
                "format": self.FORMAT,
                "id": str(self.id),
                "unit": self.unit,
                "sender": self.sender,
                "reference": self.reference,
                "text": self.text,
                "grade": None if grade is None else [grade.scheme, grade.source, grade.information],
                "answers": self.answers or None,
                "on": self.on.isoformat(),
                **self.conditions.to_body(),
            }
        )

    @classmethod
    def read(cls, document: bytes, schemes: Mapping[str, Scheme]) -> Self:
        """Read a document strictly: no key more or less, none twice, no code that is unknown; or raise `MaterialError`."""
        try:
            body = parse_object(document)
            if body.keys() != cls._KEYS or body["format"] != cls.FORMAT:
                raise MaterialError
            found = cls(
                id=strict.uuid(body["id"]),
                unit=strict.unit(body["unit"]),
                sender=_line(body["sender"], REFERENCE_MAX),
                reference=_line(body["reference"], REFERENCE_MAX),
                text=_text(body["text"]),
                grade=_grade(body["grade"], schemes),
                conditions=Conditions.from_body({key: body[key] for key in CONDITIONS}),
                answers=_answers(body["answers"]),
                on=strict.day(body["on"]),
            )
            found.encode()  # a text with half of a surrogate pair has no bytes, and could be shown and sealed nowhere
        except (JsonError, EnvelopeError, CryptoError, GradeError, ValueError, TypeError):
            raise MaterialError from None
        return found


@dataclass(frozen=True, slots=True)
class Signed:
    """A document with its signature as both came out of the sealed file; it means nothing until `holds` says so."""

    document: bytes
    signature: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the document in hexadecimal: what a report that rests on it lists."""
        return sha256(self.document).hex()

    def holds(self, agency: Agency) -> bool:
        """Whether the agency's enrolled key has signed exactly this. Blocking while GnuPG verifies."""
        return undersigned.by_agency(self.document, self.signature, agency, namespace=NAMESPACE)

    def to_body(self) -> dict[str, str]:
        """Return it as a JSON value, as desk and corridor keep it."""
        return {name: base64.b64encode(getattr(self, name)).decode("ascii") for name in self.__slots__}

    @classmethod
    def from_body(cls, body: object) -> Self:
        """Read what `to_body` returns, whatever stands beside it, or raise `MaterialError`."""
        if not isinstance(body, Mapping):
            raise MaterialError
        try:
            return cls(**{name: base64.b64decode(str(body[name]), validate=True) for name in cls.__slots__})
        except (KeyError, ValueError):
            raise MaterialError from None

    def encode(self) -> bytes:
        """Return what is sealed: the document, right behind it the signature, padded as a message."""
        return padding.pad_message(self.document + self.signature)

    @classmethod
    def parse(cls, plain: bytes) -> Self:
        """Part what was sealed: what stands before the last beginning of a signature is what was signed, to the byte.

        Raises:
            MaterialError: there is no signature in it, or it is too large.
        """
        at = max(plain.rfind(begin) for begin in _SIGNATURES)
        if at < 0 or len(plain) > PLAIN_MAX:
            raise MaterialError
        return cls(plain[:at], plain[at:].rstrip() + b"\n")


def seal(signed: Signed, desk: age.Recipient) -> str:
    """Return the text that an agency hands in."""
    sealed = age.seal(signed.encode(), [desk])
    armour = age.Armorer()
    return (armour.update(sealed) + armour.finish()).decode("ascii")


def sealed_file(text: str) -> bytes:
    """Read a sealed file as it is pasted or uploaded: whole, of a size that material has, to one recipient.

    To whom it is sealed only its reader can tell, so that is all that the portal knows of it.

    Raises:
        MaterialError: it is cut, is something else, or is too large.
    """
    if len(text) > ARMOUR_MAX:
        raise MaterialError
    reader = age.Dearmorer()
    try:
        sealed = reader.update(text.encode("ascii")) + reader.finish()
        age.check_header(sealed[: age.HEADER_BYTES])
    except (CryptoError, UnicodeEncodeError):
        raise MaterialError from None
    if not age.sealed_size(1) <= len(sealed) <= SEALED_MAX:
        raise MaterialError
    return sealed


def open_(sealed: bytes, desk: age.Identity) -> Signed:
    """Open a sealed file with the desk's key, or raise `MaterialError`."""
    try:
        return Signed.parse(age.open_(sealed, [desk]))
    except CryptoError:
        raise MaterialError from None


def _line(value: object, longest: int) -> str:
    text = strict.text(value)
    if not 0 < len(text) <= longest or not text.isprintable() or text != text.strip():
        raise MaterialError
    return text


def _text(value: object) -> str:
    """Words in any script, in lines; no other control character."""
    text = strict.text(value)
    if not text.strip() or len(text) > TEXT_MAX or _CONTROL.search(text):
        raise MaterialError
    return text


def _answers(value: object) -> str:
    if value is None:
        return ""
    if not _RELEASE.fullmatch(strict.text(value)):
        raise MaterialError
    return str(value)


def _grade(value: object, schemes: Mapping[str, Scheme]) -> Grade | None:
    """Read a grade as [scheme, source, information]; codes of a scheme that nobody knows mean nothing."""
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3:  # noqa: PLR2004 - scheme, source, information
        raise MaterialError
    name, source, information = map(strict.text, value)
    if name not in schemes:
        raise MaterialError
    return schemes[name].grade(source, information)
