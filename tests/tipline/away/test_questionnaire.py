"""A form is read in a browser as Python reads it: the same answers, the same problems, nothing else."""

from hypothesis import HealthCheck, example, given, settings

from crypto.canonical import canonical
from tests.questions import filled_forms
from tests.tipline.away.node import Node
from tipline.questionnaire import current
from tipline.questionnaire.answers import Fields, Filled, read
from tipline.questionnaire.model import Questionnaire

SOME = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
WILDLIFE = current.default()


@SOME
@given(filled_forms())
@example((WILDLIFE, {"__proto__": ["x"], "constructor": ["x"], "species": ["Panthera leo", "constructor"]}))
@example((WILDLIFE, {"species.words": ["\U0001f600" * 300], "where": ["x" * 301], "amount": ["\u0664\u0662\u066b5"]}))
@example((WILDLIFE, {"when.day": ["0000-01-01"], "amount": ["1000000000.01"], "who": [" \u3000a\r\nb\t\u0085 "]}))
def test_both_take_the_same_answers_and_find_the_same_problems(js: Node, form: tuple[Questionnaire, Fields]) -> None:
    asked, fields = form
    here = read(asked, fields)

    there = js("filled", asked=asked.encode().decode(), fields={key: list(texts) for key, texts in fields.items()})

    body = Filled(asked.sha256, "en", here.values).body()
    assert canonical(there["values"]) == canonical(body["answers"])
    assert there["problems"] == {key: wrong.value for key, wrong in here.problems.items()}
