"""What an officer typed becomes a value, or a form with the fault at its field and every answer kept. Stores nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crypto.secret import Secret
from handling.rules.feedback import AXES, CODES, HIGHEST, LOWEST, Feedback, Stage, Usefulness
from tipline.base.web import FormError

TEXT_MAX = 4_000  # characters
NONCE_BYTES = 32
MARKS = tuple(str(mark) for mark in range(LOWEST, HIGHEST + 1))

_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])|(?<![0-9A-F])[0-9A-F]{64}(?![0-9A-F])")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_NONCE = re.compile(r"[0-9a-f]{64}")
_CODES = {f"{code.stage.value}/{code.code}": code for code in CODES if code.stage is not Stage.RECEIVED}


@dataclass(frozen=True, slots=True)
class Field:
    """One control: what stands in it, and what is wrong with that."""

    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The answer as typed. *nonce* is made with the form, so that a page sent twice counts once."""

    nonce: str
    code: Field
    tell_source: Field
    month: Field
    usefulness: Field
    text: Field
    marks: Mapping[str, str]

    @property
    def wrong(self) -> bool:
        """Whether any field has a fault."""
        fields = (self.code, self.tell_source, self.month, self.usefulness, self.text)
        return any(field.error for field in fields)

    @property
    def secret(self) -> Secret:
        """The nonce as a key."""
        return Secret(bytes.fromhex(self.nonce))


def blank(today: date) -> AnswerForm:
    """A new form. The month is filled in, since most answers come in the month in which something happened."""
    return AnswerForm(
        nonce=Secret.random(NONCE_BYTES).expose().hex(),
        code=Field(),
        tell_source=Field(),
        month=Field(f"{today:%Y-%m}"),
        usefulness=Field(),
        text=Field(),
        marks=dict.fromkeys(AXES, ""),
    )


def parse_answer(typed: Mapping[str, str], today: date) -> tuple[AnswerForm, Feedback | None]:
    """Read the answer form; without `Feedback` the form says at each field what is wrong.

    Raises:
        FormError: the form is not one that this portal made.
    """
    nonce = typed.get("form", "")
    if not _NONCE.fullmatch(nonce):
        raise FormError("This form is damaged. Open the package again and send the answer once more.")
    marks = {axis: typed.get(axis, "") for axis in AXES}
    form = AnswerForm(
        nonce=nonce,
        code=_chosen(typed.get("code", ""), _CODES, "Choose what became of it."),
        tell_source=_chosen(typed.get("tell_source", ""), ("yes", "no"), "Choose yes or no."),
        month=_month(typed.get("month", "").strip(), today),
        usefulness=_marks(marks),
        text=_text(typed.get("text", "")),
        marks=marks,
    )
    if form.wrong:
        return form, None
    code = _CODES[form.code.value]
    given = all(marks.values())
    feedback = Feedback(
        stage=code.stage.value,
        code=code.code,
        text=form.text.value,
        month=form.month.value,
        tell_source=form.tell_source.value == "yes",
        usefulness=Usefulness(**{axis: int(mark) for axis, mark in marks.items()}) if given else None,
    )
    return form, feedback


def parse_sha256(typed: str) -> tuple[Field, bytes | None]:
    """Read a SHA-256 however a tool prints it: capitals, gaps, or other words around it."""
    found = set(_SHA256.findall(typed)) or set(_SHA256.findall("".join(typed.lower().split())))
    if len(found) == 1:
        return Field(typed), bytes.fromhex(found.pop())
    error = "A SHA-256 has 64 characters: digits and the letters a to f. This is something else."
    return Field(typed, error), None


def wrong_sha256(typed: str) -> Field:
    """The field when its hash is not this package's."""
    error = (
        "This is not the hash of this package's ZIP; you may have hashed the sealed file. "
        "Hash package.zip, the file that opening made."
    )
    return Field(typed, error)


def _chosen(value: str, allowed: Mapping[str, object] | tuple[str, ...], error: str) -> Field:
    return Field(value) if value in allowed else Field("", error)


def _month(value: str, today: date) -> Field:
    if not _MONTH.fullmatch(value):
        return Field(value, f"Write the year and the month, for example {today:%Y-%m}.")
    if value > f"{today:%Y-%m}":
        return Field(value, "This month is still to come.")
    return Field(value)


def _marks(marks: Mapping[str, str]) -> Field:
    given = [mark for mark in marks.values() if mark]
    if given and (len(given) < len(marks) or not set(given) <= set(MARKS)):
        return Field(error="Give all five marks, or none.")
    return Field()


def _text(typed: str) -> Field:
    text = typed.replace("\r\n", "\n").strip()
    if len(text) > TEXT_MAX:
        return Field(text, f"This is {len(text) - TEXT_MAX:,} characters too long. Shorten it to {TEXT_MAX:,}.")
    return Field(text)
