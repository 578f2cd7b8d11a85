"""A questionnaire as a unit writes it, and answers: of a form, of a file that a source fills in, and as they travel."""

from contextlib import suppress
from urllib.parse import parse_qs

from crypto.canonical import canonical, parse
from crypto.errors import CanonicalError
from tests.fuzz.target import Target, both, these
from tests.tipline.questionnaire.test_filling import WILDLIFE
from tipline.questionnaire import answers, current, filling, reading
from tipline.questionnaire.answers import Filled
from tipline.questionnaire.model import Questionnaire
from tipline.questionnaire.reading import QuestionnaireError
from tipline.strict import EnvelopeError

ENDLESS = b"1" * 5_000  # digits; and nested as deep
DEEP = b"[" * 1_000


def questionnaire(data: bytes) -> None:
    read = reading.read(data)
    assert Questionnaire.parse(read.encode()) == read


def file(data: bytes) -> None:
    """Answers that a source wrote with an editor."""
    said = filling.read(data, WILDLIFE).filled
    assert Filled.parse(said.body()) == said


def form(data: bytes) -> None:
    """Answers of a form: what stands is taken again as it is."""
    fields = parse_qs(data.decode("utf-8", "replace"), max_num_fields=50)
    said = answers.read(WILDLIFE.asked, fields)
    if not said.problems:
        assert answers.read(WILDLIFE.asked, answers.fields_of(said.values)) == said


def travelling(data: bytes) -> None:
    with suppress(EnvelopeError):
        Questionnaire.parse(data)
    assert canonical(Filled.parse(parse(data)).body()) == data


SMALL = b"""format = "tipline/questionnaire/v1"
name = "a"
[[section]]
key = "one"
title = "One"
[[section.question]]
key = "amount"
kind = "number"
ask = "How many?"
[[section.question]]
key = "what"
kind = "several"
ask = "What?"
[section.question.choices]
a = "A"
"""
ANSWERED = canonical(
    {"schema": "00" * 32, "language": "en", "answers": {"a": "x", "b": ["c"], "d": {"day": "2026-11-23", "about": ""}}}
)
TARGETS = {
    "questionnaire": Target(
        questionnaire, (QuestionnaireError,), these(SMALL, b"a = " + ENDLESS, b"a = " + DEEP), most=8192
    ),
    "answers-file": Target(
        file,
        (QuestionnaireError,),
        these(
            b'amount = 12\nstate = ["living"]\nwhen = { day = 2026-11-23, about = "noon" }\n',
            b"a = " + ENDLESS,
            b"a = " + DEEP,
            b"amount = 0x" + b"f" * 5_000,
            b"amount = nan",
        ),
        most=8192,
    ),
    "answers-form": Target(
        form,
        (ValueError,),
        these(b"amount=12&when.day=2026-11-23&when.about=noon&species=Elephas+maximus&species.words=x"),
    ),
    "answers": Target(
        travelling,
        (EnvelopeError, CanonicalError),
        both(these(ANSWERED), lambda: iter([current.default().encode()])),
    ),
}
