"""What an officer typed becomes a value, or a form with the fault at its field and every answer kept. Stores nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from crypto.secret import Secret
from handling.rules.copies import Breach, Destruction, Fate, Loss
from handling.rules.feedback import AXES, CODES, HIGHEST, LOWEST, Feedback, Stage, Usefulness
from tipline.base.web import FormError

TEXT_MAX = 4_000  # characters
NONCE_BYTES = 32
MARKS = tuple(str(mark) for mark in range(LOWEST, HIGHEST + 1))

_SHA256 = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])|(?<![0-9A-F])[0-9A-F]{64}(?![0-9A-F])")
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
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


@dataclass(frozen=True, slots=True)
class CopiesForm:
    """What became of the copies, as typed."""

    nonce: str
    fate: Field
    done_on: Field
    text: Field

    @property
    def wrong(self) -> bool:
        """Whether any field has a fault."""
        return any(field.error for field in (self.fate, self.done_on, self.text))

    @property
    def secret(self) -> Secret:
        """The nonce as a key."""
        return Secret(bytes.fromhex(self.nonce))


@dataclass(frozen=True, slots=True)
class BreachForm:
    """A breach, as typed."""

    nonce: str
    loss: Field
    day: Field
    time: Field
    text: Field

    @property
    def wrong(self) -> bool:
        """Whether any field has a fault."""
        return any(field.error for field in (self.loss, self.day, self.time, self.text))

    @property
    def secret(self) -> Secret:
        """The nonce as a key."""
        return Secret(bytes.fromhex(self.nonce))


def blank_copies(today: date) -> CopiesForm:
    """A new form; most say it on the day on which they did it."""
    return CopiesForm(_new_nonce(), Field(), Field(today.isoformat()), Field())


def blank_breach(today: date) -> BreachForm:
    """A new form."""
    return BreachForm(_new_nonce(), Field(), Field(today.isoformat()), Field(), Field())


def parse_copies(typed: Mapping[str, str], today: date) -> tuple[CopiesForm, Destruction | None]:
    """Read what became of the copies; without `Destruction` the form says at each field what is wrong.

    Raises:
        FormError: the form is not one that this portal made.
    """
    done_on, day = _day(typed.get("done_on", "").strip(), today)
    fates = {fate.value: fate for fate in Fate}
    fate = _chosen(typed.get("fate", ""), fates, "Choose what became of them.")
    text = _text(typed.get("copies_text", ""))
    if fate.value == Fate.EXCEPTED.value and not text.value:
        text = Field("", "Say which copies stay, and why.")
    form = CopiesForm(_nonce(typed), fate, done_on, text)
    if form.wrong or day is None:
        return form, None
    return form, Destruction(fates[fate.value], day, text.value)


def parse_breach(typed: Mapping[str, str], now: datetime) -> tuple[BreachForm, Breach | None]:
    """Read a breach; without `Breach` the form says at each field what is wrong.

    Raises:
        FormError: the form is not one that this portal made.
    """
    losses = {loss.value: loss for loss in Loss}
    loss = _chosen(typed.get("loss", ""), losses, "Choose what happened.")
    day_field, day = _day(typed.get("noticed_day", "").strip(), now.date())
    time_field, noticed = _time(typed.get("noticed_time", "").strip(), day, now)
    text = _text(typed.get("breach_text", ""))
    if not text.value:
        text = Field("", "Say what happened, and what was done about it.")
    form = BreachForm(_nonce(typed), loss, day_field, time_field, text)
    if form.wrong or noticed is None:
        return form, None
    return form, Breach(losses[loss.value], noticed, text.value)


def _new_nonce() -> str:
    return Secret.random(NONCE_BYTES).expose().hex()


def _nonce(typed: Mapping[str, str]) -> str:
    nonce = typed.get("form", "")
    if not _NONCE.fullmatch(nonce):
        raise FormError("This form is damaged. Open the package again and send it once more.")
    return nonce


def _day(typed: str, today: date) -> tuple[Field, date | None]:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return Field(typed, f"Write the day, for example {today.isoformat()}."), None
    return (Field(typed, "This day is still to come."), None) if day > today else (Field(typed), day)


def _time(typed: str, day: date | None, now: datetime) -> tuple[Field, datetime | None]:
    if not _TIME.fullmatch(typed):
        return Field(typed, "Write the time in UTC, for example 09:30."), None
    if day is None:
        return Field(typed), None
    at = datetime(day.year, day.month, day.day, int(typed[:2]), int(typed[3:5]), tzinfo=UTC)
    return (Field(typed, "This is still to come. The time is UTC."), None) if at > now else (Field(typed), at)


def blank(today: date) -> AnswerForm:
    """A new form. The month is filled in, since most answers come in the month in which something happened."""
    return AnswerForm(
        nonce=_new_nonce(),
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
    marks = {axis: typed.get(axis, "") for axis in AXES}
    form = AnswerForm(
        nonce=_nonce(typed),
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
