"""Questionnaires, and fields of forms, that Hypothesis makes up."""

from hypothesis import strategies as st

from tipline.questionnaire.answers import names
from tipline.questionnaire.model import CODED, Choice, Group, Kind, Question, Questionnaire, Section

CODES = ("a", "b", "c d", "Loxodonta africana")
_TEXT = st.text(max_size=20) | st.sampled_from(
    ["2026-11-23", "2026-02-30", "12", "1,5", "1,000", "٤٢", "a", "b", " \u3000"]
)


def _question(key: str, kind: Kind, earlier: tuple[Question, ...], draw: st.DrawFn) -> Question:
    choices = tuple(Choice(code, {"en": code.upper()}) for code in CODES) if kind in CODED else ()
    when = {}
    if earlier:
        for asked in draw(st.lists(st.sampled_from(earlier), max_size=2)):
            when[asked.key] = (
                tuple(draw(st.lists(st.sampled_from(asked.codes), max_size=2, unique=True))) if asked.codes else ()
            )
    return Question(
        key=key,
        kind=kind,
        ask={"en": f"{key}?"},
        help={},
        required=draw(st.booleans()),
        maximum=draw(st.integers(1, 30)) if kind in (Kind.TEXT, Kind.PLACE, Kind.LONG, Kind.NUMBER) else 0,
        personal=draw(st.booleans()),
        when=when,
        groups=(Group("", {}, choices),) if choices else (),
        source="",
    )


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    """Up to four sections of up to three questions each, with conditions on earlier sections."""
    sections: list[Section] = []
    earlier: tuple[Question, ...] = ()
    for at in range(draw(st.integers(1, 4))):
        kinds = draw(st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=3))
        questions = tuple(_question(f"q{at}{n}", kind, earlier, draw) for n, kind in enumerate(kinds))
        sections.append(Section(f"s{at}", {"en": f"S{at}"}, questions))
        earlier += questions
    return Questionnaire("made-up", ("en",), tuple(sections))


@st.composite
def filled_forms(draw: st.DrawFn) -> tuple[Questionnaire, dict[str, list[str]]]:
    """A questionnaire, and fields as a form may send them: of its questions, and of anything else."""
    asked = draw(questionnaires())
    known = [name for question in asked.questions for name in names(question)]
    value = _TEXT | st.sampled_from(CODES)
    fields = draw(
        st.dictionaries(
            st.sampled_from([*known, "q99", "token", "q00.more"]) | st.text(max_size=5), st.lists(value, max_size=4)
        )
    )
    return asked, fields
