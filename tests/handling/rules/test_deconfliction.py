"""Until somebody was asked and it is nobody's, nothing is proposed."""

from hypothesis import given
from hypothesis import strategies as st

from handling.rules.deconfliction import ANSWER_LABELS, Answer, Deconfliction, is_clear
from tests.handling.rules.samples import TODAY

answers = st.lists(
    st.builds(Deconfliction, st.just("centre"), st.sampled_from(Answer), st.just("amina"), st.just(TODAY))
)


def test_nothing_asked_is_not_clear() -> None:
    assert not is_clear(())


@given(answers)
def test_the_newest_answer_counts_and_only_one_opens(before: list[Deconfliction]) -> None:
    for answer in Answer:
        newest = Deconfliction("centre", answer, "amina", TODAY)
        assert is_clear([*before, newest]) is (answer is Answer.CLEAR)


def test_every_answer_has_its_words() -> None:
    assert set(ANSWER_LABELS) == set(Answer)
